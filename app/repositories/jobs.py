"""SQL of jobs as the status change and the queries need it; what lanes need is in deliveries.py."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, bindparam, case, insert, literal_column, null, update
from sqlalchemy import select as core_select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.database.prepared import Prepared, deferred_of
from app.repositories.deliveries import LIGHT
from app.tables.jobs import AttemptRow, DeliveryRow, JobRow
from app.tables.making import columns_of, make
from app.tables.registry import metadata
from app.values import WAITING_STATES, DeliveryState

_JOB = metadata.tables["conversion_job"]
_DELIVERY = metadata.tables["delivery"]


def find_job(session: Session, project_id: UUID, job_id: UUID) -> JobRow | None:
    """The project's job with this id."""
    return session.exec(
        select(JobRow).where(col(JobRow.project_id) == project_id, col(JobRow.id) == job_id)
    ).one_or_none()


# As the partial index says it: of `active = 1` SQLite does not see that it is the same.
_ACTIVE: ColumnElement[bool] = literal_column("active")
FIND_ACTIVE = Prepared(
    core_select(_JOB.c.id).where(_JOB.c.lead_id == bindparam("lead"), _ACTIVE), lead="lead"
)
_ADD_JOB = Prepared(insert(_JOB))
_INSERT_JOB = Prepared(
    sqlite.insert(_JOB).on_conflict_do_nothing().returning(_JOB.c.id),
    postgresql=postgresql.insert(_JOB).on_conflict_do_nothing().returning(_JOB.c.id),
)
_LATER = frozenset(
    {
        *("first_attempt_at", "sending_since", "uncertain_since", "turn_id", "request", "response"),
        *("platform_request_id", "accepted_at", "verdict_at", "error_code", "error_message", "alerted_at"),
    }
)
"""Columns of a delivery that its attempts fill. Until then they are NULL."""
_ADD_DELIVERY = Prepared(
    insert(_DELIVERY), columns=[column.name for column in _DELIVERY.c if column.name not in _LATER]
)
SELECT_HISTORY = Prepared(
    core_select(*LIGHT)
    .where(_DELIVERY.c.lead_id == bindparam("lead"), _DELIVERY.c.state != DeliveryState.SKIPPED)
    .order_by(_DELIVERY.c.id),
    lead="lead",
)


def find_active_job(session: Session, lead_id: int) -> UUID | None:
    """The lead's one active job."""
    found = FIND_ACTIVE.rows(session, {"lead": lead_id})
    return found[0][0] if found else None


def insert_active_job(session: Session, job: JobRow) -> bool:
    """Insert, or answer False and change nothing when the lead has an active job.

    The unique index decides, and a conflict does not end the transaction: on PostgreSQL an error would take
    the answer with it. Where rows are put off there is no answer yet: nobody else writes meanwhile, so it is
    what find_active_job() said; were it not, the index would find that when they are sent.
    """
    if deferred_of(session) is not None:
        _ADD_JOB.run_later(session, [columns_of(job)], lead_id=job.lead_id)
        return True
    return bool(_INSERT_JOB.rows(session, columns_of(job)))


def insert_deliveries(session: Session, deliveries: Sequence[DeliveryRow]) -> None:
    """Insert all of them, which are of one lead and new: nothing was attempted yet."""
    if deliveries:
        _ADD_DELIVERY.run_later(
            session, [columns_of(delivery) for delivery in deliveries], lead_id=deliveries[0].lead_id
        )


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
    names = [column.name for column in LIGHT]
    found = SELECT_HISTORY.rows(session, {"lead": lead_id})
    return [make(DeliveryRow, dict(zip(names, row, strict=True))) for row in found]


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
