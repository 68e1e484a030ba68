"""A REST server with FastAPI, SQLModel and aiosqlite, as their documentation shows it."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Security
from fastapi.security import APIKeyHeader
from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from app.values import JobState, LeadStatus
from benchmarks.peers.documented import RefusedError, change_status, engine, find_project

app = FastAPI()


class LeadIdentifier(BaseModel):
    """Which lead."""

    unique_identifier: str


class StatusChange(BaseModel):
    """What changes."""

    lead: LeadIdentifier
    conversion_id: UUID
    price: int | None = None


class Job(BaseModel):
    """What was queued."""

    id: UUID
    state: JobState
    active: bool
    price: int | None
    currency: str


class QueuedResult(BaseModel):
    """It went well."""

    result: Literal["QueuedResult"] = "QueuedResult"
    message: str
    lead_id: int | None
    unique_identifier: str | None
    status: LeadStatus
    queued: bool
    job: Job


async def open_session() -> AsyncIterator[AsyncSession]:
    """One for each request."""
    async with AsyncSession(engine, expire_on_commit=False) as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(open_session)]


async def authenticate(
    session: SessionDep, api_key: Annotated[str, Security(APIKeyHeader(name="x-api-key"))]
) -> UUID:
    """The caller's project."""
    try:
        return await find_project(session, api_key)
    except RefusedError as error:
        raise HTTPException(401, "Invalid API key") from error


@app.post("/updateLeadStatus")
async def update_lead_status(
    change: StatusChange, session: SessionDep, project_id: Annotated[UUID, Depends(authenticate)]
) -> QueuedResult:
    """Queue a conversion."""
    try:
        lead, job = await change_status(
            session, project_id, change.lead.unique_identifier, change.conversion_id, change.price
        )
    except RefusedError as error:
        raise HTTPException(409, str(error)) from error
    return QueuedResult(
        message="Lead queued for processing",
        lead_id=lead.id,
        unique_identifier=lead.unique_identifier,
        status=lead.status,
        queued=True,
        job=Job(id=job.id, state=job.state, active=job.active, price=job.price_cents, currency=job.currency),
    )
