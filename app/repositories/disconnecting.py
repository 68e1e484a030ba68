"""SQL of what a disconnected integration leaves: mappings, deliveries that wait or lack a verdict."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, bindparam, case, delete, null, or_, select, update
from sqlmodel import Session

from app.database.setup import setup_changed
from app.repositories.deliveries import in_state
from app.repositories.waiting import Waiting, find_held, find_scheduled
from app.tables.registry import metadata
from app.values import DeliveryState

_INTEGRATION = metadata.tables["integration"]
_MAPPING = metadata.tables["label_mapping"]
_DELIVERY = metadata.tables["delivery"]

_ids: Any = bindparam("ids", expanding=True)
_ACCEPTED = in_state(_DELIVERY.c.state, DeliveryState.ACCEPTED)


def _has_delivery(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    of_lane = _DELIVERY.c.integration_id == _INTEGRATION.c.id
    return select(_DELIVERY.c.id).where(of_lane, *conditions).correlate(_INTEGRATION).exists()


SELECT_UNCLEARED = select(_INTEGRATION.c.id).where(
    _INTEGRATION.c.disconnected_at.is_not(None),
    or_(
        select(_MAPPING.c.id)
        .where(_MAPPING.c.integration_id == _INTEGRATION.c.id)
        .correlate(_INTEGRATION)
        .exists(),
        # One state each: a partial index serves one.
        _has_delivery(in_state(_DELIVERY.c.state, DeliveryState.SCHEDULED)),
        _has_delivery(in_state(_DELIVERY.c.state, DeliveryState.HELD)),
        _has_delivery(_ACCEPTED, _DELIVERY.c.verdict_at.is_not(None)),
    ),
)
SELECT_AWAITING_VERDICT = (
    select(_DELIVERY.c.id)
    .where(_DELIVERY.c.integration_id == bindparam("lane"), _ACCEPTED, _DELIVERY.c.verdict_at.is_not(None))
    .limit(bindparam("limit", type_=Integer()))
    # SKIP LOCKED: what the lane's last turn is recording just now is found the next time.
    .with_for_update(key_share=True, skip_locked=True)
)
_DELETE_MAPPINGS = delete(_MAPPING).where(_MAPPING.c.integration_id == bindparam("lane"))
_CHANGE = update(_DELIVERY).where(_DELIVERY.c.id.in_(_ids))
_CANCEL = _CHANGE.where(in_state(_DELIVERY.c.state, DeliveryState.SCHEDULED, DeliveryState.HELD)).values(
    # One that may have arrived earlier is not called canceled.
    state=case(
        (_DELIVERY.c.uncertain_since.is_(None), DeliveryState.CANCELED), else_=DeliveryState.UNCONFIRMED
    ),
    next_attempt_at=None,
    finished_at=bindparam("now", type_=_DELIVERY.c.finished_at.type),
    warning=null(),
    error_code=bindparam("new_code"),
    error_message=bindparam("new_message"),
)
_END_ASKING = _CHANGE.where(_ACCEPTED).values(
    verdict_at=None, error_code=bindparam("new_code"), error_message=bindparam("new_message")
)


def find_uncleared(session: Session) -> Sequence[UUID]:
    """Disconnected integrations that something is left of."""
    return session.connection().execute(SELECT_UNCLEARED).scalars().all()


def delete_mappings(session: Session, lane: UUID) -> None:
    """Delete the integration's mappings."""
    session.connection().execute(_DELETE_MAPPINGS, {"lane": lane})
    setup_changed(session)


def find_waiting(session: Session, lane: UUID, limit: int) -> list[Waiting]:
    """Deliveries of the lane that wait, held or not."""
    scheduled = find_scheduled(session, lane, limit)
    return scheduled + (find_held(session, lane, limit - len(scheduled)) if len(scheduled) < limit else [])


def cancel(session: Session, ids: Collection[UUID], *, code: str, message: str, now: datetime) -> int:
    """Cancel those that still wait; answers how many. Their jobs are locked before and settled after."""
    parameters = {"ids": list(ids), "new_code": code, "new_message": message, "now": now}
    return session.connection().execute(_CANCEL, parameters).rowcount


def end_asking(session: Session, lane: UUID, limit: int, *, code: str, message: str) -> int:
    """Ask for no verdict on what the platform accepted; answers how many deliveries that changed."""
    connection = session.connection()
    ids = connection.execute(SELECT_AWAITING_VERDICT, {"lane": lane, "limit": limit}).scalars().all()
    connection.execute(_END_ASKING, {"ids": ids, "new_code": code, "new_message": message})
    return len(ids)
