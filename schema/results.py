"""What mutations answer when all went well, and the unions with what can be refused."""

from typing import Annotated, Any

import strawberry

from app.services.answers import Opened, Queued
from app.services.erasing import Erased
from app.services.leads import Created
from app.tables.leads import LeadRow
from schema.conversions import ConversionJob, Lead
from schema.enums import LeadIdentifierKind, LeadStatus
from schema.fields import described
from schema.user_errors import (
    ConversionLabelNotFoundError,
    DuplicateJobError,
    InvalidInputError,
    LeadNotFoundError,
)
from schema.warnings import IntegrationWarning, warning_of

_MESSAGE = "What was done, for people."
_LEAD_ID = "The lead."
_UNIQUE_IDENTIFIER = "The lead's id in your own system."
_STATUS = "The lead's status after the change."
_IDENTIFIED_BY = "Which identifier was used."
_REPLAYED = "True: this is the first answer for the `idempotencyKey` again, and nothing was done."
_LEAD = "The lead as it is now."


@strawberry.type(description="The lead is open again; nothing was queued.")
class OpenResult:
    """Shows Opened."""

    message: str = described(_MESSAGE)
    lead_id: strawberry.ID = described(_LEAD_ID)
    unique_identifier: str | None = described(_UNIQUE_IDENTIFIER)
    status: LeadStatus = described(_STATUS)
    queued: bool = described("Always false.")
    identified_by: LeadIdentifierKind = described(_IDENTIFIED_BY)
    replayed: bool = described(_REPLAYED)
    lead: Lead = described(_LEAD)
    canceled_job: ConversionJob | None = described(
        "The job of which something was canceled; null: nothing was."
    )


@strawberry.type(description="A job was queued; it sends the conversion to every connected platform.")
class QueuedResult:
    """Shows Queued."""

    message: str = described(_MESSAGE)
    lead_id: strawberry.ID = described(_LEAD_ID)
    unique_identifier: str | None = described(_UNIQUE_IDENTIFIER)
    status: LeadStatus = described(_STATUS)
    queued: bool = described("Always true.")
    identified_by: LeadIdentifierKind = described(_IDENTIFIED_BY)
    replayed: bool = described(_REPLAYED)
    lead: Lead = described(_LEAD)
    job: ConversionJob = described("The job as it is now.")
    superseded_job: ConversionJob | None = described("The job that gave way; null: there was none.")
    warnings: list[IntegrationWarning] = described("Each integration that will be skipped or held, and why.")


UpdateLeadStatusResult = Annotated[
    OpenResult
    | QueuedResult
    | DuplicateJobError
    | LeadNotFoundError
    | ConversionLabelNotFoundError
    | InvalidInputError,
    strawberry.union(
        "UpdateLeadStatusResult",
        description="How a status change ended. More members may be added: keep a default branch.",
    ),
]


@strawberry.type(description="The lead is stored.")
class CreateLeadSuccess:
    """Shows Created."""

    lead: Lead = described("The lead.")
    created: bool = described("False: a lead with this `uniqueEventId` was there and has been completed.")


CreateLeadResult = Annotated[
    CreateLeadSuccess | InvalidInputError,
    strawberry.union(
        "CreateLeadResult",
        description="How `createLead` ended. More members may be added: keep a default branch.",
    ),
]


@strawberry.type(description="The lead is stored.")
class UpdateLeadSuccess:
    """Shows a lead that was changed."""

    lead: Lead = described("The lead as it is now.")


UpdateLeadResult = Annotated[
    UpdateLeadSuccess | LeadNotFoundError | InvalidInputError,
    strawberry.union(
        "UpdateLeadResult",
        description="How `updateLead` ended. More members may be added: keep a default branch.",
    ),
]


@strawberry.type(description="Nothing tells any more who the lead was.")
class EraseLeadSuccess:
    """Shows Erased."""

    lead_id: strawberry.ID = described("The lead: its id still finds its history.")
    canceled_deliveries: int = described("How many deliveries were waiting and will not be sent.")


EraseLeadResult = Annotated[
    EraseLeadSuccess | LeadNotFoundError | InvalidInputError,
    strawberry.union(
        "EraseLeadResult",
        description="How `eraseLead` ended. More members may be added: keep a default branch.",
    ),
]


def show_answer(answer: Opened | Queued) -> OpenResult | QueuedResult:
    """Show how a status change ended well."""
    shared: dict[str, Any] = {
        "message": answer.message,
        "lead_id": strawberry.ID(str(answer.lead.id)),
        "unique_identifier": answer.unique_identifier,
        "status": answer.status,
        "identified_by": answer.identified_by,
        "replayed": answer.replayed,
        "lead": Lead.of(answer.lead),
    }
    if isinstance(answer, Opened):
        canceled = answer.canceled_job
        return OpenResult(
            **shared, queued=False, canceled_job=ConversionJob.of(canceled) if canceled else None
        )
    superseded = answer.superseded_job
    return QueuedResult(
        **shared,
        queued=True,
        job=ConversionJob.of(answer.job),
        superseded_job=ConversionJob.of(superseded) if superseded else None,
        warnings=[warning_of(kept) for kept in answer.warnings],
    )


def show_created(created: Created) -> CreateLeadSuccess:
    """Show a stored lead."""
    return CreateLeadSuccess(lead=Lead.of(created.lead), created=created.created)


def show_updated(lead: LeadRow) -> UpdateLeadSuccess:
    """Show a changed lead."""
    return UpdateLeadSuccess(lead=Lead.of(lead))


def show_erased(erased: Erased) -> EraseLeadSuccess:
    """Show what an erasure did."""
    return EraseLeadSuccess(lead_id=strawberry.ID(str(erased.lead_id)), canceled_deliveries=erased.canceled)
