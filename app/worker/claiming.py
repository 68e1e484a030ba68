"""What a lane may send now: what is due, probes of what is held; and what is due but must not be sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session

from app.repositories.deliveries import (
    Due,
    begin_attempts,
    may_have_arrived,
    next_due_at,
    select_due,
    select_label_probe,
    select_lane_probe,
)
from app.repositories.settling import lock_jobs
from app.repositories.waiting import finish
from app.services.progress import settle_locked
from app.values import DeliveryKind, DeliveryState, PauseReason
from app.worker.attempts import Attempt, Channel
from app.worker.consequences import safe_until
from app.worker.holding import PROBE_EVERY, Standing


class _End(NamedTuple):
    """The state that says why a delivery is not sent."""

    state: DeliveryState
    code: str
    message: str


_LEAD_ERASED = _End(
    DeliveryState.CANCELED, "LEAD_ERASED", "The lead was erased before the conversion was sent."
)
_NOTHING_TO_RETRACT = _End(
    DeliveryState.CANCELED,
    "NOTHING_TO_RETRACT",
    "The conversion never arrived, so there is nothing to take back.",
)
_RESEND_UNSAFE = _End(
    DeliveryState.UNCONFIRMED,
    "RESEND_UNSAFE",
    "An earlier attempt may have arrived, and the platform would count a copy.",
)


@dataclass(frozen=True, slots=True)
class Unsendable:
    """A delivery that is due and must not be sent."""

    id: UUID
    job_id: UUID
    end: _End


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What came of claiming."""

    attempts: Sequence[Attempt] = ()
    unsendable: Sequence[Unsendable] = ()
    """To be ended in a transaction of its own: here their jobs cannot be locked any more."""
    reached_limit: bool = False
    """There may be more."""


def claim(session: Session, standing: Standing, channel: Channel, limit: int, now: datetime) -> Claims:
    """Claim up to `limit` deliveries for the lane's owner: probes, then what expires first."""
    probes = _probes(session, standing, limit, now)
    due = [] if standing.paused else select_due(session, standing.integration.id, now, limit - len(probes))
    ends = ((one.delivery, _why_not(session, one, channel, now)) for one in (*probes, *due))
    unsendable = [Unsendable(delivery.id, delivery.job_id, end) for delivery, end in ends if end]
    refused = {one.id for one in unsendable}
    attempts = [
        Attempt(delivery=one.delivery, lead=one.lead, channel=channel, is_probe=is_probe)
        for found, is_probe in ((probes, True), (due, False))
        for one in found
        if one.delivery.id not in refused
    ]
    turn_id = standing.integration.turn_id
    assert turn_id is not None
    begin_attempts(session, [attempt.delivery for attempt in attempts], turn_id, now)
    return Claims(attempts=attempts, unsendable=unsendable, reached_limit=len(probes) + len(due) == limit)


def lane_due_at(session: Session, standing: Standing, now: datetime) -> datetime | None:
    """When the lane has something to claim next, later than now; None: not before somebody wakes it."""
    integration = standing.integration
    if not integration.enabled:
        return None
    if standing.paused:
        by_itself = integration.pause_reason is not PauseReason.MANUAL
        times = [integration.probe_at if by_itself else None]
    else:
        times = [mapping.probe_at for mapping in standing.held.values()]
        times.append(next_due_at(session, integration.id, now))
    return min((at for at in times if at is not None and at > now), default=None)


def end_unsendable(session: Session, unsendable: Sequence[Unsendable], now: datetime) -> None:
    """Give deliveries that were due and must not be sent the state that says so."""
    jobs = lock_jobs(session, (one.job_id for one in unsendable))
    for end in {one.end for one in unsendable}:
        finish(
            session,
            [one.id for one in unsendable if one.end == end],
            end.state,
            code=end.code,
            message=end.message,
            now=now,
        )
    settle_locked(session, jobs, now)


def _probes(session: Session, standing: Standing, limit: int, now: datetime) -> list[Due]:
    """One held delivery for whatever it is time to try again; the time after that is set at once."""
    integration = standing.integration
    if standing.paused:
        by_itself = integration.pause_reason is not PauseReason.MANUAL
        if not by_itself or not _is_time(integration.probe_at, now):
            return []
        probes = select_lane_probe(session, integration.id, standing.held.keys(), now)
        integration.probe_at = now + PROBE_EVERY if probes else integration.probe_at
        return probes
    probes = []
    for mapping in standing.held.values():
        if len(probes) < limit and _is_time(mapping.probe_at, now):
            found = select_label_probe(session, integration.id, mapping.label_id, now)
            mapping.probe_at = now + PROBE_EVERY if found else mapping.probe_at
            probes += found
    return probes


def _is_time(probe_at: datetime | None, now: datetime) -> bool:
    return probe_at is not None and probe_at <= now


def _why_not(session: Session, due: Due, channel: Channel, now: datetime) -> _End | None:
    """Why the delivery must not be sent, though it is due; None: it may be."""
    delivery = due.delivery
    if due.lead.erased_at is not None:
        return _LEAD_ERASED
    if now >= safe_until(delivery.uncertain_since, channel.connector.facts.resend_safe_for):
        return _RESEND_UNSAFE
    if delivery.kind is DeliveryKind.RETRACT and delivery.follows_id is not None:
        return None if may_have_arrived(session, delivery.follows_id) else _NOTHING_TO_RETRACT
    return None
