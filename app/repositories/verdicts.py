"""SQL by which a lane finds what it is to ask the platform about."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, bindparam, func, select, update
from sqlmodel import Session, col

from app.repositories.deliveries import in_state
from app.tables.jobs import DeliveryRow
from app.tables.registry import metadata
from app.values import DeliveryState

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
