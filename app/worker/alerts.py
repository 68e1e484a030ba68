"""The lane that tells the operator what is held and what ended unsent."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter

from app.clock import Clock
from app.connectors.alerting import AlertReceiver, NotTaken
from app.database.database import Database
from app.queue.port import Turn
from app.repositories.alerts import Untold, find_untold, mark_told
from app.services.alerting import alert_body, alert_id

EVERY = timedelta(seconds=10)
"""How long something may have happened before it is told."""
MOST = 100
"""Things told in one message."""
HISTORY = timedelta(hours=24)
"""What ended unsent before that is not told any more, least of all when alerts are switched on."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
"""Between attempts while the receiver takes nothing."""

_logger = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Alerts:
    """Tells everything at least once: what was taken but not remembered is told again, under the same id."""

    database: Database
    receiver: AlertReceiver
    clock: Clock
    _failures: int = 0
    """Attempts in a row that the receiver did not take."""
    _rest_until: datetime | None = None

    async def run(self, _turn: Turn) -> datetime | None:
        """A RunTurn of the lane ALERT_LANE. Costs one read when there is nothing to tell."""
        now = self.clock()
        if self._rest_until is not None and now < self._rest_until:
            return self._rest_until
        untold = await self.database.read(
            lambda session: find_untold(session, since=now - HISTORY, limit=MOST)
        )
        if not untold:
            return now + EVERY
        failure = await self.receiver.tell(alert_body(untold), message_id=alert_id(untold))
        if failure is not None:
            return self._rest(failure)
        for of_one_table in reversed(_by_table(untold)):
            # Each in a transaction of its own: a lane has its integration's lock and wants a mapping's.
            await self.database.write(partial(mark_told, told=of_one_table))
        self._recover()
        return now if len(untold) == MOST else self.clock() + EVERY

    def _rest(self, failure: NotTaken) -> datetime:
        if self._failures == 0:
            _logger.warning("the alert webhook takes nothing: %s; it is tried until it does", failure.why)
        pause = FIRST_PAUSE * (1 << min(self._failures, 16))
        asked = timedelta(seconds=failure.retry_after_s or 0)
        self._failures += 1
        self._rest_until = self.clock() + min(max(pause, asked), LONGEST_PAUSE)
        return self._rest_until

    def _recover(self) -> None:
        if self._failures:
            _logger.info("the alert webhook takes alerts again")
        self._failures, self._rest_until = 0, None


def _by_table(untold: Sequence[Untold]) -> list[list[Untold]]:
    return [list(group) for _, group in groupby(untold, key=attrgetter("table"))]
