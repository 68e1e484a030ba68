"""Records what platforms say later of what they accepted. A verdict changes a delivery, never who owns it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from app.connectors.base import OutcomeKind
from app.repositories.outcomes import (
    Accepted,
    LaterAnswer,
    OutcomeChange,
    lock_accepted,
    record_verdicts,
)
from app.repositories.settling import lock_jobs
from app.repositories.verdicts import overtaken
from app.services.progress import settle_locked
from app.tables.jobs import DeliveryRow
from app.values import DeliveryState
from app.worker.attempts import Judged
from app.worker.consequences import consequence
from app.worker.recording import Recording

ASK_AGAIN = timedelta(minutes=15)
"""When to ask again a platform that could not be asked, or an owner that died before it was answered."""

STILL_ASKED = timedelta(days=30)
"""How long a platform that could not be asked for want of a token is asked: none keeps verdicts for ever."""

VERDICT_UNAVAILABLE = "VERDICT_UNAVAILABLE"
"""The code of a delivery that stays ACCEPTED because the platform never said what became of it."""


def record_judgements(session: Session, judged: Sequence[Judged], recording: Recording) -> None:
    """Record them; of a delivery that has moved on, or was sent once more since, nothing is recorded."""
    if not judged:
        return
    jobs = lock_jobs(session, (one.delivery.job_id for one in judged))
    stored = lock_accepted(session, [one.delivery.id for one in judged])
    mine = [
        _without_person(one) if stored[one.delivery.id].erased else one
        for one in judged
        if _is_about(one, stored.get(one.delivery.id))
    ]
    late = overtaken(session, [one.delivery.id for one in mine if one.is_final])
    changes: dict[UUID, tuple[DeliveryRow, OutcomeChange]] = {}
    for one in mine:
        delivery = one.delivery
        taken_back = stored[delivery.id].taken_back or delivery.id in late
        changes[delivery.id] = (delivery, _change(one, recording, taken_back=taken_back))
    record_verdicts(
        session,
        recording.placed(session, changes),
        [
            LaterAnswer(id=one.delivery.id, response=one.outcome.response)
            for one in mine
            if one.is_final and one.outcome.response is not None
        ],
    )
    settle_locked(session, jobs, recording.now)


def _without_person(judged: Judged) -> Judged:
    """The same with nothing that was said of a lead that was erased."""
    return replace(judged, outcome=replace(judged.outcome, message=None, response=None))


def _is_about(judged: Judged, stored: Accepted | None) -> bool:
    return stored is not None and stored.platform_request_id == judged.delivery.platform_request_id


def _change(judged: Judged, recording: Recording, *, taken_back: bool) -> OutcomeChange:
    if not judged.is_final:
        return _still_accepted(judged, recording)
    given = recording.circumstances(taken_back=taken_back)
    return consequence(judged.delivery, judged.outcome, given)


def _still_accepted(judged: Judged, recording: Recording) -> OutcomeChange:
    delivery, now = judged.delivery, recording.now
    times = _times_to_ask(delivery, judged)
    ahead = [at for at in times if at > now]
    verdict_at = ahead[0] if ahead else None
    if judged.outcome.kind in _HOLDS_THE_LANE and now < times[0] + STILL_ASKED:
        verdict_at = now + ASK_AGAIN
    elif verdict_at is not None and judged.outcome.kind is not OutcomeKind.ACCEPTED:
        verdict_at = min(verdict_at, now + ASK_AGAIN)
    return OutcomeChange(
        id=delivery.id,
        state=DeliveryState.ACCEPTED,
        next_attempt_at=None,
        finished_at=None,
        only_tested=delivery.only_tested,
        unknown_errors=delivery.unknown_errors,
        uncertain_since=delivery.uncertain_since,
        accepted_at=delivery.accepted_at,
        verdict_at=verdict_at,
        warning=None,
        error_code=None if verdict_at else VERDICT_UNAVAILABLE,
        error_message=None if verdict_at else _UNAVAILABLE,
    )


_UNAVAILABLE = "The platform accepted the conversion and never said whether it counts."

_HOLDS_THE_LANE = frozenset({OutcomeKind.AUTHENTICATION, OutcomeKind.API_SUNSET})
"""Whenever the lane goes on the platform is asked once more, even after the last time."""


def _times_to_ask(delivery: DeliveryRow, judged: Judged) -> list[datetime]:
    accepted_at = delivery.accepted_at
    assert accepted_at is not None
    return [accepted_at + after for after in judged.channel.connector.facts.verdict_after]
