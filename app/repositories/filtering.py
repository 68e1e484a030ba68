"""SQL conditions of the filters of lists: what a caller may narrow leads and deliveries down by."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, or_
from sqlmodel import col

from app.tables.jobs import DeliveryRow
from app.tables.leads import LeadRow
from app.values import DeliveryState, LeadStatus, Platform

_ESCAPE = "\\"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTerm:
    """What is searched for in a lead's name, e-mail address, phone number and identifier."""

    spellings: tuple[str, ...]
    """As it may be stored once the database has lower-cased that; SQLite knows no letters beyond ASCII."""
    digits: str | None
    """Of a phone number, to be found in an E.164 number; None: it is none."""
    lead_id: int | None
    """None: it is no id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadCriteria:
    """Which leads; None: whatever they have."""

    project_id: UUID
    statuses: Collection[LeadStatus] | None = None
    label_id: UUID | None = None
    form_name: str | None = None
    unique_identifier: str | None = None
    email_key: str | None = None
    phone_e164: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    """Itself excluded."""
    search: SearchTerm | None = None
    has: tuple[tuple[str, bool], ...] = ()
    """Columns that must be there (True), or must not (False)."""
    none: bool = False
    """Something was asked for that no lead can have."""

    @property
    def are_few(self) -> bool:
        """Whether few leads can meet them: sorting those is quicker than looking for them in order."""
        return (self.unique_identifier, self.email_key, self.phone_e164) != (None, None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryCriteria:
    """Which deliveries; None: whatever they have."""

    project_id: UUID
    ids: Collection[UUID] | None = None
    states: Collection[DeliveryState] | None = None
    platforms: Collection[Platform] | None = None
    integration_id: UUID | None = None
    lead_id: int | None = None
    job_id: UUID | None = None
    error_code: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    """Itself excluded."""
    created_at_most: datetime | None = None
    none: bool = False
    """Something was asked for that no delivery can have."""

    @property
    def are_few(self) -> bool:
        """Whether few deliveries can meet them."""
        return (self.ids, self.lead_id, self.job_id) != (None, None, None)


def lead_conditions(criteria: LeadCriteria) -> list[ColumnElement[bool]]:
    """What a lead must meet."""
    return [col(LeadRow.project_id) == criteria.project_id, *_lead_conditions(criteria)]


def delivery_conditions(criteria: DeliveryCriteria) -> list[ColumnElement[bool]]:
    """What a delivery must meet, whatever its state: that is state_conditions()."""
    project_id: Any = col(DeliveryRow.project_id)
    if criteria.are_few:
        # Not as the start of an index: the lead, the job or the ids lead to fewer rows than the project.
        project_id = func.coalesce(project_id, project_id)
    return [project_id == criteria.project_id, *_delivery_conditions(criteria)]


def state_conditions(criteria: DeliveryCriteria) -> list[ColumnElement[bool]]:
    """One for each state that is asked for; empty: any state will do."""
    if criteria.states is None:
        return []
    return [col(DeliveryRow.state) == state for state in sorted(criteria.states)] or [false()]


def any_state(criteria: DeliveryCriteria) -> list[ColumnElement[bool]]:
    """state_conditions() as one, or none."""
    return [] if criteria.states is None else [col(DeliveryRow.state).in_(sorted(criteria.states))]


def _lead_conditions(criteria: LeadCriteria) -> Iterator[ColumnElement[bool]]:
    if criteria.none:
        yield false()
    if criteria.statuses is not None:
        yield col(LeadRow.status).in_(sorted(criteria.statuses))
    equal = ("label_id", "form_name", "unique_identifier", "email_key", "phone_e164")
    yield from _equal(LeadRow, criteria, equal)
    yield from _created(LeadRow, criteria)
    for name, is_there in criteria.has:
        column = col(getattr(LeadRow, name))
        yield column.is_not(None) if is_there else column.is_(None)
    if criteria.search is not None:
        yield or_(*_found(criteria.search))


def _delivery_conditions(criteria: DeliveryCriteria) -> Iterator[ColumnElement[bool]]:
    if criteria.none:
        yield false()
    if criteria.ids is not None:
        yield col(DeliveryRow.id).in_(sorted(criteria.ids))
    if criteria.platforms is not None:
        yield col(DeliveryRow.platform).in_(sorted(criteria.platforms))
    yield from _equal(DeliveryRow, criteria, ("integration_id", "lead_id", "job_id", "error_code"))
    yield from _created(DeliveryRow, criteria)
    if criteria.created_at_most is not None:
        yield col(DeliveryRow.created_at) <= criteria.created_at_most


def _equal(
    table: type[LeadRow | DeliveryRow], criteria: LeadCriteria | DeliveryCriteria, names: Sequence[str]
) -> Iterator[ColumnElement[bool]]:
    for name in names:
        wanted = getattr(criteria, name)
        if wanted is not None:
            yield col(getattr(table, name)) == wanted


def _created(
    table: type[LeadRow | DeliveryRow], criteria: LeadCriteria | DeliveryCriteria
) -> Iterator[ColumnElement[bool]]:
    if criteria.created_from is not None:
        yield col(table.created_at) >= criteria.created_from
    if criteria.created_to is not None:
        yield col(table.created_at) < criteria.created_to


def _found(term: SearchTerm) -> Iterator[ColumnElement[bool]]:
    name = func.coalesce(LeadRow.first_name, "") + " " + func.coalesce(LeadRow.last_name, "")
    for spelling in term.spellings:
        for text in (name, LeadRow.email, LeadRow.phone, LeadRow.unique_identifier):
            yield func.lower(text).like(_containing(spelling), escape=_ESCAPE)
    if term.digits is not None:
        yield col(LeadRow.phone_e164).like(_containing(term.digits), escape=_ESCAPE)
    if term.lead_id is not None:
        yield col(LeadRow.id) == term.lead_id


def _containing(text: str) -> str:
    """A LIKE pattern for text with this in it, whatever signs it has."""
    for sign in (_ESCAPE, "%", "_"):
        text = text.replace(sign, _ESCAPE + sign)
    return f"%{text}%"
