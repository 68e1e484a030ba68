"""SQL of trying deliveries again by hand: find them, lock them, read what decides, write what was decided."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select, update
from sqlalchemy.orm import QueryableAttribute, defer
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from app.repositories.filtering import DeliveryCriteria, any_state, delivery_conditions
from app.repositories.keyset import Window
from app.repositories.listing import select_deliveries
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow, JobRow
from app.tables.labels import LabelMappingRow
from app.tables.leads import LeadRow
from app.tables.registry import metadata
from app.values import DeliveryState

_DELIVERY = metadata.tables["delivery"]
_SMALL = tuple(
    defer(cast("QueryableAttribute[Any]", column), raiseload=True)
    for column in (DeliveryRow.request, DeliveryRow.response, DeliveryRow.warning)
)
"""Without the JSON that no rule looks at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryChange:
    """What a retry makes of its delivery; the fields are columns."""

    id: UUID
    state: DeliveryState
    warning: dict[str, Any] | None
    target: str
    consent: dict[str, Any]
    next_attempt_at: datetime | None
    expires_at: datetime | None
    unknown_errors: int
    uncertain_since: datetime | None
    taken_back: bool
    finished_at: datetime | None
    error_code: str | None
    error_message: str | None


RETRY_COLUMNS = tuple(field.name for field in fields(RetryChange))

_RETRY = (
    update(_DELIVERY)
    .where(_DELIVERY.c.id == bindparam("new_id"))
    .values({name: bindparam(f"new_{name}") for name in RETRY_COLUMNS if name != "id"})
)
_EXPLAIN = (
    update(_DELIVERY)
    .where(_DELIVERY.c.id == bindparam("new_id"), _DELIVERY.c.state == DeliveryState.SKIPPED)
    .values(warning=bindparam("new_warning"))
)


def find_retryable(session: Session, criteria: DeliveryCriteria, window: Window) -> list[DeliveryRow]:
    """The deliveries that could be tried again: up to one more than the window has, newest first."""
    return select_deliveries(session, criteria, window, *_can_be_sent(), options=_SMALL)


def lock_retryable(session: Session, criteria: DeliveryCriteria, ids: Collection[UUID]) -> set[UUID]:
    """Those of `ids` that can still be tried again, locked; their jobs are locked already."""
    rows = session.execute(
        select(col(DeliveryRow.id))
        .where(col(DeliveryRow.id).in_(sorted(ids)), *delivery_conditions(criteria), *any_state(criteria))
        .where(*_can_be_sent())
        .order_by(col(DeliveryRow.id))
        .with_for_update(key_share=True, of=DeliveryRow)
    )
    return set(rows.scalars())


def _can_be_sent() -> tuple[ColumnElement[bool], ...]:
    """Neither was its lead erased nor its integration disconnected: those are there for the record only."""
    erased = select(col(LeadRow.id)).where(
        col(LeadRow.id) == col(DeliveryRow.lead_id), col(LeadRow.erased_at).is_not(None)
    )
    gone = select(col(IntegrationRow.id)).where(
        col(IntegrationRow.id) == col(DeliveryRow.integration_id),
        col(IntegrationRow.disconnected_at).is_not(None),
    )
    return (~erased.correlate(DeliveryRow).exists(), ~gone.correlate(DeliveryRow).exists())


def deliveries_of_leads(session: Session, lead_ids: Collection[int]) -> Sequence[DeliveryRow]:
    """Everything of these leads, oldest first, without the JSON that no rule looks at."""
    return session.exec(
        select_rows(DeliveryRow)
        .options(*_SMALL)
        .where(col(DeliveryRow.lead_id).in_(sorted(lead_ids)))
        .order_by(col(DeliveryRow.id))
    ).all()


def jobs_of_leads(session: Session, lead_ids: Collection[int]) -> Sequence[JobRow]:
    """Every job of these leads, oldest first."""
    return session.exec(
        select_rows(JobRow).where(col(JobRow.lead_id).in_(sorted(lead_ids))).order_by(col(JobRow.id))
    ).all()


def mappings_by_place(
    session: Session, label_ids: Collection[UUID]
) -> Mapping[tuple[UUID, UUID], LabelMappingRow]:
    """The mappings of these labels, by label and integration."""
    rows = session.exec(
        select_rows(LabelMappingRow).where(col(LabelMappingRow.label_id).in_(sorted(label_ids)))
    )
    return {(row.label_id, row.integration_id): row for row in rows}


def write_retries(session: Session, changes: Sequence[RetryChange]) -> None:
    """Write them, for deliveries that lock_retryable() found."""
    if changes:
        parameters = [{f"new_{name}": getattr(change, name) for name in RETRY_COLUMNS} for change in changes]
        session.connection().execute(_RETRY, parameters)


def explain_skips(session: Session, warnings: Mapping[UUID, dict[str, Any] | None]) -> None:
    """Write why deliveries are skipped by now; those that are in another state keep what they say."""
    if warnings:
        parameters = [
            {"new_id": delivery_id, "new_warning": warning} for delivery_id, warning in warnings.items()
        ]
        session.connection().execute(_EXPLAIN, parameters)
