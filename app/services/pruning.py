"""Retention: what is old and needed by nothing is deleted, little by little, or only counted."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Self
from uuid import UUID

from sqlmodel import Session

from app.database.database import Database, ReadableDatabase
from app.repositories import pruning
from app.repositories.retention import Cutoffs

CHUNK: Final = 500
"""Rows in one transaction."""
LEADS_AT_ONCE: Final = 100
JOBS_AT_ONCE: Final = 20
"""With an event of the audit log each, and one delivery for each integration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How many days each kind of row is kept for after the last thing that happened to it; None: for ever."""

    leads: int | None = None
    """With all that was made of them."""
    jobs: int | None = None
    """Of leads that stay: jobs of which nothing arrived, and the attempt logs of the others."""
    bodies: int | None = None
    """What was sent and answered."""
    audit: int | None = None

    @property
    def is_for_ever(self) -> bool:
        """Whether there is nothing to do."""
        return all(getattr(self, field.name) is None for field in fields(self))

    def cutoffs(self, now: datetime) -> Cutoffs:
        """The instants that are meant at this one."""
        days = {field.name: getattr(self, field.name) for field in fields(self)}
        return Cutoffs(
            now=now, **{name: now - timedelta(days=kept) for name, kept in days.items() if kept is not None}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """How much went, or would go."""

    leads: int = 0
    jobs: int = 0
    deliveries: int = 0
    attempts: int = 0
    bodies: int = 0
    """Deliveries that forgot what was sent and answered."""
    events: int = 0
    """Of the audit log, those that it shows from jobs included."""

    def __add__(self, other: Self) -> "Pruned":
        """Both together."""
        return Pruned(
            **{field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)}
        )


Steps = AsyncGenerator[Pruned]
"""One transaction at a time: who stops asking breaks off, and what was done stays done."""


def prune(database: Database, retention: Retention, now: datetime) -> Steps:
    """Delete what may go by `now`, each kind once in order of id. What that sets free goes the next time."""
    return _steps(_Run(retention.cutoffs(now), database, database), retention)


def count_prunable(database: ReadableDatabase, retention: Retention, now: datetime) -> Steps:
    """What prune() would delete by `now`; nothing is written."""
    return _steps(_Run(retention.cutoffs(now), database, None), retention)


async def _steps(run: "_Run", retention: Retention) -> Steps:
    for kept_for, steps in (
        (retention.leads, run.leads),
        (retention.jobs, run.jobs),
        (retention.bodies, run.bodies),
        (retention.audit, run.audit),
    ):
        if kept_for is not None:
            async for pruned in steps():
                yield pruned


_FIRST: Final = UUID(int=0)
"""Before every id."""

Find = Callable[..., Sequence[Any]]
"""Of the repository: ids after one, in their order."""


@dataclass(frozen=True, slots=True)
class _Run:
    cutoffs: Cutoffs
    database: ReadableDatabase
    writing: Database | None
    """The same; None: it is only counted."""

    async def leads(self) -> Steps:
        async for ids in self._chunks(pruning.find_leads, 0, LEADS_AT_ONCE):
            if self.writing is None:
                yield await self.database.read(partial(_count_leads, ids=ids))
            else:
                async for pruned in self._delete_leads(self.writing, ids):
                    yield pruned

    async def _delete_leads(self, database: Database, ids: Sequence[int]) -> Steps:
        """The leads themselves last, and what refers to others before those."""
        # First of all: from then on nothing is done for them that what is deleted would be needed for.
        ids = await database.write(partial(pruning.empty_leads, cutoffs=self.cutoffs, ids=ids))
        yield Pruned()
        attempts = partial(pruning.delete_attempts_of, owner="lead_id", ids=ids, limit=CHUNK)
        async for count in _repeat(database, attempts):
            yield Pruned(attempts=count)
        async for count in _repeat(database, partial(pruning.delete_deliveries_of, ids=ids, limit=CHUNK)):
            yield Pruned(deliveries=count)
        # Half of it: each may leave an event.
        jobs = partial(pruning.delete_jobs_of, cutoffs=self.cutoffs, ids=ids, limit=CHUNK // 2)
        async for count in _repeat(database, jobs):
            yield Pruned(jobs=count)
        yield Pruned(leads=await database.write(partial(pruning.delete_leads, ids=ids)))

    async def jobs(self) -> Steps:
        async for ids in self._chunks(pruning.find_jobs, _FIRST, JOBS_AT_ONCE):
            if self.writing is None:
                yield await self.database.read(partial(_count_jobs, ids=ids))
            else:
                async for pruned in self._delete_jobs(self.writing, ids):
                    yield pruned
        find = partial(pruning.find_attempts, counting=self.writing is None)
        async for count in self._each(find, pruning.delete_attempts):
            yield Pruned(attempts=count)

    async def _delete_jobs(self, database: Database, ids: Sequence[UUID]) -> Steps:
        attempts = partial(pruning.delete_attempts_of, owner="job_id", ids=ids, limit=CHUNK)
        async for count in _repeat(database, attempts):
            yield Pruned(attempts=count)
        spent = partial(pruning.delete_spent_jobs, cutoffs=self.cutoffs, ids=ids)
        jobs, deliveries = await database.write(spent)
        yield Pruned(jobs=jobs, deliveries=deliveries)

    async def bodies(self) -> Steps:
        find = partial(pruning.find_bodies, counting=self.writing is None)
        async for count in self._each(find, partial(pruning.clear_bodies, cutoffs=self.cutoffs)):
            yield Pruned(bodies=count)

    async def audit(self) -> Steps:
        async for count in self._each(pruning.find_events, pruning.delete_events):
            yield Pruned(events=count)
        find = partial(pruning.find_status_changes, counting=self.writing is None)
        async for count in self._each(find, pruning.forget_keys):
            yield Pruned(events=count)

    async def _each(self, find: Find, work: Callable[..., int]) -> AsyncIterator[int]:
        """Do it to one chunk after the other."""
        async for ids in self._chunks(find, _FIRST, CHUNK):
            if self.writing is None:
                yield len(ids)
            else:
                yield await self.writing.write(partial(work, ids=ids))

    async def _chunks(self, find: Find, after: Any, limit: int) -> AsyncIterator[Sequence[Any]]:
        while True:
            ids = await self.database.read(partial(find, cutoffs=self.cutoffs, after=after, limit=limit))
            if ids:
                yield ids
                after = ids[-1]
            if len(ids) < limit:
                return


async def _repeat(database: Database, work: Callable[[Session], int]) -> AsyncIterator[int]:
    """Do it until there is nothing left to do; each time is told, the last one too."""
    count = 1
    while count:
        count = await database.write(work)
        yield count


def _count_leads(session: Session, *, ids: Sequence[int]) -> Pruned:
    deliveries, attempts = pruning.count_of(session, "lead_id", ids)
    jobs = pruning.count_jobs_of(session, ids)
    return Pruned(leads=len(ids), jobs=jobs, deliveries=deliveries, attempts=attempts)


def _count_jobs(session: Session, *, ids: Sequence[UUID]) -> Pruned:
    deliveries, attempts = pruning.count_of(session, "job_id", ids)
    return Pruned(jobs=len(ids), deliveries=deliveries, attempts=attempts)
