"""How long whatever a request asks for may take."""

import asyncio
from collections.abc import Awaitable
from typing import Final, TypeVar

T = TypeVar("T")

EXECUTE_WITHIN_S: Final = 30.0
"""Proxies wait 60 seconds, and clients seldom longer."""


_UNKNOWN: Final = (
    " Whether it was carried out is not known: look, or send it again with the same idempotencyKey."
)


class OutOfTimeError(Exception):
    """It took too long and was ended, which for a change leaves open whether it was made."""

    def __init__(self, within_s: float, *, changes: bool) -> None:
        """`changes`: it might have changed something."""
        ended = f"The request took longer than {within_s:g} seconds and was ended."
        self.message = ended + _UNKNOWN if changes else ended
        self.code = "OUTCOME_UNKNOWN" if changes else "EXECUTION_TIMEOUT"
        super().__init__(self.message)


async def in_time(work: Awaitable[T], within_s: float, *, changes: bool) -> T:
    """The outcome of `work`, or OutOfTimeError.

    `work` is cancelled then. A transaction that it has begun runs to its end all the same, as whenever a
    caller is gone, and whether there is one is not known here.
    """
    try:
        async with asyncio.timeout(within_s) as limit:
            return await work
    except TimeoutError:
        if not limit.expired():
            raise  # of something inside
        raise OutOfTimeError(within_s, changes=changes) from None
