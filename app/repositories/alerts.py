"""SQL of what the operator is to be told: what is held, and what ended unsent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, Integer, Select, Table, bindparam, select, update
from sqlmodel import Session

from app.repositories.deliveries import in_state
from app.tables.registry import metadata
from app.values import DeliveryState, PauseReason, Platform

_PROJECT = metadata.tables["project"]
_INTEGRATION = metadata.tables["integration"]
_LABEL = metadata.tables["conversion_label"]
_MAPPING = metadata.tables["label_mapping"]
_DELIVERY = metadata.tables["delivery"]

_limit: Any = bindparam("limit", type_=Integer())


class Untold(NamedTuple):
    """One thing that the operator has not been told, as it is stored."""

    table: str
    """What it is: integration, label_mapping or delivery."""
    id: UUID
    at: datetime
    """When it was held, or ended: with the id this names the event."""
    reason: str
    message: str | None
    project_id: UUID
    project_name: str
    integration_id: UUID
    integration_name: str
    platform: Platform
    label_id: UUID | None = None
    label_name: str | None = None
    target: str | None = None
    """Of a mapping."""
    job_id: UUID | None = None
    lead_id: int | None = None
    state: DeliveryState | None = None


def _untold(at: Column[Any]) -> Any:
    """What `at` says has not been told: the `alerted_at` beside it is another one's."""
    return at.table.c.alerted_at.is_distinct_from(at)


_PLACE = (
    _PROJECT.c.id.label("project_id"),
    _PROJECT.c.name.label("project_name"),
    _INTEGRATION.c.id.label("integration_id"),
    _INTEGRATION.c.name.label("integration_name"),
    _INTEGRATION.c.platform,
)
_OF_PROJECT = _PROJECT.c.id == _INTEGRATION.c.project_id
# What a person switched off holds nothing up; the rest is told when it is on again.
_IN_USE = _INTEGRATION.c.enabled & _INTEGRATION.c.disconnected_at.is_(None)

SELECT_INTEGRATIONS: Select[Any] = (
    select(
        _INTEGRATION.c.id,
        _INTEGRATION.c.paused_at.label("at"),
        _INTEGRATION.c.pause_reason.label("reason"),
        _INTEGRATION.c.pause_message.label("message"),
        *_PLACE,
    )
    .join(_PROJECT, _OF_PROJECT)
    .where(
        _IN_USE,
        _INTEGRATION.c.paused_at.is_not(None),
        _INTEGRATION.c.pause_reason != PauseReason.MANUAL,
        _untold(_INTEGRATION.c.paused_at),
    )
    .order_by(_INTEGRATION.c.id)
    .limit(_limit)
)
SELECT_MAPPINGS: Select[Any] = (
    select(
        _MAPPING.c.id,
        _MAPPING.c.held_at.label("at"),
        _MAPPING.c.hold_message.label("message"),
        _MAPPING.c.target,
        _LABEL.c.id.label("label_id"),
        _LABEL.c.name.label("label_name"),
        *_PLACE,
    )
    .join(_LABEL, _LABEL.c.id == _MAPPING.c.label_id)
    .join(_INTEGRATION, _INTEGRATION.c.id == _MAPPING.c.integration_id)
    .join(_PROJECT, _OF_PROJECT)
    .where(_IN_USE, _MAPPING.c.held_at.is_not(None), _untold(_MAPPING.c.held_at))
    .order_by(_MAPPING.c.id)
    .limit(_limit)
)
UNSENT = in_state(
    _DELIVERY.c.state,
    # In the order of the index's condition, which SQLite compares word by word.
    DeliveryState.REJECTED,
    DeliveryState.EXPIRED,
    DeliveryState.FAILED,
    DeliveryState.UNCONFIRMED,
)
# First the deliveries alone: joined, a planner might begin with projects.
_ENDED = (
    select(_DELIVERY.c.id)
    .where(
        UNSENT,
        _DELIVERY.c.finished_at > bindparam("since", type_=_DELIVERY.c.finished_at.type),
        _untold(_DELIVERY.c.finished_at),
    )
    .order_by(_DELIVERY.c.finished_at)
    .limit(_limit)
)
SELECT_DELIVERIES: Select[Any] = (
    select(
        _DELIVERY.c.id,
        _DELIVERY.c.finished_at.label("at"),
        _DELIVERY.c.error_code.label("reason"),
        _DELIVERY.c.error_message.label("message"),
        _DELIVERY.c.job_id,
        _DELIVERY.c.lead_id,
        _DELIVERY.c.state,
        _LABEL.c.id.label("label_id"),
        _LABEL.c.name.label("label_name"),
        *_PLACE,
    )
    .join(_LABEL, _LABEL.c.id == _DELIVERY.c.label_id)
    .join(_INTEGRATION, _INTEGRATION.c.id == _DELIVERY.c.integration_id)
    .join(_PROJECT, _OF_PROJECT)
    .where(_DELIVERY.c.id.in_(_ENDED))
    .order_by(_DELIVERY.c.finished_at, _DELIVERY.c.id)
)


def find_untold(session: Session, *, since: datetime, limit: int) -> list[Untold]:
    """What is held now, then what ended unsent after `since`, oldest first; `limit` altogether."""
    found: list[Untold] = []
    for table, statement in (
        (_INTEGRATION, SELECT_INTEGRATIONS),
        (_MAPPING, SELECT_MAPPINGS),
        (_DELIVERY, SELECT_DELIVERIES),
    ):
        if len(found) < limit:
            given = {"limit": limit - len(found)} | ({"since": since} if table is _DELIVERY else {})
            found += [_read(table, row) for row in session.connection().execute(statement, given).mappings()]
    return found


def _read(table: Table, row: Any) -> Untold:
    columns = dict(row)
    reason = columns.pop("reason", None)
    if reason is None:
        # A mapping is held for one reason only; a delivery without a code tells its state.
        reason = columns.get("state", PauseReason.CONFIGURATION).value
    return Untold(table=table.name, reason=str(reason), **columns)


def mark_told(session: Session, told: Sequence[Untold]) -> None:
    """Remember what was told; what has changed since is to be told again.

    On PostgreSQL: things of one table only, because lanes lock those of several in an order of their own.
    """
    for table in (_DELIVERY, _MAPPING, _INTEGRATION):
        at = [{"row": one.id, "told_at": one.at} for one in told if one.table == table.name]
        if at:
            session.connection().execute(_MARK[table.name], at)


_MARK = {
    table.name: update(table)
    .where(table.c.id == bindparam("row"))
    .values(alerted_at=bindparam("told_at", type_=table.c.alerted_at.type))
    for table in (_INTEGRATION, _MAPPING, _DELIVERY)
}
