"""SQL of deliveries that wait: hold, let go, end. Their jobs are locked before and settled after."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, null, select, update
from sqlmodel import Session

from app.repositories.deliveries import in_state, target_is_held
from app.tables.registry import metadata
from app.values import DeliveryState

_DELIVERY = metadata.tables["delivery"]


class Waiting(NamedTuple):
    """A delivery that waited when it was looked for."""

    id: UUID
    job_id: UUID


_ids: Any = bindparam("ids", expanding=True)
_now: Any = bindparam("now", type_=_DELIVERY.c.expires_at.type)
_new_message: Any = bindparam("new_message", type_=_DELIVERY.c.error_message.type)

_OF_LANE = _DELIVERY.c.integration_id == bindparam("lane")
_SCHEDULED = in_state(_DELIVERY.c.state, DeliveryState.SCHEDULED)
_HELD = in_state(_DELIVERY.c.state, DeliveryState.HELD)
_WAITING = in_state(_DELIVERY.c.state, DeliveryState.SCHEDULED, DeliveryState.HELD)


def _find(*conditions: ColumnElement[bool]) -> Select[UUID, UUID]:
    return (
        select(_DELIVERY.c.id, _DELIVERY.c.job_id)
        .where(*conditions)
        .limit(bindparam("limit", type_=Integer()))
    )


SELECT_SCHEDULED = _find(_OF_LANE, _SCHEDULED)
SELECT_SCHEDULED_OF_MAPPING = _find(
    _OF_LANE,
    _SCHEDULED,
    _DELIVERY.c.label_id == bindparam("label"),
    _DELIVERY.c.target == bindparam("held_target"),
)
SELECT_HELD = _find(_OF_LANE, _HELD)
SELECT_RELEASABLE = _find(_OF_LANE, _HELD, ~target_is_held())
SELECT_OVERDUE = _find(_WAITING, _DELIVERY.c.expires_at <= _now).order_by(_DELIVERY.c.expires_at)

_CHANGE = update(_DELIVERY).where(_DELIVERY.c.id.in_(_ids))
# next_attempt_at stays: what was not due yet is not due earlier for having been held.
_HOLD = _CHANGE.where(_SCHEDULED).values(state=DeliveryState.HELD, warning=bindparam("new_warning"))
_RELEASE = _CHANGE.where(_HELD).values(
    state=DeliveryState.SCHEDULED,
    next_attempt_at=func.coalesce(_DELIVERY.c.next_attempt_at, _now),
    warning=null(),
)
_FINISH = _CHANGE.where(_WAITING).values(
    state=bindparam("new_state"),
    next_attempt_at=None,
    finished_at=_now,
    warning=null(),
    # What the platform answered last says more than that time ran out.
    error_code=func.coalesce(_DELIVERY.c.error_code, bindparam("new_code")),
    error_message=func.coalesce(_DELIVERY.c.error_message + " " + _new_message, _new_message),
)


def find_scheduled(session: Session, lane: UUID, limit: int) -> list[Waiting]:
    """SCHEDULED deliveries of the lane."""
    return _waiting(session, SELECT_SCHEDULED, {"lane": lane, "limit": limit})


def find_scheduled_of_mapping(
    session: Session, lane: UUID, label_id: UUID, target: str, limit: int
) -> list[Waiting]:
    """SCHEDULED deliveries of the lane for this label that go to this target."""
    parameters = {"lane": lane, "label": label_id, "held_target": target, "limit": limit}
    return _waiting(session, SELECT_SCHEDULED_OF_MAPPING, parameters)


def find_held(session: Session, lane: UUID, limit: int) -> list[Waiting]:
    """HELD deliveries of the lane."""
    return _waiting(session, SELECT_HELD, {"lane": lane, "limit": limit})


def find_releasable(session: Session, lane: UUID, limit: int) -> list[Waiting]:
    """HELD deliveries of the lane, but for those whose own target is held."""
    return _waiting(session, SELECT_RELEASABLE, {"lane": lane, "limit": limit})


def find_overdue(session: Session, now: datetime, limit: int) -> list[Waiting]:
    """Deliveries of any lane whose time window has closed while they waited."""
    return _waiting(session, SELECT_OVERDUE, {"now": now, "limit": limit})


def hold(session: Session, ids: Collection[UUID], warning: dict[str, Any]) -> None:
    """Hold those that are still SCHEDULED."""
    _change(session, _HOLD, ids, {"new_warning": warning})


def release(session: Session, ids: Collection[UUID], now: datetime) -> None:
    """Schedule those that are still HELD, for the time they had, else for `now`."""
    _change(session, _RELEASE, ids, {"now": now})


def finish(
    session: Session, ids: Collection[UUID], state: DeliveryState, *, code: str, message: str, now: datetime
) -> None:
    """Give those that still wait a final state; `code` where no attempt left its own, `message` after its."""
    _change(session, _FINISH, ids, {"new_state": state, "new_code": code, "new_message": message, "now": now})


def _waiting(session: Session, statement: Any, parameters: dict[str, Any]) -> list[Waiting]:
    return [Waiting(*row) for row in session.connection().execute(statement, parameters)]


def _change(session: Session, statement: Any, ids: Collection[UUID], parameters: dict[str, Any]) -> None:
    session.connection().execute(statement, {"ids": list(ids), **parameters})
