"""A turn as engines give it: it can be woken and told to stop."""

import asyncio
from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from app.ids import new_id


class Timer(Protocol):
    """Something that will be called."""

    def cancel(self) -> None:
        """Forget it."""
        ...


CallLater = Callable[[float, Callable[[], None]], Timer]
"""Calls a function after so many seconds, on the event loop."""


def call_later(delay_s: float, call: Callable[[], None]) -> Timer:
    """CallLater by the running event loop's own clock."""
    return asyncio.get_running_loop().call_later(delay_s, call)


class GivenTurn:
    """Implements Turn. One waits at a time; to break off the wait loses no wake-up."""

    def __init__(self, lane: UUID, later: CallLater) -> None:
        self.id = new_id()
        self.lane = lane
        self.stopping = False
        self.offered = False
        self._later = later
        self._awake = False
        self._waiter: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """Somebody woke the lane."""
        self._awake = True
        self._ring()

    def stop(self) -> None:
        """The engine is shutting down."""
        self.stopping = True
        self._ring()

    def take_wake_up(self) -> bool:
        """Whether the lane was woken since the last time it asked."""
        awake, self._awake = self._awake, False
        return awake

    async def woken(self, timeout_s: float) -> bool:
        """See Turn.woken."""
        if not self._awake and not self.stopping:
            self._waiter = asyncio.get_running_loop().create_future()
            timer = self._later(timeout_s, self._ring)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        return self.take_wake_up()

    def _ring(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
