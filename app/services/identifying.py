"""Which lead is meant: the highest-priority identifier given decides, and it alone."""

from dataclasses import dataclass

from sqlmodel import Session

from app.errors import LeadNotFoundError, invalid
from app.repositories.leads import find_lead
from app.services.contacts import email_key, phone_e164
from app.services.texts import LONG, reject, text_problem
from app.tables.leads import LeadRow
from app.tables.projects import ProjectRow
from app.values import LeadIdentifierKind

_MAX_LEAD_ID = 2**63 - 1
_FIELDS = {
    LeadIdentifierKind.LEAD_ID: "leadId",
    LeadIdentifierKind.UNIQUE_IDENTIFIER: "uniqueIdentifier",
    LeadIdentifierKind.EMAIL: "email",
    LeadIdentifierKind.PHONE: "phone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadIdentifier:
    """What a caller gave to name a lead; None: not given."""

    lead_id: str | None = None
    unique_identifier: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class ChosenIdentifier:
    """The one identifier that is used."""

    kind: LeadIdentifierKind
    value: str


def choose_identifier(given: LeadIdentifier) -> ChosenIdentifier:
    """The highest-priority identifier; InvalidInputError when none was given or it is blank."""
    by_kind = {
        LeadIdentifierKind.LEAD_ID: given.lead_id,
        LeadIdentifierKind.UNIQUE_IDENTIFIER: given.unique_identifier,
        LeadIdentifierKind.EMAIL: given.email,
        LeadIdentifierKind.PHONE: given.phone,
    }
    for kind, value in by_kind.items():
        if value is None:
            continue
        path = ("lead", _FIELDS[kind])
        if not value.strip():
            raise invalid(*path, message="must not be blank; leave it out instead")
        problem = text_problem(path, value, LONG)
        reject([problem] if problem else [])
        return ChosenIdentifier(kind, value)
    raise invalid("lead", message="give one of leadId, uniqueIdentifier, email or phone")


def load_lead(
    session: Session,
    project: ProjectRow,
    chosen: ChosenIdentifier,
    *,
    lock: bool = False,
    erased: bool = False,
) -> LeadRow | None:
    """The lead, or None; of several the most recently created. `erased`: also one that was erased."""
    value = normalised(chosen, project)
    if value is None:
        return None
    return find_lead(session, project.id, chosen.kind, value, lock=lock, erased=erased)


def require_lead(session: Session, project: ProjectRow, chosen: ChosenIdentifier) -> LeadRow:
    """The lead, locked for this transaction; LeadNotFoundError without one, and for one that was erased."""
    lead = load_lead(session, project, chosen, lock=True)
    if lead is None:
        raise LeadNotFoundError(chosen.kind)
    return lead


def normalised(chosen: ChosenIdentifier, project: ProjectRow) -> str | int | None:
    """The identifier as it is compared; None: nothing can have it."""
    match chosen.kind:
        case LeadIdentifierKind.LEAD_ID:
            return lead_id_of(chosen.value)
        case LeadIdentifierKind.EMAIL:
            return email_key(chosen.value)
        case LeadIdentifierKind.PHONE:
            return phone_e164(chosen.value, project.country_code)
        case LeadIdentifierKind.UNIQUE_IDENTIFIER:
            return chosen.value


def lead_id_of(text: str) -> int | None:
    """The number, or None for anything that is not the id of a lead as we write it."""
    if not (text.isascii() and text.isdigit()) or text.startswith("0") or len(text) > len(str(_MAX_LEAD_ID)):
        return None
    number = int(text)
    return number if number <= _MAX_LEAD_ID else None
