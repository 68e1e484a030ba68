"""Reading the audit log: a page at a time, and how much there is. Writing it: auditing.py."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.database.database import Database
from app.errors import Problem
from app.ids import parse_id
from app.repositories.auditing import NEWEST_EVENTS, AuditCriteria, count_events, select_events
from app.services.identifying import lead_id_of
from app.services.paging import Page, PageRequest, page_of, window_of
from app.services.texts import SHORT, reject, text_problem
from app.services.viewer import Viewer
from app.tables.audit import AuditEventRow
from app.values import AuditAction, AuditSubject


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which events a caller wants; None: not given. An empty list matches nothing."""

    actions: Collection[AuditAction] | None = None
    key_id: str | None = None
    subject_kind: AuditSubject | None = None
    subject_id: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    """Itself excluded."""

    def criteria(self, project_id: UUID) -> AuditCriteria:
        """What a database looks for; InvalidInputError with everything that is wrong."""
        reject([problem for problem in self._problems() if problem])
        return AuditCriteria(
            project_id=project_id,
            actions=self.actions,
            key_id=None if self.key_id is None else parse_id(self.key_id) or _NOBODY,
            subject_kind=self.subject_kind,
            subject_id=None if self.subject_id is None else _as_stored(self.subject_id),
            lead_id=None if self.subject_id is None else lead_id_of(self.subject_id),
            created_from=self.created_from,
            created_to=self.created_to,
        )

    def _problems(self) -> list[Problem | None]:
        if self.subject_id is None:
            return []
        return [text_problem(("filter", "subjectId"), self.subject_id, SHORT)]


_NOBODY = UUID(int=0)
"""An id that no key has."""


def _as_stored(subject_id: str) -> str:
    """A UUID in our spelling, whichever it was written in."""
    parsed = parse_id(subject_id)
    return str(parsed) if parsed else subject_id


@dataclass(frozen=True, slots=True)
class AuditLog:
    """Reads it, each call in a session of its own. A request that makes no sense: InvalidInputError."""

    database: Database

    async def events(self, viewer: Viewer, given: AuditFilter, request: PageRequest) -> Page[AuditEventRow]:
        """A page of the events that the filter leaves, newest first."""
        window, criteria = window_of(request, NEWEST_EVENTS), given.criteria(viewer.project_id)
        found = await self.database.read(lambda session: select_events(session, criteria, window))
        return page_of(found, NEWEST_EVENTS, window)

    async def count(self, viewer: Viewer, given: AuditFilter) -> int:
        """How many events the filter leaves."""
        criteria = given.criteria(viewer.project_id)
        return await self.database.read(lambda session: count_events(session, criteria))
