"""Canceling a job: what of it is not sent yet is not sent any more."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.clock import Clock
from app.database.database import Database
from app.ids import parse_id
from app.repositories.jobs import cancel_waiting, find_job
from app.repositories.leads import find_lead, store_status
from app.services.auditing import record
from app.services.progress import deactivate_job
from app.services.viewer import Viewer
from app.tables.jobs import JobRow
from app.values import AuditAction, LeadIdentifierKind, LeadStatus


@dataclass(frozen=True, slots=True)
class CancelService:
    """Cancels jobs. Doing so twice changes nothing."""

    database: Database
    clock: Clock

    async def cancel(self, viewer: Viewer, given_id: str) -> JobRow | None:
        """Cancel what of the job waits, and end it, in one transaction; None: the viewer has no such job.

        What is being sent right now goes on, and is not tried again should it fail. A lead that was waiting
        for the job becomes OPEN and keeps its label and price: that the sale got there is still true, only
        nobody is told of it.
        """
        job_id, now = parse_id(given_id), self.clock()
        if job_id is None:
            return None

        def work(session: Session) -> JobRow | None:
            job = find_job(session, viewer.project_id, job_id)
            return None if job is None else _cancel(session, viewer, job, now)

        return await self.database.write(work)


def _cancel(session: Session, viewer: Viewer, job: JobRow, now: datetime) -> JobRow:
    # The lead's lock first, as in every status change: afterwards nobody else moves the job on.
    lead = find_lead(session, job.project_id, LeadIdentifierKind.LEAD_ID, job.lead_id, lock=True)
    assert lead is not None
    session.refresh(job)
    if cancel_waiting(session, job.id, now) or job.active:
        record(session, viewer, AuditAction.JOB_CANCELED, job.id, now)
    deactivate_job(session, job, now)
    session.refresh(job)
    if lead.current_job_id == job.id and lead.status is LeadStatus.PENDING:
        lead.status, lead.updated_at = LeadStatus.OPEN, now
        store_status(session, lead)
    return job
