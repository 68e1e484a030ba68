"""Trying deliveries again by hand: what failed, and what was skipped once its reason is gone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session

from app.clock import Clock
from app.connectors.base import Connector
from app.database.database import Database, after_commit
from app.queue.port import Wake
from app.repositories.filtering import DeliveryCriteria
from app.repositories.integrations import integrations_by_id
from app.repositories.keyset import Position, Window
from app.repositories.labels import labels_by_id
from app.repositories.leads import leads_by_id
from app.repositories.listing import NEWEST_DELIVERIES
from app.repositories.replaying import (
    RETRY_COLUMNS,
    RetryChange,
    deliveries_of_leads,
    explain_skips,
    find_retryable,
    jobs_of_leads,
    lock_retryable,
    mappings_by_place,
    write_retries,
)
from app.repositories.settling import lock_jobs
from app.services.auditing import Change, record
from app.services.filters import DeliveryFilter
from app.services.progress import settle_locked
from app.services.retries import LeadHistory, Retry, Surroundings
from app.services.retrying import plan_retry
from app.services.situation import Planned
from app.services.viewer import Viewer
from app.tables.jobs import DeliveryRow
from app.values import (
    RETRYABLE_STATES,
    AuditAction,
    DeliveryPlan,
    DeliveryState,
    Platform,
    WarningCode,
)

CHUNK = 50
"""Deliveries in one transaction, with as many jobs and leads at most.

