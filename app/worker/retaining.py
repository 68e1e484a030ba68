"""Retention while the server runs: one small transaction with each sweep, through everything once a day."""

import logging
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Final

from app.database.database import Database
from app.services.pruning import Pruned, Retention, Steps, prune

EVERY: Final = timedelta(days=1)

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class DailyPruning:
    """Knows how far the day's round is. A process that starts begins anew, which finds little."""

    database: Database
    retention: Retention
    _steps: Steps | None = field(default=None, init=False)
    _next_at: datetime | None = field(default=None, init=False)
    """None: it never began."""
    _pruned: Pruned = field(default_factory=Pruned, init=False)

    async def step(self, now: datetime) -> None:
        """Go on with the day's round, if there is something to do."""
        if self.retention.is_for_ever:
            return
        if self._steps is None:
            if self._next_at is not None and now < self._next_at:
                return
            self._steps, self._next_at = prune(self.database, self.retention, now), now + EVERY
            self._pruned = Pruned()
        try:
            self._pruned += await anext(self._steps)
        except StopAsyncIteration:  # also after an error: the next round finds what this one left
            self._steps = None
            if self._pruned != Pruned():
                logger.info("retention deleted %s", asdict(self._pruned))
