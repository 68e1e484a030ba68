"""SQL of the audit log: its own events, and the status changes that jobs tell of, as one list."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from app.database.prepared import Prepared
from app.repositories.keyset import Order, Window, select_window
from app.tables.audit import AuditEventRow
from app.tables.jobs import JobRow
from app.tables.making import columns_of, make
from app.tables.projects import ApiKeyRow
from app.tables.registry import metadata
from app.values import AuditAction, AuditSubject

NEWEST_EVENTS = Order(
    name="audit", columns=(col(AuditEventRow.created_at), col(AuditEventRow.id)), descending=True
)
_NEWEST_JOBS = Order(name="audit", columns=(col(JobRow.created_at), col(JobRow.id)), descending=True)
"""The same places in the other table."""

_INSERT = Prepared(insert(metadata.tables["audit_event"]), apart=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCriteria:
    """Which events; None: whatever they have."""

    project_id: UUID
    actions: Collection[AuditAction] | None = None
    key_id: UUID | None = None
    subject_kind: AuditSubject | None = None
    subject_id: str | None = None
    lead_id: int | None = None
    """`subject_id`, if a lead can have it."""
    created_from: datetime | None = None
    created_to: datetime | None = None
    """Itself excluded."""

    @property
    def includes_jobs(self) -> bool:
        """Whether status changes that queued a job can be among them."""
        return (
            (self.actions is None or AuditAction.STATUS_CHANGED in self.actions)
            and self.subject_kind in {None, AuditSubject.LEAD}
            and (self.subject_id is None or self.lead_id is not None)
        )


def insert_event(session: Session, event: AuditEventRow) -> None:
    """Add it."""
    _INSERT.run(session, columns_of(event))


def select_events(session: Session, criteria: AuditCriteria, window: Window) -> list[AuditEventRow]:
    """Up to one event more than the window has, the nearest first, in the order NEWEST_EVENTS."""
    found = select_window(session, AuditEventRow, list(_event_conditions(criteria)), NEWEST_EVENTS, window)
    if criteria.includes_jobs:
        by = _NEWEST_JOBS if criteria.lead_id is None else _NEWEST_JOBS.sorting_what_is_found()
        jobs = select_window(session, JobRow, list(_job_conditions(criteria)), by, window)
        found = sorted(
            [*found, *events_of_jobs(session, jobs)],
            key=lambda event: (event.created_at, event.id),
            reverse=not window.backward,
        )
    return found[: window.count + 1]


def count_events(session: Session, criteria: AuditCriteria) -> int:
    """How many there are."""
    events = select(func.count()).select_from(AuditEventRow).where(*_event_conditions(criteria))
    count: int = session.execute(events).scalar_one()
    if criteria.includes_jobs:
        jobs = select(func.count()).select_from(JobRow).where(*_job_conditions(criteria))
        count += session.execute(jobs).scalar_one()
    return count


def events_of_jobs(session: Session, jobs: Sequence[JobRow]) -> list[AuditEventRow]:
    """The status changes that queued these jobs, whose keys are known, as events. They are not stored."""
    ids = {job.key_id for job in jobs}
    keys = session.exec(select_rows(ApiKeyRow).where(col(ApiKeyRow.id).in_(ids))).all() if ids else []
    names = {key.id: key.name for key in keys}
    return [
        make(
            AuditEventRow,
            {
                "id": job.id,
                "project_id": job.project_id,
                "key_id": job.key_id,
                "key_name": names.get(job.key_id) if job.key_id else None,
                "action": AuditAction.STATUS_CHANGED,
                "subject_kind": AuditSubject.LEAD,
                "subject_id": str(job.lead_id),
                "changes": [{"field": "label", "after": str(job.label_id)}],
                "request_id": job.request_id,
                "created_at": job.created_at,
            },
        )
        for job in jobs
    ]


def _event_conditions(criteria: AuditCriteria) -> Iterator[ColumnElement[bool]]:
    yield col(AuditEventRow.project_id) == criteria.project_id
    if criteria.actions is not None:
        yield col(AuditEventRow.action).in_(sorted(criteria.actions))
    if criteria.subject_kind is not None:
        yield col(AuditEventRow.subject_kind) == criteria.subject_kind
    if criteria.subject_id is not None:
        yield col(AuditEventRow.subject_id) == criteria.subject_id
    yield from _of_both(AuditEventRow, criteria)


def _job_conditions(criteria: AuditCriteria) -> Iterator[ColumnElement[bool]]:
    project_id: Any = col(JobRow.project_id)
    if criteria.lead_id is not None:
        yield col(JobRow.lead_id) == criteria.lead_id
        # Not as the start of an index: the lead leads to fewer rows than the project.
        project_id = func.coalesce(project_id, project_id, type_=project_id.type)
    yield project_id == criteria.project_id
    # Jobs of versions without an audit log do not say who queued them.
    yield col(JobRow.key_id).is_not(None)
    yield from _of_both(JobRow, criteria)


def _of_both(table: type[AuditEventRow | JobRow], criteria: AuditCriteria) -> Iterator[ColumnElement[bool]]:
    if criteria.key_id is not None:
        yield col(table.key_id) == criteria.key_id
    if criteria.created_from is not None:
        yield col(table.created_at) >= criteria.created_from
    if criteria.created_to is not None:
        yield col(table.created_at) < criteria.created_to
