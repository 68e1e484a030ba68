"""Looking at the database again and again, by one task, for as long as somebody wants it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from app.database.errors import DatabaseError

Sleep = Callable[[float], Awaitable[None]]
"""Waits that many seconds."""

_OUTAGES: Final = (SQLAlchemyError, DatabaseError, OSError)
"""What a database raises that is down or has too much to do: it may be back at the next look."""
_SHARE: Final = 5
"""A look that takes long is followed by a longer pause: it takes one part in five of the time at most."""
_PAUSE_AT_MOST_S: Final = 5.0

logger = logging.getLogger(__name__)


class Rounds:
    """One look after the other. Nothing runs while nobody wants it, and the task ends by itself."""

    def __init__(
        self,
        look: Callable[[], Awaitable[None]],
        *,
        wanted: Callable[[], bool],
        failed: Callable[[BaseException], None],
        every_s: float,
        sleep: Sleep = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`failed` hears of what was raised and is no outage: a bug, after which there is no further look."""
        self._look, self._wanted, self._failed = look, wanted, failed
        self._every_s, self._sleep, self._monotonic = every_s, sleep, monotonic
        self._task: asyncio.Task[None] | None = None
        self._out = False

    @property
    def running(self) -> bool:
        """Whether there is a task."""
        return self._task is not None

    def begin(self) -> None:
        """See to it that there is a task."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
            self._task.add_done_callback(self._ended)

    async def _run(self) -> None:
        pause_s = self._every_s
        while self._wanted():
            await self._sleep(pause_s)
            # Whoever wanted it may be gone, and the database closed.
            if self._wanted():
                begun = self._monotonic()
                await self._try()
                took_s = self._monotonic() - begun
                pause_s = max(self._every_s, min(took_s * (_SHARE - 1), _PAUSE_AT_MOST_S))

    async def _try(self) -> None:
        try:
            await self._look()
        except _OUTAGES as error:
            if not self._out:
                # Once, not at each look; and not what it said: drivers quote addresses and values.
                logger.warning("the database failed with %s: trying on", type(error).__name__)
            self._out = True
        else:
            self._out = False

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._task = None
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._failed(error)
        elif self._wanted() and not task.cancelled():
            # Somebody came between its last look around and its end.
            self.begin()
