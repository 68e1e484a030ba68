"""Holds what is to be held and releases what is not, little by little.

Pausing and resuming change one row, and leave the deliveries to this: it can be broken off anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.repositories.lanes import find_lane
from app.repositories.settling import lock_jobs
from app.repositories.waiting import (
    Waiting,
    find_releasable,
    find_scheduled,
    find_scheduled_of_mapping,
    hold,
    release,
)
from app.services.progress import settle_locked
from app.tables.labels import LabelMappingRow
from app.worker.holding import Standing, read_standing

TIDY_SIZE = 100
"""Deliveries in one transaction, with as many jobs and leads at most."""


@dataclass(frozen=True, slots=True)
class _Misplaced:
    waiting: Sequence[Waiting]
    mapping: LabelMappingRow | None = None
    """Theirs, where that decides what they are to be."""


def is_untidy(session: Session, standing: Standing) -> bool:
    """Whether something waits that is to be held, or is held that is to go."""
    return bool(_misplaced(session, standing, limit=1).waiting)


def tidy(session: Session, lane: UUID, now: datetime) -> None:
    """Put up to TIDY_SIZE deliveries right; to be called until the lane is tidy."""
    integration = find_lane(session, lane)
    if integration is None:
        return
    standing = read_standing(session, integration)
    misplaced = _misplaced(session, standing, limit=TIDY_SIZE)
    jobs = lock_jobs(session, (waiting.job_id for waiting in misplaced.waiting))
    ids = [waiting.id for waiting in misplaced.waiting]
    warning = standing.warning(misplaced.mapping, now)
    if warning is None:
        release(session, ids, now)
    else:
        hold(session, ids, warning)
    settle_locked(session, jobs, now)


def _misplaced(session: Session, standing: Standing, *, limit: int) -> _Misplaced:
    """Deliveries that are not as the standing wants them: all to be held, or all to be released."""
    lane = standing.integration.id
    if standing.stopped:
        return _Misplaced(find_scheduled(session, lane, limit))
    for mapping in standing.held.values():
        waiting = find_scheduled_of_mapping(session, lane, mapping.label_id, mapping.target, limit)
        if waiting:
            return _Misplaced(waiting, mapping)
    return _Misplaced(find_releasable(session, lane, limit))
