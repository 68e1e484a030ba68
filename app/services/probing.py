"""Trying an integration without a conversion: its credentials, and what labels are mapped to."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlmodel import Session

from app.clock import Clock
from app.connectors.base import Connection, Connector, Outcome
from app.connectors.opening import Opener, UnusableIntegrationError
from app.database.database import Database, after_commit
from app.errors import IntegrationNotFoundError
from app.ids import parse_id
from app.queue.port import Wake
from app.repositories.integrations import find_integration, lock_integration
from app.repositories.labels import mappings_in_use
from app.services.auditing import record
from app.services.pausing import try_at_once
from app.services.probe_report import (
    Report,
    Subject,
    Targets,
    notes_on,
    refused,
    reported,
    unusable,
    works,
)
from app.services.renewing import store_renewal
from app.services.sunsets import ApiVersion, api_version
from app.services.viewer import Viewer
from app.tables.integrations import IntegrationRow
from app.values import AuditAction, Platform

AT_ONCE: Final = 4
"""Targets tried at the same time: some platforms count these requests like any other."""


@dataclass(frozen=True, slots=True)
class ProbeService:
    """Tries integrations, and knows which version of a platform's API they use."""

    database: Database
    opener: Opener
    wake: Wake
    clock: Clock

    def api_version(self, platform: Platform) -> ApiVersion | None:
        """What this installation calls there; None: this version cannot send to the platform."""
        connector, endpoint = self.opener.connectors.get(platform), self.opener.endpoints.get(platform)
        return api_version(connector.facts, endpoint) if connector and endpoint else None

    async def test(self, viewer: Viewer, given_id: str) -> Report:
        """Try it now, outside any transaction; what is held goes on soon if the connection works.

        IntegrationNotFoundError. Nothing else about the integration or its platform raises.
        """
        subject = await self._subject(viewer, given_id)
        integration = subject.integration
        report = await try_out(self.opener, integration, subject.targets)
        await self._follow_up(viewer, integration, tries_again=report.is_accepted and subject.is_stopped)
        connector = self.opener.connectors.get(integration.platform)
        if connector is None:
            return report
        api = self.api_version(integration.platform)
        return replace(report, notes=notes_on(subject, connector.facts, api, self.clock()))

    async def _subject(self, viewer: Viewer, given_id: str) -> Subject:
        integration_id = parse_id(given_id)
        if integration_id is None:
            raise IntegrationNotFoundError

        def look(session: Session) -> Subject:
            integration = find_integration(session, viewer.project_id, integration_id)
            if integration is None:
                raise IntegrationNotFoundError
            return Subject(integration=integration, mapped=mappings_in_use(session, integration.id))

        return await self.database.read(look)

    async def _follow_up(self, viewer: Viewer, tried: IntegrationRow, *, tries_again: bool) -> None:
        def work(session: Session) -> None:
            record(session, viewer, AuditAction.INTEGRATION_TESTED, tried.id, self.clock())
            if not tries_again and self.opener.renewals.get(tried.id) is None:
                return
            integration = lock_integration(session, viewer.project_id, tried.id)
            if integration is None:
                return  # disconnected meanwhile
            store_renewal(session, integration, self.opener)
            if tries_again:
                try_at_once(session, integration, self.clock())
                after_commit(session, lambda: self.wake([tried.id]))

        await self.database.write(work)


async def try_out(opener: Opener, integration: IntegrationRow, targets: Targets) -> Report:
    """Ask the platform about the connection, and if that works about the targets; writes nothing."""
    try:
        connector, connection = opener.open(integration)
    except UnusableIntegrationError as error:
        return unusable(error.message)
    outcome = await connector.probe(connection, None)
    if not works(outcome):
        return refused(connector.facts, outcome, targets)
    answers = await _probe_targets(connector, connection, list(targets))
    return reported(connector.facts, integration, outcome, answers, targets)


async def _probe_targets(
    connector: Connector, connection: Connection, targets: Sequence[str]
) -> dict[str, Outcome]:
    free = asyncio.Semaphore(AT_ONCE)

    async def probe(target: str) -> Outcome:
        async with free:
            return await connector.probe(connection, target)

    return dict(zip(targets, await asyncio.gather(*map(probe, targets)), strict=True))
