"""Of what is due: what is sent as it is, what must wait a little longer, what must not be sent at all."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session

from app.connectors.base import PlatformFacts
from app.repositories.deliveries import Due
from app.repositories.following import arrival_of, postpone, send_instead
from app.services.resending import safe_until
from app.values import DeliveryKind, DeliveryState


class End(NamedTuple):
    """The state that says why a delivery is not sent."""

    state: DeliveryState
    code: str
    message: str


LEAD_ERASED = End(
    DeliveryState.CANCELED, "LEAD_ERASED", "The lead was erased before the conversion was sent."
)
NOTHING_TO_RETRACT = End(
    DeliveryState.CANCELED,
    "NOTHING_TO_RETRACT",
    "The conversion never arrived, so there is nothing to take back.",
)
RESEND_UNSAFE = End(
    DeliveryState.UNCONFIRMED,
    "RESEND_UNSAFE",
    "An earlier attempt may have arrived, and the platform would count a copy.",
)


@dataclass(frozen=True, slots=True)
class Unsendable:
    """A delivery that is due and must not be sent."""

    id: UUID
    job_id: UUID
    end: End


@dataclass(slots=True)
class Sorted:
    """Deliveries that were due."""

    sendable: list[Due] = field(default_factory=list)
    unsendable: list[Unsendable] = field(default_factory=list)
    postponed: int = 0
    """Due later now."""


def sort_out(
    session: Session, found: Iterable[Due], facts: PlatformFacts, now: datetime, *, test_mode: bool
) -> Sorted:
    """Sort out what is due and locked. `test_mode`: it would be sent as tests."""
    result = Sorted()
    for due in found:
        delivery = due.delivery
        end = _end_of(due, facts, now) or _end_of_follower(session, due, facts, now, tests=test_mode)
        if isinstance(end, End):
            result.unsendable.append(Unsendable(delivery.id, delivery.job_id, end))
        elif end is not None:
            postpone(session, delivery.id, end)
            result.postponed += 1
        else:
            result.sendable.append(due)
    return result


def _end_of(due: Due, facts: PlatformFacts, now: datetime) -> End | None:
    if due.lead.erased_at is not None:
        return LEAD_ERASED
    if now >= safe_until(due.delivery.uncertain_since, facts.resend_safe_for):
        return RESEND_UNSAFE
    return None


def _end_of_follower(
    session: Session, due: Due, facts: PlatformFacts, now: datetime, *, tests: bool
) -> End | datetime | None:
    """Of what changes or takes back another: why it must not be sent, or when it may be; None: now.

    A restatement of what never arrived becomes the conversion itself where the platform would drop it.
    """
    delivery = due.delivery
    if delivery.kind is DeliveryKind.SEND or delivery.follows_id is None:
        return None
    arrival = arrival_of(session, delivery.follows_id, tests=tests)
    if not arrival.may_have_arrived:
        if delivery.kind is DeliveryKind.RETRACT:
            return NOTHING_TO_RETRACT
        if not facts.restates_unknown:
            send_instead(session, delivery)
        return None
    known_at = arrival.at + facts.settles if arrival.at is not None else now
    return known_at if known_at > now else None
