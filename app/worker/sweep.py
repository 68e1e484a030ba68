"""The sweep: deadlines, jobs with nothing left to do, old answers, remains, retention, lanes nobody woke."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from app.clock import Clock
from app.database.database import Database
from app.queue.port import Turn
from app.repositories.chores import find_idle_jobs, find_lanes_with_work, forget_old_keys, has_old_keys
from app.repositories.disconnecting import find_uncleared
from app.repositories.idempotency import REMEMBERED_FOR
from app.repositories.settling import lock_jobs
from app.repositories.waiting import Waiting, find_overdue, finish
from app.services.disconnecting import clear_away
from app.services.progress import ACTIVE_AT_MOST, DUE_SOON, settle_jobs, settle_locked
from app.values import DeliveryState
from app.worker.retaining import DailyPruning

EVERY = timedelta(seconds=5)
"""A wake-up that was lost costs no more than this."""

CHUNK = 100
"""Deliveries or jobs in one transaction; with leads and jobs three times as many rows."""


@dataclass(frozen=True, slots=True)
class _Chores:
    overdue: Sequence[Waiting]
    idle_jobs: Sequence[UUID]
    old_keys: bool
    disconnected: Sequence[UUID]
    """Integrations that something is left of."""
    lanes: Sequence[UUID]

    @property
    def more(self) -> bool:
        """There may be as many again."""
        return CHUNK in {len(self.overdue), len(self.idle_jobs)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Looks after what all lanes have in common."""

    database: Database
    wake: Callable[[Iterable[UUID]], None]
    clock: Clock
    always: Sequence[UUID] = ()
    """Lanes that are woken each time: whoever would have woken them again may be gone."""
    pruning: DailyPruning | None = None
    """None: everything is kept."""

    async def run(self, _turn: Turn) -> datetime | None:
        """A RunTurn of the lane SWEEP_LANE. Costs one read when there is nothing to do."""
        now = self.clock()
        chores = await self.database.read(lambda session: _look(session, now))
        self.wake([*chores.lanes, *self.always])
        if chores.overdue:
            await self.database.write(lambda session: _expire(session, chores.overdue, now))
        if chores.idle_jobs:
            await self.database.write(lambda session: settle_jobs(session, chores.idle_jobs, now))
        if chores.old_keys:
            await self.database.write(lambda session: forget_old_keys(session, now - REMEMBERED_FOR, CHUNK))
        more_left = [await clear_away(self.database, lane, now, most=1) for lane in chores.disconnected]
        if self.pruning is not None:
            await self.pruning.step(now)
        return now if chores.more or any(more_left) else now + EVERY


def _look(session: Session, now: datetime) -> _Chores:
    return _Chores(
        find_overdue(session, now, CHUNK),
        find_idle_jobs(session, soon=now + DUE_SOON, too_old=now - ACTIVE_AT_MOST, limit=CHUNK),
        has_old_keys(session, now - REMEMBERED_FOR),
        find_uncleared(session),
        find_lanes_with_work(session, now),
    )


def _expire(session: Session, overdue: Sequence[Waiting], now: datetime) -> None:
    jobs = lock_jobs(session, (delivery.job_id for delivery in overdue))
    finish(
        session,
        [delivery.id for delivery in overdue],
        DeliveryState.EXPIRED,
        code="EXPIRED",
        message="The platform's time window closed while the conversion was waiting.",
        now=now,
    )
    settle_locked(session, jobs, now)
