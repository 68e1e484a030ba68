"""SQL of jobs as the status change and the queries need it; what lanes need is in deliveries.py."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, case, insert, null, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import QueryableAttribute, defer
from sqlmodel import Session, col, select

from app.tables.jobs import AttemptRow, DeliveryRow, JobRow
from app.values import WAITING_STATES, DeliveryState


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
    return len(_cancel(session, col(DeliveryRow.job_id) == job_id, now))


def take_back_labels(session: Session, lead_id: int, label_ids: Collection[UUID], now: datetime) -> set[UUID]:
    """Cancel what of the lead's conversions for these labels is not sent yet; answers the jobs concerned.

    What is being sent right now is not tried again should it fail.
    """
    return _take_back(
        session,
        and_(col(DeliveryRow.lead_id) == lead_id, col(DeliveryRow.label_id).in_(label_ids)),
        now,
    )


def take_back_deliveries(session: Session, ids: Collection[UUID], now: datetime) -> set[UUID]:
    """The same for these deliveries."""
    return _take_back(session, col(DeliveryRow.id).in_(ids), now) if ids else set()


def keep_trying(session: Session, ids: Collection[UUID]) -> None:
    """Undo the taking back of what is being sent or judged right now: somebody counts on it."""
    if ids:
        under_way = (DeliveryState.SENDING, DeliveryState.ACCEPTED)
        session.execute(
            update(DeliveryRow)
            .where(col(DeliveryRow.id).in_(ids), col(DeliveryRow.state).in_(under_way))
            .values(taken_back=False),
            execution_options={"synchronize_session": False},
        )


def _take_back(session: Session, which: ColumnElement[bool], now: datetime) -> set[UUID]:
    jobs = {job_id for _, job_id in _cancel(session, which, now)}
    # After the waiting ones: what a lane claimed in between is found here.
    session.execute(
        update(DeliveryRow)
        .where(which, col(DeliveryRow.state) == DeliveryState.SENDING)
        .values(taken_back=True),
        execution_options={"synchronize_session": False},
    )
    return jobs


def _cancel(session: Session, which: ColumnElement[bool], now: datetime) -> Sequence[Row[UUID, UUID]]:
    """The (id, job) of those that still waited; one that may have arrived earlier is not called canceled."""
    result = session.execute(
        update(DeliveryRow)
        .where(which, col(DeliveryRow.state).in_(WAITING_STATES))
        .values(
            state=case(
                (col(DeliveryRow.uncertain_since).is_(None), DeliveryState.CANCELED),
                else_=DeliveryState.UNCONFIRMED,
            ),
            next_attempt_at=None,
            finished_at=now,
            warning=null(),
        )
        .returning(col(DeliveryRow.id), col(DeliveryRow.job_id)),
        execution_options={"synchronize_session": False},
    )
    return result.all()


def waiting_of_lead(session: Session, lead_id: int) -> Sequence[UUID]:
    """The lead's deliveries that are not sent yet, oldest first."""
    return session.exec(
        select(DeliveryRow.id)
        .where(col(DeliveryRow.lead_id) == lead_id, col(DeliveryRow.state).in_(WAITING_STATES))
        .order_by(col(DeliveryRow.id))
    ).all()


def history_of_lead(session: Session, lead_id: int) -> Sequence[DeliveryRow]:
    """The lead's deliveries that were not skipped, oldest first, without the JSON that no rule looks at."""
    large = (DeliveryRow.request, DeliveryRow.response, DeliveryRow.warning)
    return session.exec(
        select(DeliveryRow)
        .options(*(defer(cast("QueryableAttribute[Any]", column), raiseload=True) for column in large))
        .where(col(DeliveryRow.lead_id) == lead_id, col(DeliveryRow.state) != DeliveryState.SKIPPED)
        .order_by(col(DeliveryRow.id))
        # What this transaction has changed by statements is read again, not taken from the session.
        .execution_options(populate_existing=True)
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
