"""A turn that a test gives by hand."""

import asyncio
from uuid import UUID

from app.ids import new_id
from app.worker.lane import RECHECK_S
from tests.worker.scripted import FakeTime


class HandTurn:
    """Waits of an idle owner take no time but the clock's; an owner that is sending waits for events."""

    def __init__(self, lane: UUID, time: FakeTime) -> None:
        self.id = new_id()
        self.lane = lane
        self.stopping = False
        self.offered = False
        self.waits: list[float] = []
        """Of the idle owner, in seconds."""
        self._time = time
        self._awake = asyncio.Event()

    def wake(self) -> None:
        self._awake.set()

    def stop(self) -> None:
        self.stopping = True
        self._awake.set()

    async def woken(self, timeout_s: float) -> bool:
        if timeout_s == RECHECK_S:
            await self._awake.wait()
        elif not self._awake.is_set():
            self.waits.append(timeout_s)
            await self._time.advance(seconds=timeout_s)
        awake = self._awake.is_set()
        self._awake.clear()
        return awake and not self.stopping
