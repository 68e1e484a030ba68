"""Pausing an integration by hand, and letting it go on. What waits is held and released by its lane."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.clock import Clock
from app.database.database import Database, after_commit
from app.queue.port import Wake
from app.repositories.integrations import probe_held_mappings
from app.services.auditing import Change, record
from app.services.finding import integration_to_change
from app.services.viewer import Viewer
from app.tables.integrations import IntegrationRow
from app.values import AuditAction, PauseReason


@dataclass(frozen=True, slots=True)
class PauseService:
    """Pauses and resumes. Doing either twice changes nothing."""

    database: Database
    wake: Wake
    clock: Clock

    async def pause(self, viewer: Viewer, integration_id: str) -> IntegrationRow:
        """Hold its deliveries until resume(), whatever it may be paused for already, in one transaction.

        IntegrationNotFoundError; so for resume().
        """
        return await self._change(viewer, integration_id, AuditAction.INTEGRATION_PAUSED, self._pause)

    async def resume(self, viewer: Viewer, integration_id: str) -> IntegrationRow:
        """End a pause of any kind, in one transaction; what is not mended pauses it again."""
        return await self._change(viewer, integration_id, AuditAction.INTEGRATION_RESUMED, _resume)

    def _pause(self, integration: IntegrationRow) -> None:
        integration.paused_at = integration.paused_at or self.clock()
        integration.pause_reason = PauseReason.MANUAL
        integration.pause_message, integration.probe_at = None, None

    async def _change(
        self,
        viewer: Viewer,
        integration_id: str,
        action: AuditAction,
        change: Callable[[IntegrationRow], None],
    ) -> IntegrationRow:
        def work(session: Session) -> IntegrationRow:
            integration = integration_to_change(session, viewer, integration_id)
            before = integration.pause_reason
            change(integration)
            if integration.pause_reason != before:
                changes = [Change("pauseReason", before, integration.pause_reason)]
                record(session, viewer, action, integration.id, self.clock(), changes=changes)
            after_commit(session, lambda: self.wake([integration.id]))
            return integration

        return await self.database.write(work)


def _resume(integration: IntegrationRow) -> None:
    integration.paused_at, integration.pause_reason = None, None
    integration.pause_message, integration.probe_at = None, None


def try_at_once(session: Session, integration: IntegrationRow, now: datetime) -> None:
    """Have the integration tried with its lane's next turn, if it is paused by itself; its mappings too."""
    if integration.pause_reason not in {None, PauseReason.MANUAL}:
        integration.probe_at = now
    probe_held_mappings(session, integration.id, now)
