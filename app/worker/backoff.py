"""How long to wait before another attempt: exponential with full jitter."""

from collections.abc import Callable
from datetime import timedelta

Jitter = Callable[[], float]
"""A fresh random number from 0 to 1, 1 excluded."""

FIRST_CEILING = timedelta(seconds=60)
"""So the first wait is 30 seconds on average."""
LAST_CEILING = timedelta(hours=6)
SHORTEST = timedelta(seconds=1)
"""Full jitter may say "at once": a platform that just failed is given a moment."""

_DOUBLINGS = 16
"""More than it takes to get from the first ceiling to the last."""


def retry_delay(attempts: int, jitter: Jitter, *, within: timedelta) -> timedelta:
    """The wait after that many attempts, from 1; drawn so that it ends `within`, unless that is too short.

    The whole span below the ceiling is drawn from: attempts that failed together do not come back together.
    """
    doublings = min(max(attempts, 1) - 1, _DOUBLINGS)
    ceiling = min(FIRST_CEILING * (1 << doublings), LAST_CEILING, within)
    return max(SHORTEST, ceiling * jitter())
