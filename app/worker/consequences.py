"""What an attempt's outcome makes of its delivery. Pure but for the jitter."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.connectors.base import Outcome, OutcomeKind
from app.repositories.outcomes import OutcomeChange
from app.services.resending import FOR_EVER, safe_until
from app.tables.jobs import DeliveryRow
from app.values import OPEN_STATES, DeliveryState
from app.worker.backoff import Jitter, retry_delay

MOST_ATTEMPTS = 1000
MOST_UNKNOWN_ERRORS = 8
"""Attempts that end with a code nobody has looked up: more of them would hardly end otherwise."""

WORKER_DIED = "WORKER_DIED"
"""The code of an attempt whose owner was gone before it ended."""

_FINAL = {
    OutcomeKind.DELIVERED: DeliveryState.DELIVERED,
    OutcomeKind.ACCEPTED: DeliveryState.ACCEPTED,
    OutcomeKind.REJECTED: DeliveryState.REJECTED,
}
_NOT_BY_ITSELF = "It is not sent again by itself."
_WHY_THE_LAST = {
    DeliveryState.UNCONFIRMED: f"An earlier attempt may have arrived. {_NOT_BY_ITSELF}",
    DeliveryState.EXPIRED: "The platform's time window closes before it can be tried again.",
    DeliveryState.FAILED: "It failed too often to be tried again by itself.",
}
_WENT_WELL = frozenset({OutcomeKind.DELIVERED, OutcomeKind.ACCEPTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What decides besides the outcome itself."""

    now: datetime
    resend_safe_for: timedelta
    """How long after the first copy the platform recognises another."""
    taken_back: bool
    """The job was canceled meanwhile: no further attempt."""
    jitter: Jitter
    is_test: bool = False
    """It was sent in test mode, to a platform that counts no tests."""
    verdict_after: timedelta | None = None
    """When to ask first what became of what was accepted; None: nobody is to be asked."""


def consequence(delivery: DeliveryRow, outcome: Outcome, given: Circumstances) -> OutcomeChange:
    """What becomes of the delivery; `delivery` is as it was during the attempt.

    SCHEDULED is answered for AUTHENTICATION, API_SUNSET and CONFIGURATION too: whether that means HELD, the
    lane decides.
    """
    uncertain_since = delivery.uncertain_since
    if outcome.kind is OutcomeKind.AMBIGUOUS and uncertain_since is None:
        uncertain_since = delivery.sending_since
    unknown_errors = delivery.unknown_errors + (not outcome.known)
    state, next_attempt_at = _next(delivery, outcome, given, uncertain_since, unknown_errors)
    went_well = outcome.kind in _WENT_WELL
    accepted = state is DeliveryState.ACCEPTED
    return OutcomeChange(
        id=delivery.id,
        state=state,
        next_attempt_at=next_attempt_at,
        finished_at=None if state in OPEN_STATES else given.now,
        # An earlier attempt that nobody answered may have been made before test mode was switched on.
        only_tested=given.is_test and state is DeliveryState.DELIVERED and uncertain_since is None,
        unknown_errors=unknown_errors,
        uncertain_since=uncertain_since,
        accepted_at=given.now if accepted else delivery.accepted_at,
        verdict_at=given.now + given.verdict_after if accepted and given.verdict_after else None,
        warning=None,
        error_code=None if went_well else outcome.code,
        error_message=None if went_well else _told(outcome, state),
    )


def _told(outcome: Outcome, state: DeliveryState) -> str | None:
    """What was said of the attempt, and where that does not tell why it was the last one, why."""
    if outcome.message is None:
        return None
    is_uncertain = state is DeliveryState.UNCONFIRMED and outcome.kind is OutcomeKind.AMBIGUOUS
    why = _NOT_BY_ITSELF if is_uncertain else _WHY_THE_LAST.get(state)
    return f"{outcome.message} {why}" if why else outcome.message


def _next(
    delivery: DeliveryRow,
    outcome: Outcome,
    given: Circumstances,
    uncertain_since: datetime | None,
    unknown_errors: int,
) -> tuple[DeliveryState, datetime | None]:
    final = _FINAL.get(outcome.kind)
    if final is not None:
        return final, None
    if given.taken_back:
        return (DeliveryState.CANCELED if uncertain_since is None else DeliveryState.UNCONFIRMED), None
    safe = safe_until(uncertain_since, given.resend_safe_for)
    at = _again_at(delivery, outcome, given, safe)
    if at >= safe:
        return DeliveryState.UNCONFIRMED, None
    if delivery.attempts >= MOST_ATTEMPTS or unknown_errors >= MOST_UNKNOWN_ERRORS:
        return DeliveryState.FAILED, None
    if delivery.expires_at is not None and at >= delivery.expires_at:
        return DeliveryState.EXPIRED, None
    return DeliveryState.SCHEDULED, at


def _again_at(delivery: DeliveryRow, outcome: Outcome, given: Circumstances, safe: datetime) -> datetime:
    if outcome.kind not in {OutcomeKind.RETRY, OutcomeKind.AMBIGUOUS} or outcome.code == WORKER_DIED:
        return given.now
    # Waiting past the end of what is possible would give up a chance that is still there.
    latest = min(delivery.expires_at or FOR_EVER, safe)
    wait = retry_delay(delivery.attempts, given.jitter, within=latest - given.now)
    return given.now + max(wait, timedelta(seconds=outcome.retry_after_s or 0))
