"""The star of the house: one status change of one lead."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from app.clock import Clock
from app.database.database import Database
from app.database.work import Repeatable
from app.ids import new_id
from app.queue.port import Wake
from app.services.answers import Opened, Queued
from app.services.applying import Call, apply_change
from app.services.setups import Setups
from app.services.status_change import StatusChange, check
from app.services.viewer import Viewer


@dataclass(frozen=True, slots=True)
class StatusService:
    """Changes the status of leads."""

    database: Database
    setups: Setups
    wake: Wake
    clock: Clock
    make_id: Callable[[], UUID] = new_id

    async def update(self, viewer: Viewer, change: StatusChange) -> Opened | Queued:
        """Apply the change and queue its job, or raise a DomainError and change nothing.

        Raises:
            InvalidInputError: the input breaks a rule.
            LeadNotFoundError: the identifier that was used finds no lead.
            LabelNotFoundError: `conversion_id` names no label that is in use.
            DuplicateJobError: the lead has an active job and `on_conflict` is REJECT.
        """
        now = self.clock()
        chosen = check(change, now)
        setup = await self.setups.of(viewer.project_id)

        def work(session: Session) -> Opened | Queued:
            return apply_change(
                Call(
                    session=session,
                    connectors=self.setups.connectors,
                    wake=self.wake,
                    setup=setup,
                    change=change,
                    chosen=chosen,
                    now=now,
                    viewer=viewer,
                    make_id=self.make_id,
                )
            )

        return await self.database.write(Repeatable(work))
