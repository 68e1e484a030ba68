"""Token buckets: how often something may be done, by each of many, in this process.

A lane's pace (app/worker/pace.py) is the same arithmetic for one bucket that is stored with its lane.
"""

import math
from collections.abc import Callable, Hashable
from typing import Final, NamedTuple

WINDOW_S: Final = 60
MOST: Final = 10_000
"""Buckets kept at a time: some 2 MB."""
_ROUNDING: Final = 0.001
"""Of a unit: sums of fractions of a second are not exact, and must not cost a whole one."""

Monotonic = Callable[[], float]
"""Seconds on a clock that never goes back."""


class Standing(NamedTuple):
    """What is in a bucket."""

    left: int
    """Units that may be spent at once."""
    next_in_s: float
    """Seconds until there is one, or one more."""


class TokenBuckets:
    """A bucket for each of whatever is counted. It holds a minute's worth, and fills up evenly.

    All that is kept of one is when it will be full again; of a full one, nothing.
    """

    def __init__(self, per_minute: int, *, monotonic: Monotonic, most: int = MOST) -> None:
        self.per_minute = per_minute
        self._interval_s = WINDOW_S / per_minute
        self._monotonic, self._most = monotonic, most
        self._full_at: dict[Hashable, float] = {}
        """The one spent from last comes last."""

    def __len__(self) -> int:
        """How many are not full, and some that are full again."""
        return len(self._full_at)

    def standing(self, whose: Hashable) -> Standing:
        """What is left."""
        filling_s = self._full_at.get(whose, 0.0) - self._monotonic()
        if filling_s <= 0:
            return Standing(self.per_minute, self._interval_s)
        missing = math.ceil(filling_s / self._interval_s - _ROUNDING)
        # More was spent than there was: that is made up for first.
        short = max(0, missing - self.per_minute)
        next_in_s = filling_s - (missing - short - 1) * self._interval_s
        return Standing(max(0, self.per_minute - missing), next_in_s)

    def spend(self, whose: Hashable, units: int = 1) -> None:
        """Take units out, more than there are if need be."""
        now = self._monotonic()
        full_at = max(self._full_at.pop(whose, now), now) + units * self._interval_s
        if full_at > now:
            self._full_at[whose] = full_at
            self._make_room(now)

    def _make_room(self, now: float) -> None:
        """Drop those that are full again, a few at a time; of too many that are not, the oldest."""
        for _ in range(2):
            oldest = next(iter(self._full_at))
            if self._full_at[oldest] > now and len(self._full_at) <= self._most:
                return
            del self._full_at[oldest]
