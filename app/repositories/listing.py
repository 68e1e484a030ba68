"""SQL of lists of leads, jobs and deliveries: pages, counts, and what waits longest. Reads only."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select
from sqlalchemy.sql.base import ExecutableOption
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from app.repositories.deliveries import free, in_state
from app.repositories.filtering import (
    DeliveryCriteria,
    LeadCriteria,
    any_state,
    delivery_conditions,
    lead_conditions,
    state_conditions,
)
from app.repositories.keyset import Order, Window, select_window, sorted_by
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow, JobRow
from app.tables.leads import LeadRow
from app.tables.registry import metadata
from app.values import DeliveryState, LeadOrderField, OrderDirection

_DELIVERY = metadata.tables["delivery"]

_LEAD_COLUMNS = {
    LeadOrderField.CREATED_AT: (col(LeadRow.created_at),),
    LeadOrderField.UPDATED_AT: (col(LeadRow.updated_at),),
    LeadOrderField.FIRST_NAME: (col(LeadRow.first_name),),
    LeadOrderField.LAST_NAME: (col(LeadRow.last_name),),
    # As addresses are compared: trimmed and lower-cased.
    LeadOrderField.EMAIL: (col(LeadRow.email_key),),
    LeadOrderField.PRICE: (col(LeadRow.price_cents),),
    LeadOrderField.STATUS: (col(LeadRow.status), col(LeadRow.created_at)),
}
_NULLABLE = {
    LeadOrderField.FIRST_NAME,
    LeadOrderField.LAST_NAME,
    LeadOrderField.EMAIL,
    LeadOrderField.PRICE,
}

NEWEST_DELIVERIES = Order(
    name="deliveries", columns=(col(DeliveryRow.created_at), col(DeliveryRow.id)), descending=True
)
NEWEST_JOBS = Order(name="jobs", columns=(col(JobRow.id),), descending=True)
"""Of one lead; ids of jobs are time-ordered."""


def lead_order(field: LeadOrderField, direction: OrderDirection) -> Order:
    """Leads sorted so."""
    return Order(
        name=f"leads {field.value} {direction.value}",
        columns=(*_LEAD_COLUMNS[field], col(LeadRow.id)),
        descending=direction is OrderDirection.DESC,
        nullable=field in _NULLABLE,
    )


def select_leads(session: Session, criteria: LeadCriteria, order: Order, window: Window) -> list[LeadRow]:
    """Up to one lead more than the window has, the nearest first."""
    by = order.sorting_what_is_found() if criteria.are_few else order
    return select_window(session, LeadRow, lead_conditions(criteria), by, window)


def count_leads(session: Session, criteria: LeadCriteria) -> int:
    """How many there are."""
    counted = select(func.count()).select_from(LeadRow).where(*lead_conditions(criteria))
    count: int = session.execute(counted).scalar_one()
    return count


def select_deliveries(
    session: Session,
    criteria: DeliveryCriteria,
    window: Window,
    *more: ColumnElement[bool],
    options: Sequence[ExecutableOption] = (),
) -> list[DeliveryRow]:
    """Up to one delivery more than the window has, the nearest first, in the order NEWEST_DELIVERIES."""
    conditions, apart = [*delivery_conditions(criteria), *more], state_conditions(criteria)
    if criteria.are_few:
        conditions, apart = [*conditions, *any_state(criteria)], []
    return select_window(
        session, DeliveryRow, conditions, NEWEST_DELIVERIES, window, apart=apart, options=options
    )


def count_by_state(session: Session, criteria: DeliveryCriteria) -> dict[DeliveryState, int]:
    """How many deliveries there are in each state that occurs."""
    state: Any = col(DeliveryRow.state)
    if criteria.error_code is not None:
        # Otherwise SQLite would read the whole index that has states in this order.
        state = func.coalesce(state, state, type_=state.type)
    rows: Sequence[Row[DeliveryState, int]] = session.execute(
        select(state, func.count())
        .where(*delivery_conditions(criteria), *any_state(criteria))
        .group_by(state)
    ).all()
    return dict((state, count) for state, count in rows)  # noqa: C402 - dict(rows) would not type-check


def oldest_due_at(session: Session, criteria: DeliveryCriteria, now: datetime) -> datetime | None:
    """Since when the delivery has been due that has been so for longest; None: none is."""
    due_at = col(DeliveryRow.next_attempt_at)
    due = select(due_at).where(_is_due(now), *delivery_conditions(criteria), *any_state(criteria))
    if criteria.are_few:
        statement = due.with_only_columns(func.min(due_at))
    else:
        # An integration at a time: that is the order of the index of what is due.
        of_lane = due.where(col(DeliveryRow.integration_id) == col(IntegrationRow.id))
        first = of_lane.order_by(due_at).limit(1).correlate(IntegrationRow).scalar_subquery()
        statement = select(func.min(first)).where(col(IntegrationRow.project_id) == criteria.project_id)
        if criteria.platforms is not None:
            statement = statement.where(col(IntegrationRow.platform).in_(sorted(criteria.platforms)))
    since: datetime | None = session.execute(statement).scalar_one()
    return since


def _is_due(now: datetime) -> ColumnElement[bool]:
    scheduled = in_state(_DELIVERY.c.state, DeliveryState.SCHEDULED)
    return and_(scheduled, col(DeliveryRow.next_attempt_at) <= now, free())


def select_jobs_of_leads(session: Session, lead_ids: Collection[int], window: Window) -> Sequence[JobRow]:
    """Of each lead up to one job more than the window has, the nearest first, in the order NEWEST_JOBS."""
    nearest = sorted_by(NEWEST_JOBS, backward=window.backward)
    conditions = [col(JobRow.lead_id).in_(lead_ids)]
    if window.beyond is not None:
        [beyond] = window.beyond.values
        conditions.append(col(JobRow.id) > beyond if window.backward else col(JobRow.id) < beyond)
    place = func.row_number().over(partition_by=col(JobRow.lead_id), order_by=nearest)
    placed = select(col(JobRow.id), place.label("place")).where(*conditions).subquery()
    wanted = select(placed.c.id).where(placed.c.place <= window.count + 1)
    return session.exec(select_rows(JobRow).where(col(JobRow.id).in_(wanted)).order_by(*nearest)).all()
