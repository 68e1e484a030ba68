"""Erasing: the person is taken out of a lead and of all that was made of it; counts and states stay."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from sqlmodel import Session

from app.clock import Clock
from app.database.database import Database
from app.errors import LeadNotFoundError
from app.repositories.disconnecting import cancel
from app.repositories.erasing import (
    LEAD_ERASED,
    LEAD_ERASED_MESSAGE,
    FoundDelivery,
    delete_answers,
    erase_attempts,
    erase_deliveries,
    erase_warnings,
    find_answers,
    find_deliveries,
    forget_lookups,
    mark_erased,
)
from app.repositories.projects import get_project
from app.repositories.settling import lock_jobs
from app.services.auditing import record
from app.services.identifying import LeadIdentifier, choose_identifier, load_lead
from app.services.progress import settle_locked
from app.services.viewer import Viewer
from app.values import AuditAction

CHUNK: Final = 100
"""Deliveries in one transaction, with as many attempts and twice as many jobs at most."""

_FIRST: Final = UUID(int=0)
"""Before every id."""


@dataclass(frozen=True, slots=True)
class Erased:
    """A lead without a person."""

    lead_id: int
    canceled: int
    """Deliveries that were waiting, those among them that may have arrived earlier included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """How far it is."""

    delivery: UUID = _FIRST
    """The last one that is done."""
    job: UUID = _FIRST
    canceled: int = 0
    through: bool = False


@dataclass(frozen=True, slots=True)
class EraseService:
    """Erases. Doing so twice changes nothing."""

    database: Database
    clock: Clock

    async def erase(self, viewer: Viewer, identifier: LeadIdentifier) -> Erased:
        """Erase the person, cancel what waits. What is being sent goes on, and leaves no more than its end.

        One transaction, or several where there is a lot; the first takes the person out of the lead itself,
        the last what the lead is found by, so that a call that broke off can be made again.

        Raises:
            InvalidInputError: no identifier was given, or the one that counts is blank.
            LeadNotFoundError: the identifier that was used finds no lead.
        """
        chosen, now = choose_identifier(identifier), self.clock()

        def begin(session: Session) -> tuple[int, _Place]:
            project = get_project(session, viewer.project_id)
            lead = load_lead(session, project, chosen, lock=True, erased=True)
            if lead is None or lead.id is None:
                raise LeadNotFoundError(chosen.kind)
            if lead.erased_at is None:
                record(session, viewer, AuditAction.LEAD_ERASED, lead.id, now)
            mark_erased(session, lead.id, now)
            return lead.id, _go_on(session, lead_id=lead.id, place=_Place(), now=now)

        lead_id, place = await self.database.write(begin)
        while not place.through:
            place = await self.database.write(partial(_go_on, lead_id=lead_id, place=place, now=now))
        await self._forget_answers(viewer.project_id, lead_id)
        return Erased(lead_id, place.canceled)

    async def _forget_answers(self, project_id: UUID, lead_id: int) -> None:
        """Forget what was answered about the lead; nothing is remembered of it any more."""
        # Looked for apart: it takes a while, and nobody should have to wait for it to write.
        keys = await self.database.read(lambda session: find_answers(session, project_id, lead_id))
        for start in range(0, len(keys), CHUNK):
            some = keys[start : start + CHUNK]
            await self.database.write(partial(delete_answers, project_id=project_id, keys=some))


def _go_on(session: Session, *, lead_id: int, place: _Place, now: datetime) -> _Place:
    found = find_deliveries(session, lead_id, after=place.delivery, limit=CHUNK)
    canceled = place.canceled + _erase_deliveries(session, found, now)
    attempts = erase_attempts(session, lead_id, CHUNK)
    jobs = erase_warnings(session, lead_id, after=place.job, limit=CHUNK)
    through = CHUNK not in {len(found), attempts, len(jobs)}
    if through:
        forget_lookups(session, lead_id)
    return _Place(
        delivery=found[-1].id if found else place.delivery,
        job=jobs[-1] if jobs else place.job,
        canceled=canceled,
        through=through,
    )


def _erase_deliveries(session: Session, found: list[FoundDelivery], now: datetime) -> int:
    """Take the person out of them, and cancel those that wait; answers how many did."""
    jobs = lock_jobs(session, (delivery.job_id for delivery in found))
    erase_deliveries(session, found)
    ids = [delivery.id for delivery in found]
    canceled = cancel(session, ids, code=LEAD_ERASED, message=LEAD_ERASED_MESSAGE, now=now)
    settle_locked(session, jobs, now)
    return canceled
