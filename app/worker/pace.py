"""How fast one lane may send: the platform's requests per minute, and the pauses it asks for."""

import math
from datetime import datetime, timedelta

LONGEST_REST = timedelta(minutes=15)
"""A lane asks again at least this often, whatever a platform says."""


class Pace:
    """A token bucket that holds a second's worth of requests. Belongs to the lane's one owner.

    Its next owner may be another process, so what is known of it, `full_at` and `rests_until`, is stored.
    """

    def __init__(
        self,
        requests_per_minute: int | None,
        *,
        full_at: datetime | None = None,
        rests_until: datetime | None = None,
    ) -> None:
        """None: no limit but the platform's pauses; nothing was sent yet; the platform asked for no pause."""
        self._interval = timedelta(minutes=1) / requests_per_minute if requests_per_minute else None
        self._size = max(1, (requests_per_minute or 0) // 60)
        self.full_at = full_at
        self.rests_until = rests_until

    def allowance(self, now: datetime) -> float:
        """How many requests may be sent now: a whole number, or infinity."""
        if self._resting_until(now) > now:
            return 0
        if self._interval is None:
            return math.inf
        return self._size - math.ceil((self._filling_until(now, self._interval) - now) / self._interval)

    def spend(self, requests: int, now: datetime) -> None:
        """That many requests are being sent; no more than the allowance."""
        if self._interval is not None:
            self.full_at = self._filling_until(now, self._interval) + requests * self._interval

    def rest(self, now: datetime, seconds: float) -> None:
        """Send nothing for so long, because the platform asks for that."""
        until = now + min(timedelta(seconds=seconds), LONGEST_REST)
        self.rests_until = max(until, self._resting_until(now))

    def ready_at(self, now: datetime) -> datetime:
        """When a request may be sent: `now`, or later."""
        ready = now
        if self._interval is not None:
            ready = max(now, self._filling_until(now, self._interval) - (self._size - 1) * self._interval)
        return max(ready, self._resting_until(now))

    def _filling_until(self, now: datetime, interval: timedelta) -> datetime:
        # Never further away than an empty bucket takes: the machine's clock may have been set back.
        return min(max(self.full_at or now, now), now + self._size * interval)

    def _resting_until(self, now: datetime) -> datetime:
        # As above; and another process's clock may have been wrong.
        return min(self.rests_until or now, now + LONGEST_REST)
