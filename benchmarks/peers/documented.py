"""The one status change of the Python peers, as the documentation of SQLModel and SQLAlchemy writes it.

The tables are the project's own, so that every contestant writes the same rows. Generous to the peers: what a
label means and which integrations there are they read once, when they start; and they neither assess a
conversion nor limit, mask or measure anything.
"""

import hashlib
import os
from datetime import timedelta
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session as SyncSession
from sqlmodel import col, create_engine, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.clock import utc_now
from app.database import pragmas
from app.ids import new_id
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow, JobRow
from app.tables.labels import LabelMappingRow
from app.tables.leads import LeadRow
from app.tables.projects import ApiKeyRow
from app.values import DeliveryKind, DeliveryState, JobState, LeadStatus

_PATH = os.environ["RACE_DATABASE"]
engine = create_async_engine(f"sqlite+aiosqlite:///{_PATH}")


@event.listens_for(engine.sync_engine, "connect")
def set_up(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """The settings of every contestant: WAL, synchronous = FULL."""
    pragmas.apply(connection, pragmas.WRITER)


class RefusedError(Exception):
    """The change was not made. Its argument is the name of the error type of the schema."""


def _mappings() -> dict[UUID, list[tuple[LabelMappingRow, IntegrationRow]]]:
    """What each label means, and where."""
    found: dict[UUID, list[tuple[LabelMappingRow, IntegrationRow]]] = {}
    with SyncSession(create_engine(f"sqlite:///{_PATH}")) as session:
        joined = col(IntegrationRow.id) == col(LabelMappingRow.integration_id)
        for mapping, integration in session.exec(
            select(LabelMappingRow, IntegrationRow).join(IntegrationRow, joined)
        ):
            found.setdefault(mapping.label_id, []).append((mapping, integration))
    return found


MAPPINGS = _mappings()


async def find_project(session: AsyncSession, api_key: str | None) -> UUID:
    """The project this key opens; RefusedError."""
    key_hash = hashlib.sha256((api_key or "").encode()).hexdigest()
    key = (await session.exec(select(ApiKeyRow).where(ApiKeyRow.key_hash == key_hash))).first()
    if key is None or key.revoked_at is not None:
        raise RefusedError("Unauthenticated")
    return key.project_id


async def change_status(
    session: AsyncSession, project_id: UUID, unique_identifier: str, label_id: UUID, price_cents: int | None
) -> tuple[LeadRow, JobRow]:
    """Queue a conversion and commit; RefusedError."""
    mappings, now = MAPPINGS[label_id], utc_now()
    found = await session.exec(
        select(LeadRow)
        .where(LeadRow.project_id == project_id, LeadRow.unique_identifier == unique_identifier)
        .order_by(col(LeadRow.id).desc())
    )
    lead = found.first()
    if lead is None or lead.id is None:
        raise RefusedError("LeadNotFoundError")
    job = JobRow(
        id=new_id(),
        project_id=project_id,
        lead_id=lead.id,
        label_id=label_id,
        state=JobState.PENDING,
        active=True,
        lead_status_after=LeadStatus.OPEN,
        price_cents=price_cents,
        currency=lead.currency,
        occurred_at=now.replace(microsecond=0),
        warnings=[],
        created_at=now,
    )
    session.add(job)
    try:
        await session.flush()
    except IntegrityError as error:
        await session.rollback()
        raise RefusedError("DuplicateJobError") from error
    session.add_all(
        DeliveryRow(
            id=new_id(),
            project_id=project_id,
            job_id=job.id,
            lead_id=lead.id,
            label_id=label_id,
            integration_id=integration.id,
            platform=integration.platform,
            kind=DeliveryKind.SEND,
            state=DeliveryState.SCHEDULED,
            platform_event_id=f"lw-{job.id}",
            event_at=job.occurred_at,
            value_cents=price_cents,
            currency=lead.currency,
            target=mapping.target,
            consent={
                "ad_storage": lead.ad_storage,
                "analytics_storage": lead.analytics_storage,
                "ad_user_data": lead.ad_user_data,
                "ad_personalization": lead.ad_personalization,
            },
            next_attempt_at=now,
            expires_at=now + timedelta(days=7),
            created_at=now,
        )
        for mapping, integration in mappings
    )
    lead.status, lead.label_id, lead.updated_at = LeadStatus.PENDING, label_id, now
    lead.price_cents, lead.current_job_id = price_cents, job.id
    session.add(lead)
    await session.commit()
    return lead, job
