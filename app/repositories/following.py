"""SQL of restatements and retractions: whether there is something at the platform for them to change."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Boolean, bindparam, func, or_, select, update
from sqlmodel import Session

from app.repositories.deliveries import in_state
from app.tables.jobs import DeliveryRow
from app.tables.making import put
from app.tables.registry import metadata
from app.values import DeliveryKind, DeliveryState

_DELIVERY = metadata.tables["delivery"]


class Arrival(NamedTuple):
    """Whether the platform may have a conversion."""

    may_have_arrived: bool
    at: datetime | None
    """When it was taken first; None: not known."""


SELECT_ARRIVAL = select(
    func.count(), func.min(func.coalesce(_DELIVERY.c.accepted_at, _DELIVERY.c.finished_at))
).where(
    or_(_DELIVERY.c.id == bindparam("send"), _DELIVERY.c.follows_id == bindparam("send")),
    _DELIVERY.c.kind != DeliveryKind.RETRACT,
    in_state(_DELIVERY.c.state, DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.UNCONFIRMED),
    or_(~_DELIVERY.c.only_tested, bindparam("tests", type_=Boolean())),
)
_CHANGE = update(_DELIVERY).where(_DELIVERY.c.id == bindparam("delivery"))
_POSTPONE = _CHANGE.values(next_attempt_at=bindparam("new_next_attempt_at"))
_SEND_INSTEAD = _CHANGE.values(kind=DeliveryKind.SEND)


def arrival_of(session: Session, send_id: UUID, *, tests: bool) -> Arrival:
    """Whether the platform may have the conversion that this SEND and its restatements state.

    `tests`: what it only tested counts, too.
    """
    asked = {"send": send_id, "tests": tests}
    count, at = session.connection().execute(SELECT_ARRIVAL, asked).one()
    return Arrival(count > 0, at)


def postpone(session: Session, delivery_id: UUID, until: datetime) -> None:
    """Have a delivery wait until then; this transaction has it locked."""
    session.connection().execute(_POSTPONE, {"delivery": delivery_id, "new_next_attempt_at": until})


def send_instead(session: Session, delivery: DeliveryRow) -> None:
    """Make a restatement, which this transaction has locked, the conversion itself: nothing else arrived."""
    session.connection().execute(_SEND_INSTEAD, {"delivery": delivery.id})
    put(delivery, kind=DeliveryKind.SEND)
