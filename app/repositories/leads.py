"""SQL of leads: finding one by any identifier."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.tables.leads import LeadRow
from app.values import LeadIdentifierKind

_COLUMN = {
    LeadIdentifierKind.LEAD_ID: col(LeadRow.id),
    LeadIdentifierKind.UNIQUE_IDENTIFIER: col(LeadRow.unique_identifier),
    LeadIdentifierKind.EMAIL: col(LeadRow.email_key),
    LeadIdentifierKind.PHONE: col(LeadRow.phone_e164),
}


def find_lead(
    session: Session,
    project_id: UUID,
    kind: LeadIdentifierKind,
    value: str | int,
    *,
    lock: bool = False,
    erased: bool = True,
) -> LeadRow | None:
    """The project's lead with this normalised identifier; of several the most recently created.

    `lock`: until the transaction ends nobody else changes the lead or its jobs; the row is read as it is
    after waiting for that. `erased`: also one that was, or is just being, erased.
    """
    column: Any = _COLUMN[kind]
    statement = (
        select(LeadRow)
        .where(col(LeadRow.project_id) == project_id, column == value)
        .order_by(col(LeadRow.id).desc())
        .limit(1)
    )
    if not erased:
        statement = statement.where(col(LeadRow.erased_at).is_(None))
    return session.exec(statement.with_for_update() if lock else statement).one_or_none()


def find_by_event(
    session: Session, project_id: UUID, unique_event_id: str, *, lock: bool = False
) -> LeadRow | None:
    """The project's lead that came from this form submission."""
    statement = select(LeadRow).where(
        col(LeadRow.project_id) == project_id, col(LeadRow.unique_event_id) == unique_event_id
    )
    return session.exec(statement.with_for_update() if lock else statement).one_or_none()


def leads_by_id(session: Session, ids: Sequence[int]) -> Sequence[LeadRow]:
    """These leads, in any order."""
    return session.exec(select(LeadRow).where(col(LeadRow.id).in_(ids))).all()


def insert_lead(session: Session, lead: LeadRow) -> int | None:
    """Insert; answers the new id, or None when the form submission's lead is there already."""
    dialect = session.get_bind().dialect.name
    dialect_insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = (
        dialect_insert(LeadRow)
        .values(lead.model_dump(exclude={"id"}))
        .on_conflict_do_nothing()
        .returning(col(LeadRow.id))
    )
    return session.execute(statement).scalar_one_or_none()
