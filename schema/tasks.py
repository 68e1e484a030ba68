"""Waiting for one of several, and ending tasks so that nothing of them is left."""

import asyncio
from typing import Any


async def either(*futures: "asyncio.Future[Any]", within_s: float | None = None) -> None:
    """Wait until one of them is over, at most so long; none of them is cancelled, whatever happens."""
    await asyncio.wait(futures, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)


async def stop_tasks(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel them and wait until they are over; what they raised then is nobody's any more."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