Thinking so many through takes about 50 ms, in which a process does nothing else.
"""


@dataclass(slots=True)
class Replay:
    """What came, or would come, of it."""

    matched: int = 0
    """Deliveries that could be tried again, as far as the filter goes."""
    retried: int = 0
    skipped: Counter[WarningCode] = field(default_factory=Counter)
    """Those that stay as they are, by the reason."""


class _Chunk(NamedTuple):
    """What came of one transaction."""

    planned: Sequence[Planned]
    end: Position | None
    """Where the next one begins; None: there is none."""


@dataclass(frozen=True, slots=True)
class ReplayService:
    """Tries deliveries again."""

    database: Database
    connectors: Mapping[Platform, Connector]
    wake: Wake
    clock: Clock

    async def retry(self, viewer: Viewer, given: DeliveryFilter, *, dry_run: bool) -> Replay:
        """Queue again what the filter leaves of FAILED, REJECTED, EXPIRED, SKIPPED, UNCONFIRMED deliveries.

        UNCONFIRMED ones only if they are named by their ids. Newest first, CHUNK at a time, each in a
        transaction of its own: whatever breaks off in between, the same call again does the rest. `dry_run`:
        the same without writing. InvalidInputError.
        """
        given.check()
        criteria = _retryable(given.criteria(viewer.project_id), self.clock())
        replay, decided, beyond = Replay(), dict[UUID, Planned](), None
        while True:
            work = _Work(self, viewer, criteria, Window(count=CHUNK, beyond=beyond), decided)
            chunk = await (self.database.read(work.look) if dry_run else self.database.write(work.carry_out))
            for planned in chunk.planned:
                _count(replay, planned)
                if dry_run and planned.plan is not DeliveryPlan.SKIP:
                    decided[planned.delivery.id] = planned
            if chunk.end is None:
                return replay
            beyond = chunk.end


def _retryable(criteria: DeliveryCriteria, now: datetime) -> DeliveryCriteria:
    """What of it may be tried again: nothing that is created, and fails, while this is going on."""
    states = RETRYABLE_STATES if criteria.ids is not None else RETRYABLE_STATES - {DeliveryState.UNCONFIRMED}
    if criteria.states is not None:
        states &= frozenset(criteria.states)
    return replace(criteria, states=states, created_at_most=now)


def _count(replay: Replay, planned: Planned) -> None:
    replay.matched += 1
    if planned.plan is DeliveryPlan.SKIP:
        replay.skipped[planned.findings[0].code] += 1
    else:
        replay.retried += 1


@dataclass(frozen=True, slots=True)
class _Work:
    """One transaction's part."""

    service: ReplayService
    viewer: Viewer
    criteria: DeliveryCriteria
    window: Window
    decided: Mapping[UUID, Planned]
    """By earlier parts of a dry run: what would be stored by now."""

    def look(self, session: Session) -> _Chunk:
        """Decide, and write nothing."""
        found = self._find(session)
        return _Chunk(self._plan(session, found, {row.id for row in found}), self._end(found))

    def carry_out(self, session: Session) -> _Chunk:
        """Decide, and write what was decided."""
        found = self._find(session)
        jobs = lock_jobs(session, (row.job_id for row in found))
        still = lock_retryable(session, self.criteria, [row.id for row in found])
        session.expunge_all()  # read again: what was found may have changed before it was locked
        planned = self._plan(session, found, still)
        again = [one.delivery for one in planned if one.plan is not DeliveryPlan.SKIP]
        write_retries(session, [_change(delivery) for delivery in again])
        kept = [one.delivery for one in planned if one.plan is DeliveryPlan.SKIP]
        explain_skips(session, {delivery.id: delivery.warning for delivery in kept})
        settle_locked(session, jobs, self.service.clock())
        if again:
            self._record(session, again)
        lanes = {one.integration_id for one in again if one.state is DeliveryState.SCHEDULED}
        if lanes:
            after_commit(session, lambda: self.service.wake(sorted(lanes)))
        return _Chunk(planned, self._end(found))

    def _record(self, session: Session, again: Sequence[DeliveryRow]) -> None:
        retried = Change("deliveries", after=[str(delivery.id) for delivery in again])
        project_id, now = self.viewer.project_id, self.service.clock()
        record(session, self.viewer, AuditAction.DELIVERIES_RETRIED, project_id, now, changes=[retried])

    def _find(self, session: Session) -> list[DeliveryRow]:
        return find_retryable(session, self.criteria, self.window)

    def _end(self, found: Sequence[DeliveryRow]) -> Position | None:
        if len(found) <= self.window.count:
            return None
        return NEWEST_DELIVERIES.position_of(found[self.window.count - 1])

    def _plan(self, session: Session, found: Sequence[DeliveryRow], which: set[UUID]) -> list[Planned]:
        """Newest first: where only one of several may count, that is the one with the last word."""
        wanted = [row for row in found[: self.window.count] if row.id in which]
        histories = _histories(session, {row.lead_id for row in wanted})
        around = self._surroundings(session, list(histories.values()))
        # Nothing of what is only thought through may be written when the transaction ends.
        session.expunge_all()
        rows = {row.id: row for history in histories.values() for row in history.deliveries}
        for delivery_id in self.decided.keys() & rows.keys():
            _adopt(rows[delivery_id], self.decided[delivery_id])
        return [plan_retry(Retry(histories[row.lead_id], rows[row.id], around)) for row in wanted]

    def _surroundings(self, session: Session, histories: Sequence[LeadHistory]) -> Surroundings:
        jobs = [job for history in histories for job in history.jobs]
        deliveries = [one for history in histories for one in history.deliveries]
        label_ids = {job.label_id for job in jobs}
        integration_ids = {one.integration_id for one in deliveries}
        return Surroundings(
            labels={row.id: row for row in labels_by_id(session, sorted(label_ids))},
            integrations={row.id: row for row in integrations_by_id(session, sorted(integration_ids))},
            mappings=mappings_by_place(session, label_ids),
            connectors=self.service.connectors,
            named=frozenset(self.criteria.ids or ()),
            now=self.service.clock(),
        )


def _histories(session: Session, lead_ids: set[int]) -> dict[int, LeadHistory]:
    leads = {row.id: row for row in leads_by_id(session, sorted(lead_ids))}
    jobs, deliveries = jobs_of_leads(session, lead_ids), deliveries_of_leads(session, lead_ids)
    return {
        lead_id: LeadHistory(
            lead=leads[lead_id],
            jobs=[job for job in jobs if job.lead_id == lead_id],
            deliveries=[one for one in deliveries if one.lead_id == lead_id],
        )
        for lead_id in lead_ids
    }


def _adopt(row: DeliveryRow, planned: Planned) -> None:
    """Let later decisions see this one, as the database would show it."""
    row.state, row.target = planned.delivery.state, planned.delivery.target
    row.next_attempt_at = planned.delivery.next_attempt_at


def _change(delivery: DeliveryRow) -> RetryChange:
    return RetryChange(**{name: getattr(delivery, name) for name in RETRY_COLUMNS})
