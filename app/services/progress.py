"""What a job's deliveries make of the job, and the end of the job of the lead."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from app.repositories.settling import (
    DeliveryStanding,
    JobChange,
    LeadChange,
    LockedJob,
    change_jobs,
    change_leads,
    deactivate,
    deliveries_by_job,
    lock_jobs,
)
from app.tables.jobs import JobRow
from app.values import BAD_STATES, DeliveryState, JobState

ACTIVE_AT_MOST = timedelta(minutes=15)
"""A lead is never locked for longer, whatever happens to its job."""

DUE_SOON = timedelta(seconds=60)
"""What is due later than this keeps no job active."""

_UNFINISHED = frozenset({DeliveryState.SCHEDULED, DeliveryState.HELD, DeliveryState.SENDING})


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job is."""

    state: JobState
    active: bool
    """False: it has been processed once, or for long enough. A job that is inactive stays so."""
    finished: bool
    """Each of its deliveries is final or ACCEPTED."""


def job_progress(
    deliveries: Sequence[DeliveryStanding], *, created_at: datetime, now: datetime
) -> JobProgress:
    """How far a job with these deliveries is, `created_at` being the job's own."""
    finished = all(delivery.state not in _UNFINISHED for delivery in deliveries)
    active = now - created_at < ACTIVE_AT_MOST and any(_awaited(delivery, now) for delivery in deliveries)
    state = _finished_state(deliveries) if finished else _unfinished_state(deliveries)
    return JobProgress(state, active, finished)


def settle_job(session: Session, job_id: UUID, now: datetime) -> None:
    """settle_jobs() for one."""
    settle_jobs(session, [job_id], now)


def settle_jobs(session: Session, job_ids: Iterable[UUID], now: datetime) -> None:
    """Bring these jobs up to what their deliveries say; one that ends gives its lead the status it promised.

    To be called in every transaction that changed a delivery's state, after the change. On PostgreSQL the
    caller has called lock_jobs() before the change, or holds the lead's lock.
    """
    settle_locked(session, lock_jobs(session, job_ids), now)


def settle_locked(session: Session, jobs: Mapping[UUID, LockedJob], now: datetime) -> None:
    """settle_jobs() for jobs that this transaction has locked already."""
    if not jobs:
        return
    standings = deliveries_by_job(session, list(jobs))
    changes = {job.id: _change(job, standings[job.id], now) for job in jobs.values()}
    moved = [change for change in changes.values() if change != _as_it_is(jobs[change.id])]
    change_jobs(session, moved)
    ended = (jobs[change.id] for change in moved if jobs[change.id].active and not change.active)
    change_leads(session, [LeadChange(job.lead_id, job.id, job.lead_status_after) for job in ended], now)


def deactivate_job(session: Session, job: JobRow, now: datetime) -> None:
    """End the job without telling its lead, who got a status by other means: `open`, a newer job.

    To be called after its waiting deliveries were canceled. What is being sent right now finishes, and is not
    tried again should it fail. `job` itself is not changed; refresh it.
    """
    deactivate(session, job.id)
    settle_job(session, job.id, now)


def _awaited(delivery: DeliveryStanding, now: datetime) -> bool:
    """Whether the job is still waiting for the delivery's first attempt."""
    if delivery.state is DeliveryState.SENDING:
        return delivery.attempts <= 1
    if delivery.state is not DeliveryState.SCHEDULED or delivery.attempts > 0 or not delivery.free:
        return False
    return delivery.next_attempt_at is not None and delivery.next_attempt_at <= now + DUE_SOON


def _finished_state(deliveries: Sequence[DeliveryStanding]) -> JobState:
    states = {delivery.state for delivery in deliveries}
    if states & BAD_STATES:
        return JobState.FAILED
    if DeliveryState.CANCELED in states and states <= {DeliveryState.CANCELED, DeliveryState.SKIPPED}:
        return JobState.CANCELED
    return JobState.COMPLETED


def _unfinished_state(deliveries: Sequence[DeliveryStanding]) -> JobState:
    attempted = any(delivery.attempts > 0 for delivery in deliveries)
    return JobState.PROCESSING if attempted else JobState.PENDING


def _change(job: LockedJob, deliveries: Sequence[DeliveryStanding], now: datetime) -> JobChange:
    progress = job_progress(deliveries, created_at=job.created_at, now=now)
    finished_at = (job.finished_at or now) if progress.finished else None
    return JobChange(job.id, progress.state, job.active and progress.active, finished_at)


def _as_it_is(job: LockedJob) -> JobChange:
    return JobChange(job.id, job.state, job.active, job.finished_at)
