"""Leads: creating, merging what comes later, changing, and finding one. Erasing: erasing.py."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.clock import Clock
from app.database.database import Database
from app.errors import InvalidInputError, Problem, invalid
from app.repositories.leads import find_by_event, insert_lead, store_lead
from app.repositories.projects import get_project
from app.services.auditing import changed_fields, record
from app.services.identifying import (
    ChosenIdentifier,
    LeadIdentifier,
    choose_identifier,
    load_lead,
    require_lead,
)
from app.services.lead_fields import (
    LeadValues,
    audited_values,
    changed_values,
    given_values,
    is_recognisable,
    problems_of,
)
from app.services.lead_merge import merge
from app.services.public_leads import fill_attribution, public_problems
from app.services.texts import reject
from app.services.viewer import Viewer
from app.tables.leads import LeadRow
from app.tables.projects import ProjectRow
from app.values import AuditAction, LeadIdentifierKind, LeadStatus


@dataclass(frozen=True, slots=True)
class Created:
    """A lead, new or merged with what was there."""

    lead: LeadRow
    created: bool


@dataclass(frozen=True, slots=True)
class LeadService:
    """Creates, changes and finds leads."""

    database: Database
    clock: Clock

    async def create(self, viewer: Viewer, values: LeadValues) -> Created:
        """Create a lead, or merge the values into the one from the same form submission, in one transaction.

        A given value replaces; None, blank text and absence keep what is there. With a public key nothing is
        replaced: it fills empty attribution, for a while.

        Raises:
            InvalidInputError: a value cannot be stored, or not with this key, or nothing in the lead would
                ever find it again.
        """
        now, given = self.clock(), given_values(values)
        reject(problems_of(given, now))
        if viewer.is_public:
            reject(public_problems(given))

        def work(session: Session) -> Created:
            return _create_or_merge(session, viewer, given, now)

        return await self.database.write(work)

    async def update(self, viewer: Viewer, identifier: LeadIdentifier, values: LeadValues) -> LeadRow:
        """Write the values to a lead, in one transaction.

        A given value replaces, None clears; blank text and absence keep what is there. A currency is never
        nothing: cleared, it is the project's.

        Raises:
            InvalidInputError: a value cannot be stored, or nothing in the lead would ever find it again.
            LeadNotFoundError: the identifier that was used finds no lead.
        """
        now, changed = self.clock(), changed_values(values)
        chosen = _checked(identifier, problems_of(changed, now))

        def work(session: Session) -> LeadRow:
            project = get_project(session, viewer.project_id)
            lead = require_lead(session, project, chosen)
            before = audited_values(lead)
            _merge(lead, project, _with_currency(changed, project), now)
            store_lead(session, lead)
            _record_update(session, viewer, lead, now, before=before)
            return lead

        return await self.database.write(work)

    async def find(self, viewer: Viewer, identifier: LeadIdentifier) -> LeadRow | None:
        """The lead; InvalidInputError when no identifier was given or the one that counts is blank.

        One that was erased is still found by its id here, for the sake of its history.
        """
        chosen = choose_identifier(identifier)
        erased = chosen.kind is LeadIdentifierKind.LEAD_ID

        def work(session: Session) -> LeadRow | None:
            return load_lead(session, get_project(session, viewer.project_id), chosen, erased=erased)

        return await self.database.read(work)


def _checked(identifier: LeadIdentifier, problems: list[Problem]) -> ChosenIdentifier:
    """The identifier that is used; InvalidInputError with everything that is wrong, with it or otherwise."""
    try:
        chosen = choose_identifier(identifier)
    except InvalidInputError as refused:
        reject([*refused.problems, *problems])
        raise
    reject(problems)
    return chosen


def _with_currency(changed: LeadValues, project: ProjectRow) -> LeadValues:
    is_cleared = "currency" in changed and changed["currency"] is None
    return {**changed, "currency": project.currency} if is_cleared else changed


def _create_or_merge(session: Session, viewer: Viewer, given: LeadValues, now: datetime) -> Created:
    project = get_project(session, viewer.project_id)
    event = given.get("unique_event_id")
    there = find_by_event(session, project.id, event, lock=True) if event else None
    if there is None:
        lead = _new_lead(project, given, now)
        lead.id = insert_lead(session, lead)
        if lead.id is not None:
            _record(session, viewer, AuditAction.LEAD_CREATED, lead, now, before={})
            return Created(lead, created=True)
        # Another call created it a moment ago: what it wrote is there now.
        there = find_by_event(session, project.id, str(event), lock=True)
        assert there is not None
    before = audited_values(there)
    if viewer.is_public:
        fill_attribution(there, given, default_country=project.country_code, now=now)
    else:
        _merge(there, project, given, now)
    _record_update(session, viewer, there, now, before=before)
    return Created(there, created=False)


def _record_update(
    session: Session, viewer: Viewer, lead: LeadRow, now: datetime, *, before: dict[str, Any]
) -> None:
    if audited_values(lead) != before:
        _record(session, viewer, AuditAction.LEAD_UPDATED, lead, now, before=before)


def _record(
    session: Session,
    viewer: Viewer,
    action: AuditAction,
    lead: LeadRow,
    now: datetime,
    *,
    before: dict[str, Any],
) -> None:
    changes = changed_fields(before, audited_values(lead))
    record(session, viewer, action, lead.id, now, changes=changes)


def _new_lead(project: ProjectRow, given: LeadValues, now: datetime) -> LeadRow:
    lead = LeadRow(
        project_id=project.id,
        status=LeadStatus.OPEN,
        currency=project.currency,
        created_at=now,
        updated_at=now,
    )
    _merge(lead, project, given, now)
    return lead


def _merge(lead: LeadRow, project: ProjectRow, given: LeadValues, now: datetime) -> None:
    merge(lead, given, default_country=project.country_code, now=now)
    # Of the lead and not of what was given: a call may bring nothing but a consent that was withdrawn.
    if not is_recognisable(lead):
        raise invalid(message="give at least an e-mail, a phone, a name, a uniqueIdentifier or a click id")
