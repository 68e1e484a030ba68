"""One attempt: the payload, the call, and what came of it, whatever the connector does."""

import logging
import traceback
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from app.clock import Clock
from app.connectors.base import Body, Outcome, OutcomeKind
from app.services.conversions import conversion_of
from app.worker.attempts import Attempt, Ended

INTERNAL = "INTERNAL"
"""The code of an attempt that a defect of ours ended."""

_logger = logging.getLogger(__name__)


async def send(attempt: Attempt, turn_id: UUID, clock: Clock) -> Ended:
    """Make the attempt. Raises nothing but CancelledError."""
    started_at = clock()
    request: Body | None = None
    kind = OutcomeKind.RETRY  # of a defect: nothing was written yet
    try:
        body = _build(attempt)
        request = attempt.channel.connector.redact(body)
        kind = OutcomeKind.AMBIGUOUS
        outcome = await attempt.channel.connector.send(attempt.channel.connection, body)
    except Exception as error:  # noqa: BLE001 - a connector's defect must stop neither the lane nor the others
        outcome = _defect(attempt, kind, error)
    return Ended(
        delivery=attempt.delivery,
        turn_id=turn_id,
        outcome=outcome,
        started_at=started_at,
        duration_ms=_milliseconds(started_at, clock),
        request=request,
        channel=attempt.channel,
        is_probe=attempt.is_probe,
    )


def _build(attempt: Attempt) -> Body:
    connection = attempt.channel.connection
    return attempt.channel.connector.build(
        attempt.lead, conversion_of(attempt.delivery), connection.settings, test_mode=connection.test_mode
    )


def _defect(attempt: Attempt, kind: OutcomeKind, error: Exception) -> Outcome:
    # Where it was raised, and never what it says: an error's text may quote the payload.
    where = traceback.extract_tb(error.__traceback__)[-1]
    _logger.error(
        "delivery %s: %s in %s, line %d",
        attempt.delivery.id,
        type(error).__name__,
        where.filename,
        where.lineno,
    )
    return Outcome(
        kind=kind, code=INTERNAL, message="A defect of this program ended the attempt.", known=False
    )


def _milliseconds(since: datetime, clock: Callable[[], datetime]) -> int:
    # A clock that is set back must not make a duration negative.
    return max(0, round((clock() - since).total_seconds() * 1000))
