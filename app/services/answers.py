"""How a status change ended well."""

from dataclasses import dataclass
from typing import Any

from app.services.situation import Planned
from app.tables.jobs import JobRow
from app.tables.leads import LeadRow
from app.values import LeadIdentifierKind, LeadStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The lead is open again; nothing was queued."""

    lead: LeadRow
    unique_identifier: str | None
    """As it was when the answer was first given; so are the other fields but the rows."""
    identified_by: LeadIdentifierKind
    canceled_job: JobRow | None
    """The job of which something was canceled."""
    replayed: bool = False
    message: str = "Lead status updated to open"
    status: LeadStatus = LeadStatus.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A job was queued."""

    lead: LeadRow
    unique_identifier: str | None
    identified_by: LeadIdentifierKind
    job: JobRow
    superseded_job: JobRow | None
    """The job that gave way."""
    warnings: list[dict[str, Any]]
    """In the form of app.services.warnings."""
    planned: tuple[Planned, ...] = ()
    """What was made of each integration; empty when the answer is a replay."""
    replayed: bool = False
    message: str = "Lead queued for processing"
    status: LeadStatus = LeadStatus.PENDING
