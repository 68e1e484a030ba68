"""SQL of pruning: finding what may go, a chunk at a time in order of id, and deleting it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, FromClause, Select, delete, func, null, select, update
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from app.repositories.auditing import events_of_jobs, insert_event
from app.repositories.erasing import KEPT
from app.repositories.retention import (
    ATTEMPT,
    DELIVERY,
    EVENT,
    JOB,
    LEAD,
    Cutoffs,
    of_what_stays,
    old_attempt,
    old_body,
    old_event,
    old_lead,
    old_status_change,
    spent_job,
)
from app.repositories.settling import lock_jobs
from app.tables.jobs import JobRow

_ATTEMPTS = ATTEMPT.join(DELIVERY, DELIVERY.c.id == ATTEMPT.c.delivery_id).join(
    JOB, JOB.c.id == DELIVERY.c.job_id
)


def find_leads(session: Session, *, cutoffs: Cutoffs, after: int, limit: int) -> Sequence[int]:
    """Leads that may go with all that was made of them."""
    found = select(LEAD.c.id).where(LEAD.c.id > after, old_lead(LEAD, cutoffs))
    return _ids(session, found.order_by(LEAD.c.id).limit(limit))


def find_jobs(session: Session, *, cutoffs: Cutoffs, after: UUID, limit: int) -> Sequence[UUID]:
    """Jobs that may go though their leads stay."""
    leads_alone = Cutoffs(now=cutoffs.now, leads=cutoffs.leads)
    found = select(JOB.c.id).where(
        JOB.c.id > after, spent_job(JOB, cutoffs), *of_what_stays(JOB.c.lead_id, JOB.c.id, leads_alone)
    )
    return _ids(session, found.order_by(JOB.c.id).limit(limit))


def find_attempts(
    session: Session, *, cutoffs: Cutoffs, after: UUID, limit: int, counting: bool
) -> Sequence[UUID]:
    """Attempts of jobs that stay. `counting`: what is to go as a whole is still there; so below."""
    found = select(ATTEMPT.c.id).select_from(_ATTEMPTS).where(ATTEMPT.c.id > after, *old_attempt(cutoffs))
    if counting:
        found = found.where(*of_what_stays(DELIVERY.c.lead_id, DELIVERY.c.job_id, cutoffs))
    return _ids(session, found.order_by(ATTEMPT.c.id).limit(limit))


def find_bodies(
    session: Session, *, cutoffs: Cutoffs, after: UUID, limit: int, counting: bool
) -> Sequence[UUID]:
    """Deliveries that can forget what was sent and answered."""
    found = select(DELIVERY.c.id).where(DELIVERY.c.id > after, *old_body(cutoffs))
    if counting:
        found = found.where(*of_what_stays(DELIVERY.c.lead_id, DELIVERY.c.job_id, cutoffs))
    return _ids(session, found.order_by(DELIVERY.c.id).limit(limit))


def find_events(session: Session, *, cutoffs: Cutoffs, after: UUID, limit: int) -> Sequence[UUID]:
    """Events of the audit log."""
    found = select(EVENT.c.id).where(EVENT.c.id > after, *old_event(cutoffs))
    return _ids(session, found.order_by(EVENT.c.id).limit(limit))


def find_status_changes(
    session: Session, *, cutoffs: Cutoffs, after: UUID, limit: int, counting: bool
) -> Sequence[UUID]:
    """Jobs that can forget who queued them."""
    found = select(JOB.c.id).where(JOB.c.id > after, *old_status_change(cutoffs))
    if counting:
        found = found.where(*of_what_stays(JOB.c.lead_id, JOB.c.id, cutoffs))
    return _ids(session, found.order_by(JOB.c.id).limit(limit))


def empty_leads(session: Session, *, cutoffs: Cutoffs, ids: Sequence[int]) -> Sequence[int]:
    """Erase those of these leads that may still go; answers which: nothing finds or changes them any more.

    `updated_at` stays, so that what is broken off is found again.
    """
    locked = select(LEAD.c.id).where(LEAD.c.id.in_(ids)).order_by(LEAD.c.id).with_for_update()
    session.connection().execute(locked)
    # Looked at again, now that nobody changes them: a status change may have come in between.
    still = _ids(session, select(LEAD.c.id).where(LEAD.c.id.in_(ids), old_lead(LEAD, cutoffs)))
    emptied = {column.name: null() for column in LEAD.c if column.name not in KEPT}
    erased_at = func.coalesce(LEAD.c.erased_at, cutoffs.now)
    session.connection().execute(
        update(LEAD).where(LEAD.c.id.in_(still)).values(emptied | {"erased_at": erased_at})
    )
    return still


def delete_attempts_of(session: Session, *, owner: str, ids: Sequence[Any], limit: int) -> int:
    """Delete up to `limit` attempts at deliveries whose `owner`, lead_id or job_id, is one of these."""
    which = (
        select(ATTEMPT.c.id)
        .join(DELIVERY, DELIVERY.c.id == ATTEMPT.c.delivery_id)
        .where(DELIVERY.c[owner].in_(ids))
        .limit(limit)
    )
    return _delete(session, ATTEMPT, _ids(session, which))


def delete_deliveries_of(session: Session, *, ids: Sequence[int], limit: int) -> int:
    """Delete up to `limit` deliveries of these leads, what follows others before those."""
    follower = DELIVERY.alias()
    followed = select(follower.c.id).where(follower.c.follows_id == DELIVERY.c.id)
    which = select(DELIVERY.c.id).where(DELIVERY.c.lead_id.in_(ids), ~followed.exists()).limit(limit)
    return _delete(session, DELIVERY, _ids(session, which))


def delete_jobs_of(session: Session, *, cutoffs: Cutoffs, ids: Sequence[int], limit: int) -> int:
    """Delete up to `limit` jobs of these leads, which have no delivery any more."""
    which = _ids(session, select(JOB.c.id).where(JOB.c.lead_id.in_(ids)).limit(limit))
    _keep_events(session, cutoffs, which)
    return _delete(session, JOB, which)


def delete_leads(session: Session, *, ids: Sequence[int]) -> int:
    """Delete these leads, of which nothing else is left."""
    return _delete(session, LEAD, ids)


def delete_spent_jobs(session: Session, *, cutoffs: Cutoffs, ids: Sequence[UUID]) -> tuple[int, int]:
    """Delete those of these jobs that may still go; answers how many, and how many deliveries they had.

    Attempts that are left are deleted with them: there may be some since they were looked for.
    """
    lock_jobs(session, ids)
    still = _ids(session, select(JOB.c.id).where(JOB.c.id.in_(ids), spent_job(JOB, cutoffs)))
    deliveries = _ids(session, select(DELIVERY.c.id).where(DELIVERY.c.job_id.in_(still)))
    session.connection().execute(delete(ATTEMPT).where(ATTEMPT.c.delivery_id.in_(deliveries)))
    deleted = _delete(session, DELIVERY, deliveries)
    _keep_events(session, cutoffs, still)
    return _delete(session, JOB, still), deleted


def delete_attempts(session: Session, *, ids: Sequence[UUID]) -> int:
    """Delete these."""
    return _delete(session, ATTEMPT, ids)


def clear_bodies(session: Session, *, cutoffs: Cutoffs, ids: Sequence[UUID]) -> int:
    """Forget what was sent and answered, unless the delivery was tried again in between."""
    cleared = update(DELIVERY).where(DELIVERY.c.id.in_(ids), *old_body(cutoffs))
    return _count(session.connection().execute(cleared.values(request=null(), response=null())))


def delete_events(session: Session, *, ids: Sequence[UUID]) -> int:
    """Delete these."""
    return _delete(session, EVENT, ids)


def forget_keys(session: Session, *, ids: Sequence[UUID]) -> int:
    """Forget who queued these jobs."""
    forgotten = update(JOB).where(JOB.c.id.in_(ids)).values(key_id=null(), request_id=null())
    return _count(session.connection().execute(forgotten))


def count_of(session: Session, owner: str, ids: Sequence[Any]) -> tuple[int, int]:
    """How many deliveries have one of these as their `owner`, lead_id or job_id, and how many attempts."""
    of_owner = DELIVERY.c[owner].in_(ids)
    deliveries = select(func.count()).select_from(DELIVERY).where(of_owner)
    attempts = select(func.count()).select_from(_ATTEMPTS).where(of_owner)
    connection = session.connection()
    return connection.execute(deliveries).scalar_one(), connection.execute(attempts).scalar_one()


def count_jobs_of(session: Session, ids: Sequence[int]) -> int:
    """How many jobs these leads have."""
    counted = select(func.count()).select_from(JOB).where(JOB.c.lead_id.in_(ids))
    count: int = session.connection().execute(counted).scalar_one()
    return count


def _keep_events(session: Session, cutoffs: Cutoffs, ids: Sequence[UUID]) -> None:
    """Have the audit log keep what it would show as long as it keeps anything: from jobs it reads no more."""
    kept = select_rows(JobRow).where(col(JobRow.id).in_(ids), col(JobRow.key_id).is_not(None))
    if cutoffs.audit is not None:
        kept = kept.where(col(JobRow.created_at) > cutoffs.audit)
    for event in events_of_jobs(session, session.exec(kept).all()):
        insert_event(session, event)


def _ids(session: Session, statement: Select[Any]) -> Sequence[Any]:
    return session.connection().execute(statement).scalars().all()


def _delete(session: Session, table: FromClause, ids: Sequence[Any]) -> int:
    return _count(session.connection().execute(delete(table).where(table.c.id.in_(ids))))  # type: ignore[arg-type]


def _count(result: CursorResult[Any]) -> int:
    return result.rowcount
