"""SQL by which a lane finds what it is to ask the platform about."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, and_, bindparam, func, or_, select, update
from sqlmodel import Session, col

from app.repositories.deliveries import in_state
from app.tables.jobs import DeliveryRow
from app.tables.registry import metadata
from app.values import DeliveryKind, DeliveryState

_DELIVERY = metadata.tables["delivery"]

_now: Any = bindparam("now", type_=_DELIVERY.c.verdict_at.type)
_OF_LANE = _DELIVERY.c.integration_id == bindparam("lane")
_ACCEPTED = in_state(_DELIVERY.c.state, DeliveryState.ACCEPTED)

SELECT_QUESTIONS = (
    select(DeliveryRow)
    .where(_OF_LANE, _ACCEPTED, _DELIVERY.c.verdict_at <= _now)
    .order_by(col(DeliveryRow.verdict_at))
    .limit(bindparam("limit", type_=Integer()))
    .with_for_update(key_share=True, skip_locked=True)
)
SELECT_NEXT_VERDICT = select(func.min(_DELIVERY.c.verdict_at)).where(
    _OF_LANE, _ACCEPTED, _DELIVERY.c.verdict_at > _now
)
_POSTPONE = (
    update(_DELIVERY)
    .where(_DELIVERY.c.id.in_(bindparam("ids", expanding=True)))
    .values(verdict_at=bindparam("new_verdict_at"))
)
_later = _DELIVERY.alias("later")
_MAY_HAVE_ARRIVED = in_state(
    _later.c.state,
    DeliveryState.SENDING,
    DeliveryState.ACCEPTED,
    DeliveryState.DELIVERED,
    DeliveryState.UNCONFIRMED,
)
_WAITS = in_state(_later.c.state, DeliveryState.SCHEDULED, DeliveryState.HELD)
SELECT_OVERTAKEN = select(_DELIVERY.c.id).where(
    _DELIVERY.c.id.in_(bindparam("ids", expanding=True)),
    select(_later.c.id)
    .where(
        _later.c.follows_id == func.coalesce(_DELIVERY.c.follows_id, _DELIVERY.c.id),
        _later.c.id > _DELIVERY.c.id,
        # A retraction that still waits will find that there is nothing to retract; one that was only a test
        # says that nobody wants the conversion sent again.
        or_(
            and_(_MAY_HAVE_ARRIVED, ~_later.c.only_tested),
            and_(_later.c.kind == DeliveryKind.RETRACT, or_(_MAY_HAVE_ARRIVED, _WAITS)),
        ),
    )
    .exists(),
)


def take_questions(
    session: Session, lane: UUID, now: datetime, *, again_at: datetime, limit: int
) -> Sequence[DeliveryRow]:
    """Up to `limit` accepted deliveries that are to be asked about now, detached.

    They are asked about again at `again_at`, should this lane's owner not live to record the answer.
    """
    rows = session.execute(SELECT_QUESTIONS, {"lane": lane, "now": now, "limit": limit}).scalars().all()
    if rows:
        ids = [row.id for row in rows]
        session.connection().execute(_POSTPONE, {"ids": ids, "new_verdict_at": again_at})
    for row in rows:
        session.expunge(row)
    return rows


def next_verdict_at(session: Session, lane: UUID, now: datetime) -> datetime | None:
    """When the lane is to ask next, later than now; None: nothing is accepted, or nothing to be asked."""
    at: datetime | None = (
        session.connection().execute(SELECT_NEXT_VERDICT, {"lane": lane, "now": now}).scalar_one_or_none()
    )
    return at


def overtaken(session: Session, ids: Collection[UUID]) -> set[UUID]:
    """Those of these deliveries that must not be sent once more.

    A newer value may be at the platform, or the conversion taken back: sent after that, they would undo it.
    """
    found = session.connection().execute(SELECT_OVERTAKEN, {"ids": list(ids)})
    return set(found.scalars())
