"""SQL of how jobs stand: as little of them as tells that one has moved."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session

from app.tables.registry import metadata
from app.values import OPEN_STATES, DeliveryState, JobState

_JOB = metadata.tables["conversion_job"]
_DELIVERY = metadata.tables["delivery"]

_ids: Any = bindparam("ids", expanding=True)

SELECT_JOBS = select(_JOB.c.id, _JOB.c.state, _JOB.c.active, _JOB.c.finished_at).where(_JOB.c.id.in_(_ids))
SELECT_DELIVERIES = select(
    _DELIVERY.c.job_id,
    _DELIVERY.c.id,
    _DELIVERY.c.state,
    _DELIVERY.c.attempts,
    _DELIVERY.c.next_attempt_at,
    _DELIVERY.c.verdict_at,
).where(_DELIVERY.c.job_id.in_(_ids))
_SELECT_OWN = select(_JOB.c.id).where(
    _JOB.c.id == bindparam("job"), _JOB.c.project_id == bindparam("project")
)


class DeliveryMark(NamedTuple):
    """What changes of a delivery whenever anything of it does."""

    id: UUID
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime | None
    verdict_at: datetime | None

    @property
    def may_change(self) -> bool:
        """Whether something may still happen to it by itself: a verdict, too, if there is one to come."""
        if self.state is DeliveryState.ACCEPTED:
            return self.verdict_at is not None
        return self.state in OPEN_STATES


@dataclass(frozen=True, slots=True)
class JobMark:
    """How a job stands: two that are equal show the same."""

    id: UUID
    state: JobState
    active: bool
    finished_at: datetime | None
    deliveries: frozenset[DeliveryMark]

    @property
    def over(self) -> bool:
        """A worker is through with it, and each delivery is final, or ACCEPTED with no verdict to come."""
        return self.finished_at is not None and not any(delivery.may_change for delivery in self.deliveries)


def find_job_mark(session: Session, project_id: UUID, job_id: UUID) -> JobMark | None:
    """How the project's job with this id stands; None: there is none."""
    own = session.connection().execute(_SELECT_OWN, {"job": job_id, "project": project_id}).first()
    return job_marks(session, [job_id]).get(job_id) if own else None


def job_marks(session: Session, job_ids: Sequence[UUID]) -> dict[UUID, JobMark]:
    """How these jobs stand, by id, whosever they are; those that are gone are left out."""
    connection = session.connection()
    jobs = connection.execute(SELECT_JOBS, {"ids": job_ids}).all()
    deliveries: defaultdict[UUID, list[DeliveryMark]] = defaultdict(list)
    for job_id, *mark in connection.execute(SELECT_DELIVERIES, {"ids": job_ids}):
        deliveries[job_id].append(DeliveryMark(*mark))
    return {job.id: JobMark(*job, frozenset(deliveries[job.id])) for job in jobs}
