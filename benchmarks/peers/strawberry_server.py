"""A GraphQL server with Strawberry, SQLModel and aiosqlite: `documented`, and `cached` with more care."""

from typing import Annotated
from uuid import UUID

import strawberry
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache

from app.tables.jobs import JobRow
from app.tables.leads import LeadRow
from app.values import ConflictPolicy, JobState, LeadStatus
from benchmarks.peers.documented import RefusedError, change_status, engine, find_project

strawberry.enum(LeadStatus)
strawberry.enum(JobState)
strawberry.enum(ConflictPolicy)


@strawberry.input
class LeadIdentifierInput:
    """Which lead."""

    unique_identifier: str


@strawberry.input
class UpdateLeadStatusInput:
    """What changes."""

    lead: LeadIdentifierInput
    conversion_id: strawberry.ID
    price: int | None = None
    on_conflict: ConflictPolicy = ConflictPolicy.REJECT


@strawberry.type
class ConversionJob:
    """What was queued."""

    id: strawberry.ID
    state: JobState
    active: bool
    price: int | None
    currency: str


@strawberry.type
class QueuedResult:
    """It went well."""

    message: str
    lead_id: strawberry.ID
    unique_identifier: str | None
    status: LeadStatus
    queued: bool
    job: ConversionJob


@strawberry.interface
class UserError:
    """It did not."""

    code: str
    message: str


@strawberry.type
class DuplicateJobError(UserError):
    """The lead has an active job."""


@strawberry.type
class LeadNotFoundError(UserError):
    """There is no such lead."""


UpdateLeadStatusResult = Annotated[
    QueuedResult | DuplicateJobError | LeadNotFoundError, strawberry.union("UpdateLeadStatusResult")
]


@strawberry.type
class Query:
    """There must be one."""

    @strawberry.field
    def alive(self) -> bool:
        """Whether it is."""
        return True


@strawberry.type
class Mutation:
    """The one of the race."""

    @strawberry.mutation
    async def update_lead_status(
        self,
        info: strawberry.Info,
        change: Annotated[UpdateLeadStatusInput, strawberry.argument(name="input")],
    ) -> UpdateLeadStatusResult:
        """Queue a conversion."""
        request: Request = info.context["request"]
        async with AsyncSession(engine, expire_on_commit=False) as session:
            project_id = await find_project(session, request.headers.get("x-api-key"))
            try:
                lead, job = await change_status(
                    session,
                    project_id,
                    change.lead.unique_identifier,
                    UUID(change.conversion_id),
                    change.price,
                )
            except RefusedError as error:
                return _refusal(str(error))
        return _result(lead, job)


def _refusal(name: str) -> DuplicateJobError | LeadNotFoundError:
    if name == "LeadNotFoundError":
        return LeadNotFoundError(code="LEAD_NOT_FOUND", message="No such lead")
    return DuplicateJobError(code="DUPLICATE_JOB", message="The lead has an active job")


def _result(lead: LeadRow, job: JobRow) -> QueuedResult:
    return QueuedResult(
        message="Lead queued for processing",
        lead_id=strawberry.ID(str(lead.id)),
        unique_identifier=lead.unique_identifier,
        status=lead.status,
        queued=True,
        job=ConversionJob(
            id=strawberry.ID(str(job.id)),
            state=job.state,
            active=job.active,
            price=job.price_cents,
            currency=job.currency,
        ),
    )


documented: GraphQL[dict[str, object], None] = GraphQL(strawberry.Schema(query=Query, mutation=Mutation))
cached: GraphQL[dict[str, object], None] = GraphQL(
    strawberry.Schema(query=Query, mutation=Mutation, extensions=[ParserCache, ValidationCache])
)
