"""SQL of what deliveries make of their job, and the end of a job of its lead."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from app.database.prepared import Prepared
from app.repositories.deliveries import free
from app.tables.registry import metadata
from app.values import DeliveryState, JobState, LeadStatus

_LEAD = metadata.tables["lead"]
_JOB = metadata.tables["conversion_job"]
_DELIVERY = metadata.tables["delivery"]

_ids: Any = bindparam("ids", expanding=True)


@dataclass(frozen=True, slots=True)
class LockedJob:
    """A job that nobody else changes before this transaction ends."""

    id: UUID
    lead_id: int
    state: JobState
    active: bool
    lead_status_after: LeadStatus
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryStanding:
    """What a delivery means to its job."""

    state: DeliveryState
    attempts: int
    next_attempt_at: datetime | None
    free: bool = True
    """False: another delivery comes first, so that this one cannot be claimed yet."""


@dataclass(frozen=True, slots=True)
class JobChange:
    """What is written of a job that moved on."""

    id: UUID
    state: JobState
    active: bool
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class LeadChange:
    """The status a lead gets from the end of its newest job."""

    lead_id: int
    job_id: UUID
    status: LeadStatus


# NO KEY UPDATE: a plain UPDATE lock would also make inserts wait that only refer to the row.
_LOCK_LEADS = (
    select(_LEAD.c.id)
    .where(_LEAD.c.id.in_(select(_JOB.c.lead_id).where(_JOB.c.id.in_(_ids))))
    .order_by(_LEAD.c.id)
    .with_for_update(key_share=True)
)
_LOCK_JOBS = (
    select(
        _JOB.c.id,
        _JOB.c.lead_id,
        _JOB.c.state,
        _JOB.c.active,
        _JOB.c.lead_status_after,
        _JOB.c.created_at,
        _JOB.c.finished_at,
    )
    .where(_JOB.c.id.in_(_ids))
    .order_by(_JOB.c.id)
    .with_for_update(key_share=True)
)
SELECT_STANDINGS = select(
    _DELIVERY.c.job_id,
    _DELIVERY.c.state,
    _DELIVERY.c.attempts,
    _DELIVERY.c.next_attempt_at,
    free().label("free"),
).where(_DELIVERY.c.job_id.in_(_ids))
_CHANGE_JOB = Prepared(
    update(_JOB)
    .where(_JOB.c.id == bindparam("job"))
    .values(
        state=bindparam("new_state"), active=bindparam("new_active"), finished_at=bindparam("new_finished_at")
    )
)
_CHANGE_LEAD = Prepared(
    update(_LEAD)
    .where(_LEAD.c.id == bindparam("lead"), _LEAD.c.current_job_id == bindparam("job"))
    .values(status=bindparam("new_status"), updated_at=bindparam("now"))
)
_DEACTIVATE = update(_JOB).where(_JOB.c.id == bindparam("job")).values(active=False)
# What is being sent cannot be called back; the lane reads this once it knows how that went.
_TAKE_BACK = (
    update(_DELIVERY)
    .where(_DELIVERY.c.job_id == bindparam("job"), _DELIVERY.c.state == DeliveryState.SENDING)
    .values(taken_back=True)
)


def lock_jobs(session: Session, job_ids: Iterable[UUID]) -> dict[UUID, LockedJob]:
    """These jobs, by id, locked together with their leads: leads first, then jobs, each in order of id.

    Deliveries are locked after this, never before: two last outcomes of one job cannot both miss its end, and
    two transactions cannot wait for each other.
    """
    ids = sorted(set(job_ids))
    if not ids:
        return {}
    connection = session.connection()
    if connection.dialect.name == "postgresql":  # on SQLite there is only ever one writer
        connection.execute(_LOCK_LEADS, {"ids": ids})
    rows = connection.execute(_LOCK_JOBS, {"ids": ids})
    return {row.id: LockedJob(*row) for row in rows}


def deliveries_by_job(session: Session, job_ids: Sequence[UUID]) -> Mapping[UUID, list[DeliveryStanding]]:
    """What each of these jobs has; a job without deliveries has an empty list."""
    standings: dict[UUID, list[DeliveryStanding]] = {job_id: [] for job_id in job_ids}
    for job_id, *standing in session.connection().execute(SELECT_STANDINGS, {"ids": job_ids}):
        standings[job_id].append(DeliveryStanding(*standing))
    return standings


def change_jobs(session: Session, changes: Sequence[JobChange]) -> None:
    """Write them."""
    if changes:
        _CHANGE_JOB.run_many(
            session,
            [
                {
                    "job": change.id,
                    "new_state": change.state,
                    "new_active": change.active,
                    "new_finished_at": change.finished_at,
                }
                for change in changes
            ],
        )


def change_leads(session: Session, changes: Sequence[LeadChange], now: datetime) -> None:
    """Write them, each only if the job is still its lead's newest."""
    if changes:
        _CHANGE_LEAD.run_many(
            session,
            [
                {"lead": change.lead_id, "job": change.job_id, "new_status": change.status, "now": now}
                for change in changes
            ],
        )


def deactivate(session: Session, job_id: UUID) -> None:
    """Make the job inactive, and what it has in flight an attempt that is not repeated."""
    connection = session.connection()
    connection.execute(_DEACTIVATE, {"job": job_id})
    connection.execute(_TAKE_BACK, {"job": job_id})
