"""Lists of leads, of jobs of leads and of deliveries: a page at a time, and what all of it adds up to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session

from app.clock import Clock
from app.database.database import Database
from app.repositories.filtering import LeadCriteria
from app.repositories.keyset import Window
from app.repositories.listing import (
    NEWEST_DELIVERIES,
    NEWEST_JOBS,
    count_by_state,
    count_leads,
    lead_order,
    oldest_due_at,
    select_deliveries,
    select_jobs_of_leads,
    select_leads,
)
from app.repositories.projects import get_project
from app.services.filters import DeliveryFilter, LeadFilter, LeadOrder
from app.services.paging import Page, PageRequest, page_of, window_of
from app.services.viewer import Viewer
from app.tables.jobs import DeliveryRow, JobRow
from app.tables.leads import LeadRow
from app.values import DeliveryState

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class LongestDue:
    """The delivery that could have been sent for longest."""

    since: datetime
    age_s: int
    """Whole seconds."""


@dataclass(frozen=True, slots=True)
class ListingService:
    """Reads lists, each call in a session of its own. A request that makes no sense: InvalidInputError."""

    database: Database
    clock: Clock

    async def leads(
        self, viewer: Viewer, given: LeadFilter, order: LeadOrder, request: PageRequest
    ) -> Page[LeadRow]:
        """A page of the leads that the filter leaves."""
        given.check()
        by = lead_order(order.field, order.direction)
        window = window_of(request, by)
        found = await self._of_leads(
            viewer, given, lambda session, criteria: select_leads(session, criteria, by, window)
        )
        return page_of(found, by, window)

    async def count_leads(self, viewer: Viewer, given: LeadFilter) -> int:
        """How many leads the filter leaves."""
        given.check()
        return await self._of_leads(viewer, given, count_leads)

    async def deliveries(
        self, viewer: Viewer, given: DeliveryFilter, request: PageRequest
    ) -> Page[DeliveryRow]:
        """A page of the deliveries that the filter leaves, newest first."""
        given.check()
        window = window_of(request, NEWEST_DELIVERIES)
        criteria = given.criteria(viewer.project_id)
        found = await self.database.read(lambda session: select_deliveries(session, criteria, window))
        return page_of(found, NEWEST_DELIVERIES, window)

    async def count_by_state(self, viewer: Viewer, given: DeliveryFilter) -> dict[DeliveryState, int]:
        """How many of the deliveries that the filter leaves are in each state, for the states that occur."""
        given.check()
        criteria = given.criteria(viewer.project_id)
        return await self.database.read(lambda session: count_by_state(session, criteria))

    async def longest_due(self, viewer: Viewer, given: DeliveryFilter) -> LongestDue | None:
        """The longest due of the deliveries that the filter leaves; None: none is due."""
        given.check()
        criteria, now = given.criteria(viewer.project_id), self.clock()
        since = await self.database.read(lambda session: oldest_due_at(session, criteria, now))
        return LongestDue(since, int((now - since).total_seconds())) if since else None

    async def jobs_of_leads(self, lead_ids: Sequence[int], window: Window) -> list[Page[JobRow]]:
        """Each lead's page of jobs, newest first; the ids come from rows the viewer has already seen."""
        rows = await self.database.read(lambda session: select_jobs_of_leads(session, lead_ids, window))
        found: dict[int, list[JobRow]] = {lead_id: [] for lead_id in lead_ids}
        for row in rows:
            found[row.lead_id].append(row)
        return [page_of(found[lead_id], NEWEST_JOBS, window) for lead_id in lead_ids]

    async def _of_leads(
        self, viewer: Viewer, given: LeadFilter, read: Callable[[Session, LeadCriteria], Found]
    ) -> Found:
        """Read with the filter as the project means it: whose country decides about phone numbers."""

        def work(session: Session) -> Found:
            return read(session, given.criteria(get_project(session, viewer.project_id)))

        return await self.database.read(work)


def jobs_window(request: PageRequest) -> Window:
    """Which part of each lead's jobs is wanted; InvalidInputError."""
    return window_of(request, NEWEST_JOBS)
