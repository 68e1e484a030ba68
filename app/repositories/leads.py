"""SQL of leads: finding one by any identifier."""

from collections.abc import Sequence
from functools import cache
from uuid import UUID

from sqlalchemy import bindparam, update
from sqlalchemy import select as core_select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.database.prepared import Prepared, sent_of_lead
from app.tables.leads import LeadRow
from app.tables.making import columns_of, make
from app.tables.registry import metadata
from app.values import LeadIdentifierKind

_LEAD = metadata.tables["lead"]
_COLUMNS = tuple(column.name for column in _LEAD.c)
_ID = _COLUMNS.index("id")
_COLUMN = {
    LeadIdentifierKind.LEAD_ID: _LEAD.c.id,
    LeadIdentifierKind.UNIQUE_IDENTIFIER: _LEAD.c.unique_identifier,
    LeadIdentifierKind.EMAIL: _LEAD.c.email_key,
    LeadIdentifierKind.PHONE: _LEAD.c.phone_e164,
}


@cache
def find_statement(kind: LeadIdentifierKind, *, lock: bool, erased: bool) -> Prepared:
    """The statement of find_lead(), which sees to it that what was put off of the lead is read, too."""
    statement = (
        core_select(_LEAD)
        .where(_LEAD.c.project_id == bindparam("project"), _COLUMN[kind] == bindparam("value"))
        .order_by(_LEAD.c.id.desc())
        .limit(1)
    )
    if not erased:
        statement = statement.where(_LEAD.c.erased_at.is_(None))
    return Prepared(statement.with_for_update() if lock else statement, apart=True)


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

    The row is not the session's: a change of it is stored by a statement, or not at all. `lock`: until the
    transaction ends nobody else changes the lead or its jobs; the row is read as it is after waiting for
    that. `erased`: also one that was, or is just being, erased.
    """
    statement = find_statement(kind, lock=lock, erased=erased)
    asked = {"project": project_id, "value": value}
    found = statement.rows(session, asked)
    if found and sent_of_lead(session, found[0][_ID]):
        found = statement.rows(session, asked)
    return make(LeadRow, dict(zip(_COLUMNS, found[0], strict=True))) if found else None


def _store(*names: str) -> Prepared:
    return Prepared(
        update(_LEAD)
        .where(_LEAD.c.id == bindparam("lead_id"))
        .values({name: bindparam(f"new_{name}") for name in names})
    )


_STATUS_COLUMNS = ("status", "label_id", "current_job_id", "price_cents", "updated_at")
_STORED_COLUMNS = tuple(name for name in _COLUMNS if name != "id")
STORE_STATUS, _STORE_ALL = _store(*_STATUS_COLUMNS), _store(*_STORED_COLUMNS)


def store_status(session: Session, lead: LeadRow) -> None:
    """Write what a status change sets of a lead that find_lead() locked."""
    assert lead.id is not None
    STORE_STATUS.run_later(session, [_new_values(lead, _STATUS_COLUMNS)], lead_id=lead.id)


def store_lead(session: Session, lead: LeadRow) -> None:
    """Write all of a lead that find_lead() locked."""
    _STORE_ALL.run(session, _new_values(lead, _STORED_COLUMNS))


def _new_values(lead: LeadRow, names: Sequence[str]) -> dict[str, object]:
    columns = columns_of(lead)
    return {"lead_id": lead.id, **{f"new_{name}": columns[name] for name in names}}


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
