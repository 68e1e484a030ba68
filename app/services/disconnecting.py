"""Disconnecting an integration: marked at once, cleared away little by little.

Whatever breaks off in between, or is added by a call that had not seen the mark, the sweep finds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.clock import Clock
from app.database.database import Database, after_commit
from app.queue.port import SWEEP_LANE, Wake
from app.repositories.disconnecting import cancel, delete_mappings, end_asking, find_waiting
from app.repositories.settling import lock_jobs
from app.services.auditing import record
from app.services.finding import integration_to_change
from app.services.progress import settle_locked
from app.services.viewer import Viewer
from app.tables.integrations import IntegrationRow
from app.values import AuditAction

DISCONNECTED = "INTEGRATION_DISCONNECTED"
"""The code of a delivery that was waiting when its integration was disconnected."""

_UNAVAILABLE = "VERDICT_UNAVAILABLE"
"""The code of a delivery that stays ACCEPTED because nobody can ask the platform any more."""

CLEAR_SIZE = 100
"""Deliveries in one transaction, with as many jobs and leads at most."""

CLEARED_AT_ONCE = 10
"""Transactions that a caller waits for; the sweep goes on from there."""

_CANCELED = "The integration was disconnected before the conversion was sent."
_UNJUDGED = "The integration was disconnected before the platform said whether the conversion counts."


@dataclass(frozen=True, slots=True)
class DisconnectService:
    """Disconnects."""

    database: Database
    wake: Wake
    clock: Clock

    async def disconnect(self, viewer: Viewer, integration_id: str) -> IntegrationRow:
        """End the connection and forget its credentials; what waits is canceled, what is being sent goes on.

        The first transaction ends it; those after it clear away what it leaves. IntegrationNotFoundError.
        """

        def work(session: Session) -> IntegrationRow:
            integration = integration_to_change(session, viewer, integration_id)
            now = self.clock()
            integration.disconnected_at = integration.updated_at = now
            integration.enabled, integration.credentials = False, ""
            integration.paused_at, integration.pause_reason = None, None
            integration.pause_message, integration.probe_at = None, None
            record(session, viewer, AuditAction.INTEGRATION_DISCONNECTED, integration.id, now)
            after_commit(session, lambda: self.wake([integration.id, SWEEP_LANE]))
            return integration

        integration = await self.database.write(work)
        await clear_away(self.database, integration.id, self.clock(), most=CLEARED_AT_ONCE)
        return integration


async def clear_away(database: Database, lane: UUID, now: datetime, *, most: int) -> bool:
    """Clear away what a disconnected integration left, in at most `most` transactions for each kind of it.

    Answers whether there may be more.
    """
    # Apart from the deliveries: lanes lock mappings before those, and after.
    await database.write(lambda session: delete_mappings(session, lane))
    canceled = await _repeat(database, lambda session: _cancel(session, lane, now), most)
    return await _repeat(database, lambda session: _end_asking(session, lane), most) or canceled


async def _repeat(database: Database, work: Callable[[Session], int], most: int) -> bool:
    """Do it until it finds less than it could take; True: that was not to be within `most` times."""
    for _ in range(most):
        if await database.write(work) < CLEAR_SIZE:
            return False
    return True


def _cancel(session: Session, lane: UUID, now: datetime) -> int:
    waiting = find_waiting(session, lane, CLEAR_SIZE)
    jobs = lock_jobs(session, (delivery.job_id for delivery in waiting))
    cancel(session, [delivery.id for delivery in waiting], code=DISCONNECTED, message=_CANCELED, now=now)
    settle_locked(session, jobs, now)
    return len(waiting)


def _end_asking(session: Session, lane: UUID) -> int:
    return end_asking(session, lane, CLEAR_SIZE, code=_UNAVAILABLE, message=_UNJUDGED)
