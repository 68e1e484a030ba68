"""What every request needs and hardly ever changes: kept in memory for as long as it is right."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from app.database.database import ReadableDatabase
from app.database.setup import SETUP

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

OTHERS_WITHIN_S: Final = 1.0
"""How long a change that another process made may go unseen."""


def seen_within_s(database: ReadableDatabase) -> float | None:
    """How long a change by another process may go unseen; None: no other process writes to a SQLite file."""
    return None if database.dialect == "sqlite" else OTHERS_WITHIN_S


@dataclass(frozen=True, slots=True)
class _Kept(Generic[V]):
    value: V
    generation: int
    read_at: float


class Remembered(Generic[K, V]):
    """What was read of projects' setup. A change that this process commits is seen by whoever asks next."""

    def __init__(
        self,
        read: Callable[[K], Awaitable[V | None]],
        *,
        most: int,
        lasts_s: float | None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`read` answers None for what there is not; that is not kept, as callers could make it up for ever.

        `most`: entries. `lasts_s`: how long one is right as far as other processes are concerned; None: there
        are none that write.
        """
        self._read, self._most, self._lasts_s, self._monotonic = read, most, lasts_s, monotonic
        self._kept: dict[K, _Kept[V]] = {}
        self._reading: dict[tuple[K, int], asyncio.Task[V | None]] = {}

    def get(self, key: K) -> V | None:
        """What is in memory and right; None: it must be fetched."""
        kept = self._kept.get(key)
        if kept is None or kept.generation != SETUP.number:
            return None
        if self._lasts_s is not None and self._monotonic() - kept.read_at > self._lasts_s:
            return None
        return kept.value

    async def fetch(self, key: K) -> V | None:
        """Read it, once for all who ask meanwhile; None: there is none."""
        # What began before the latest change may have missed it.
        now = (key, SETUP.number)
        reading = self._reading.get(now)
        if reading is None:
            reading = self._reading[now] = asyncio.create_task(self._fetch(*now))
            reading.add_done_callback(lambda done: self._over(now, done))
        # Shielded: the others wait for it, too.
        return await asyncio.shield(reading)

    def _over(self, now: tuple[K, int], done: asyncio.Task[V | None]) -> None:
        del self._reading[now]
        if not done.cancelled():
            done.exception()  # whoever waited has it; that nobody may be left is no news for the log

    async def _fetch(self, key: K, generation: int) -> V | None:
        read_at = self._monotonic()
        value = await self._read(key)
        if value is not None:
            self._kept.pop(key, None)
            if len(self._kept) >= self._most:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = _Kept(value, generation, read_at)
        return value
