"""Attempts: the payloads, who shares a request with whom, the call, and what came of it."""

import logging
import traceback
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from app.clock import Clock
from app.connectors.base import Body, Outcome, OutcomeKind
from app.connectors.batching import Sent, group, send_together
from app.services.conversions import build_request
from app.worker.attempts import Attempt, Ended

INTERNAL = "INTERNAL"
"""The code of an attempt that a defect of ours ended."""

_MOST_TOGETHER = 64
"""A lane claims no more at once."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An attempt with its payload."""

    attempt: Attempt
    body: Body
    request: Body
    """The body as it may be kept."""


def prepare(attempt: Attempt, turn_id: UUID, clock: Clock) -> Prepared | Ended:
    """Build the payload; a defect ends this attempt, and no other."""
    channel = attempt.channel
    try:
        body = build_request(
            channel.connector,
            channel.connection.settings,
            attempt.lead,
            attempt.delivery,
            test_mode=channel.connection.test_mode,
        )
        # One that can be joined with no other, or is no JSON, is found here, where it stops nobody else.
        group([body], channel.connector.facts.batch)
        return Prepared(attempt=attempt, body=body, request=channel.connector.redact(body))
    except Exception as error:  # noqa: BLE001 - a connector's defect must stop neither the lane nor the others
        # Nothing was written yet.
        outcome = _defect(attempt, OutcomeKind.RETRY, error)
        return _ended(attempt, outcome, turn_id, started_at=clock(), clock=clock)


def groups(prepared: Sequence[Prepared]) -> list[list[Prepared]]:
    """Who shares a request with whom; the fewer the more often it failed before.

    What makes a platform stumble over a whole request without naming an event is left alone in the end.
    """
    by_attempts: defaultdict[int, list[Prepared]] = defaultdict(list)
    for one in prepared:
        by_attempts[one.attempt.delivery.attempts].append(one)
    found = []
    for attempts, ones in by_attempts.items():
        batch = ones[0].attempt.channel.connector.facts.batch
        if batch is not None:
            batch = replace(batch, most=min(batch.most, max(1, _MOST_TOGETHER >> (attempts - 1))))
        found += [[ones[index] for index in indices] for indices in group([one.body for one in ones], batch)]
    return found


async def send(prepared: Sequence[Prepared], turn_id: UUID, clock: Clock) -> tuple[list[Ended], int]:
    """Make the attempts in one request, or more where that has to be; answers how many it took.

    Raises nothing but CancelledError.
    """
    started_at = clock()
    channel = prepared[0].attempt.channel
    try:
        bodies = [one.body for one in prepared]
        sent = await send_together(channel.connector, channel.connection, bodies)
    except Exception as error:  # noqa: BLE001 - as above
        outcomes = [_defect(one.attempt, OutcomeKind.AMBIGUOUS, error) for one in prepared]
        sent = Sent(outcomes, requests=1)
    ended = [
        _ended(one.attempt, outcome, turn_id, request=one.request, started_at=started_at, clock=clock)
        for one, outcome in zip(prepared, sent.outcomes, strict=True)
    ]
    return ended, sent.requests


def _ended(
    attempt: Attempt,
    outcome: Outcome,
    turn_id: UUID,
    *,
    started_at: datetime,
    clock: Clock,
    request: Body | None = None,
) -> Ended:
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


def _defect(attempt: Attempt, kind: OutcomeKind, error: Exception) -> Outcome:
    log_defect(f"delivery {attempt.delivery.id}", error)
    return Outcome(
        kind=kind, code=INTERNAL, message="A defect of this program ended the attempt.", known=False
    )


def log_defect(what: str, error: Exception) -> None:
    """Log where an error was raised, and never what it says: its text may quote the payload."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    _logger.error("%s: %s in %s, line %d", what, type(error).__name__, where.filename, where.lineno)


def _milliseconds(since: datetime, clock: Callable[[], datetime]) -> int:
    # A clock that is set back must not make a duration negative.
    return max(0, round((clock() - since).total_seconds() * 1000))
