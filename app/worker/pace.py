"""How fast one lane may send: the platform's requests per minute, and the pauses it asks for."""

import math
from datetime import datetime, timedelta

LONGEST_REST = timedelta(minutes=15)
"""A lane asks again at least this often, whatever a platform says."""


class Pace:
    """A token bucket that holds a second's worth of requests. Belongs to the lane's one owner."""

    def __init__(self, requests_per_minute: int | None) -> None:
        """None: no limit but the platform's pauses."""
        self._interval = timedelta(minutes=1) / requests_per_minute if requests_per_minute else None
        self._size = max(1, (requests_per_minute or 0) // 60)
        self._full_at: datetime | None = None
        self._rests_until: datetime | None = None

    def allowance(self, now: datetime) -> float:
        """How many requests may be sent now: a whole number, or infinity."""
        if self._rests_until is not None and now < self._rests_until:
            return 0
        if self._interval is None:
            return math.inf
        return self._size - math.ceil((self._filling_until(now, self._interval) - now) / self._interval)

    def spend(self, requests: int, now: datetime) -> None:
        """That many requests are being sent; no more than the allowance."""
        if self._interval is not None:
            self._full_at = self._filling_until(now, self._interval) + requests * self._interval

    def rest(self, now: datetime, seconds: float) -> None:
        """Send nothing for so long, because the platform asks for that."""
        until = now + min(timedelta(seconds=seconds), LONGEST_REST)
        self._rests_until = max(until, self._rests_until or until)

    def ready_at(self, now: datetime) -> datetime:
        """When a request may be sent: `now`, or later."""
        ready = now
        if self._interval is not None:
            ready = max(now, self._filling_until(now, self._interval) - (self._size - 1) * self._interval)
        return max(ready, self._rests_until or ready)

    def _filling_until(self, now: datetime, interval: timedelta) -> datetime:
        # Never further away than an empty bucket takes: the machine's clock may have been set back.
        return min(max(self._full_at or now, now), now + self._size * interval)
