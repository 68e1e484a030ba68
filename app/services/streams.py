"""Connections that stay open: how many there may be, and what ends them from our side."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final
from uuid import UUID

from app.services.rounds import Rounds, Sleep
from app.services.viewer import Viewer, ViewerService

MOST: Final = 1_000
"""In this process, those that have not shown a key yet among them."""
MOST_PER_KEY: Final = 50
"""Each WebSocket carries many subscriptions, so a program needs few."""
CHECK_EVERY_S: Final = 5.0
"""How soon a key that has expired, or was revoked by another process, ends what it opened."""
CLOSE_WITHIN_S: Final = 5.0
"""How long the end of the process waits until everybody is told."""

logger = logging.getLogger(__name__)


class Ending(Enum):
    """Why a stream ends from our side."""

    KEY = auto()
    """Its key is not in force any more."""
    STOPPING = auto()
    """The process stops; the caller may come back at once."""
    STALLED = auto()
    """The caller takes nothing any more."""


class TooManyStreamsError(Exception):
    """There are as many as there may be, or the process is stopping."""


class TooManyForKeyError(Exception):
    """This key has as many as it may have."""


@dataclass(eq=False, slots=True)
class Stream:
    """One that is open."""

    viewer: Viewer | None = None
    """None: not known yet."""
    ending: asyncio.Future[Ending] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """To be waited for with asyncio.wait(), which, unlike `await`, does not cancel it."""

    def end(self, ending: Ending) -> None:
        """Tell whoever serves it; the first reason counts."""
        if not self.ending.done():
            self.ending.set_result(ending)


class Streams:
    """All that are open in this process."""

    def __init__(
        self,
        viewers: ViewerService,
        *,
        most: int = MOST,
        most_per_key: int = MOST_PER_KEY,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._viewers = viewers
        self._most, self._most_per_key = most, most_per_key
        self._open: set[Stream] = set()
        self._stopping = False
        self._empty = asyncio.Event()
        self._rounds = Rounds(
            self._check_keys,
            wanted=lambda: bool(self._open),
            failed=self._fail,
            every_s=CHECK_EVERY_S,
            sleep=sleep,
        )

    @property
    def open(self) -> int:
        """How many there are."""
        return len(self._open)

    @contextmanager
    def opened(self) -> Iterator[Stream]:
        """One more, for as long as the block lasts; TooManyStreamsError."""
        if self._stopping or len(self._open) >= self._most:
            raise TooManyStreamsError
        stream = Stream()
        self._open.add(stream)
        self._empty.clear()
        self._rounds.begin()
        try:
            yield stream
        finally:
            self._open.remove(stream)
            if not self._open:
                self._empty.set()

    def admit(self, stream: Stream, viewer: Viewer) -> None:
        """Say whose it is; TooManyForKeyError."""
        own = sum(1 for one in self._open if one.viewer is not None and one.viewer.key_id == viewer.key_id)
        if own >= self._most_per_key:
            raise TooManyForKeyError
        stream.viewer = viewer

    def end_key(self, key_id: UUID) -> None:
        """End those of a key that was revoked, without waiting for the next look at the keys."""
        for stream in self._open:
            if stream.viewer is not None and stream.viewer.key_id == key_id:
                stream.end(Ending.KEY)

    async def stop(self) -> None:
        """End all of them, take no more, and wait a while until everybody is told."""
        self._stopping = True
        self._end(Ending.STOPPING)
        if self._open:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    await self._empty.wait()

    async def _check_keys(self) -> None:
        viewers = {stream.viewer for stream in self._open if stream.viewer is not None}
        in_force = await self._viewers.in_force(viewers) if viewers else frozenset()
        for stream in self._open:
            if stream.viewer in viewers - in_force:
                stream.end(Ending.KEY)

    def _end(self, ending: Ending) -> None:
        for stream in self._open:
            stream.end(ending)

    def _fail(self, error: BaseException) -> None:
        # Better cut off and back than open with a key that nobody looks at.
        logger.error("the keys of open streams could not be checked: %s", type(error).__name__)
        self._end(Ending.STOPPING)
