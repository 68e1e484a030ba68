"""Lets so many in at a time and makes the others wait; who will not wait for long is told so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.database.errors import DatabaseBusyError


class Turnstile:
    """Stands before a pool of connections, so that its queue can be counted and waiting in it be limited."""

    def __init__(self, most: int) -> None:
        """`most`: how many are in at a time."""
        self._room = asyncio.Semaphore(most)
        self.waiting = 0
        """How many wait to be let in."""

    @asynccontextmanager
    async def passed(self, within_s: float | None) -> AsyncIterator[None]:
        """Be let in, in turn; DatabaseBusyError when it takes longer than `within_s`, None being any time."""
        await self._enter(within_s)
        try:
            yield
        finally:
            self._room.release()

    async def _enter(self, within_s: float | None) -> None:
        if not self._room.locked():
            await self._room.acquire()  # at once: nobody waits
            return
        self.waiting += 1
        try:
            async with asyncio.timeout(within_s):
                await self._room.acquire()
        except TimeoutError:
            raise DatabaseBusyError("no connection was free in time; nothing was begun") from None
        finally:
            self.waiting -= 1
