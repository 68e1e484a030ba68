"""Measures how late the event loop is: everything in the process waits for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

EVERY_S = 0.5


@asynccontextmanager
async def measured_lag(lagged: Callable[[float], None]) -> AsyncIterator[None]:
    """Tell `lagged` twice a second how many seconds the loop came too late."""
    loop = asyncio.get_running_loop()

    async def measure() -> None:
        while True:
            expected_at = loop.time() + EVERY_S
            await asyncio.sleep(EVERY_S)
            lagged(max(0.0, loop.time() - expected_at))

    task = asyncio.create_task(measure())
    try:
        yield
    finally:
        task.cancel()
