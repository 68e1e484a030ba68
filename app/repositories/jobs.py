"""SQL of jobs as the status change and the queries need it; what lanes need is in deliveries.py."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.tables.jobs import AttemptRow, DeliveryRow, JobRow
from app.values import WAITING_STATES, DeliveryKind, DeliveryState


def find_job(session: Session, project_id: UUID, job_id: UUID) -> JobRow | None:
    """The project's job with this id."""
    return session.exec(
        select(JobRow).where(col(JobRow.project_id) == project_id, col(JobRow.id) == job_id)
    ).one_or_none()


def find_active_job(session: Session, lead_id: int) -> JobRow | None:
    """The lead's one active job."""
    return session.exec(
        select(JobRow).where(col(JobRow.lead_id) == lead_id, col(JobRow.active).is_(True))
    ).one_or_none()


def insert_active_job(session: Session, job: JobRow) -> bool:
    """Insert, or answer False and change nothing when the lead has an active job.

    The unique index decides, and a conflict does not end the transaction: on PostgreSQL an error would take
    the answer with it.
    """
    dialect = session.get_bind().dialect.name
    dialect_insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = (
        dialect_insert(JobRow).values(job.model_dump()).on_conflict_do_nothing().returning(col(JobRow.id))
    )
    return session.execute(statement).first() is not None


def insert_deliveries(session: Session, deliveries: Sequence[DeliveryRow]) -> None:
    """Insert all of them."""
    if deliveries:
        session.execute(insert(DeliveryRow), [delivery.model_dump() for delivery in deliveries])


def cancel_waiting(session: Session, job_id: UUID, now: datetime) -> int:
    """Cancel what of the job is not sent yet; answers how many. What is being sent right now goes on."""
    result = session.execute(
        update(DeliveryRow)
        .where(col(DeliveryRow.job_id) == job_id, col(DeliveryRow.state).in_(WAITING_STATES))
        .values(state=DeliveryState.CANCELED, next_attempt_at=None, finished_at=now)
        .returning(col(DeliveryRow.id)),
        execution_options={"synchronize_session": False},
    )
    return len(result.all())


def history_of_lead(session: Session, lead_id: int, kinds: Sequence[DeliveryKind]) -> Sequence[DeliveryRow]:
    """The lead's deliveries of these kinds that were not skipped or canceled, oldest first."""
    return session.exec(
        select(DeliveryRow)
        .where(
            col(DeliveryRow.lead_id) == lead_id,
            col(DeliveryRow.kind).in_(kinds),
            col(DeliveryRow.state).not_in((DeliveryState.SKIPPED, DeliveryState.CANCELED)),
        )
        .order_by(col(DeliveryRow.id))
    ).all()


def jobs_by_id(session: Session, ids: Sequence[UUID]) -> Sequence[JobRow]:
    """These jobs, in any order."""
    return session.exec(select(JobRow).where(col(JobRow.id).in_(ids))).all()


def deliveries_by_id(session: Session, ids: Sequence[UUID]) -> Sequence[DeliveryRow]:
    """These deliveries, in any order."""
    return session.exec(select(DeliveryRow).where(col(DeliveryRow.id).in_(ids))).all()


def deliveries_of_jobs(session: Session, job_ids: Sequence[UUID]) -> Sequence[DeliveryRow]:
    """The deliveries of these jobs, oldest first."""
    return session.exec(
        select(DeliveryRow).where(col(DeliveryRow.job_id).in_(job_ids)).order_by(col(DeliveryRow.id))
    ).all()


def attempts_of_deliveries(session: Session, delivery_ids: Sequence[UUID]) -> Sequence[AttemptRow]:
    """The attempts of these deliveries, in their order."""
    return session.exec(
        select(AttemptRow)
        .where(col(AttemptRow.delivery_id).in_(delivery_ids))
        .order_by(col(AttemptRow.number))
    ).all()
