"""Connecting a project to a platform, changing the connection, and what its labels are called there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.clock import Clock
from app.connectors.base import Connector
from app.database.database import Database, after_commit
from app.encryption import Cipher
from app.ids import new_id
from app.queue.port import Wake
from app.repositories.integrations import probe_held_mappings
from app.services.connection_audit import audited_values, record_connection
from app.services.connection_checks import check_shape, checked_settings
from app.services.finding import integration_to_change
from app.services.pausing import try_at_once
from app.services.viewer import Viewer
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow
from app.values import AuditAction, Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConnection:
    """A connection as it is asked for."""

    platform: Platform
    name: str
    settings: Any
    """Any JSON; only an object can be right."""
    credentials: Any
    test_mode: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChange:
    """What is to change of a connection; None keeps."""

    name: str | None = None
    settings: Any = None
    """All of them: what is left out gets its default."""
    credentials: Any = None
    """All of them."""
    enabled: bool | None = None
    test_mode: bool | None = None

    @property
    def parts(self) -> dict[str, Any]:
        """Settings and credentials, as far as they are to change."""
        both = {"settings": self.settings, "credentials": self.credentials}
        return {part: value for part, value in both.items() if value is not None}


@dataclass(frozen=True, slots=True)
class ConnectionService:
    """Connects projects to platforms."""

    database: Database
    connectors: Mapping[Platform, Connector]
    cipher: Cipher
    wake: Wake
    clock: Clock

    async def connect(self, viewer: Viewer, connection: NewConnection) -> IntegrationRow:
        """Store a connection, in one transaction; InvalidInputError says what is wrong, never a secret."""
        parts = {"settings": connection.settings, "credentials": connection.credentials}
        check_shape(connection.name, parts)

        def work(session: Session) -> IntegrationRow:
            now = self.clock()
            row = add_integration(
                session,
                project_id=viewer.project_id,
                platform=connection.platform,
                name=connection.name.strip(),
                settings=connection.settings,
                credentials=connection.credentials,
                connectors=self.connectors,
                cipher=self.cipher,
                now=now,
                test_mode=connection.test_mode,
            )
            record_connection(session, viewer, AuditAction.INTEGRATION_CONNECTED, row, now, before={})
            return row

        return await self.database.write(work)

    async def update(self, viewer: Viewer, integration_id: str, change: ConnectionChange) -> IntegrationRow:
        """Change a connection, in one transaction; what was refused is tried again with what is new.

        Raises:
            IntegrationNotFoundError: the project has no connected integration with this id.
            InvalidInputError: says what is wrong, never a secret.
        """

        def work(session: Session) -> IntegrationRow:
            integration = integration_to_change(session, viewer, integration_id)
            now, before = self.clock(), audited_values(integration)
            self._change(session, integration, change, now)
            record_connection(
                session, viewer, AuditAction.INTEGRATION_UPDATED, integration, now, before=before
            )
            after_commit(session, lambda: self.wake([integration.id]))
            return integration

        return await self.database.write(work)

    def _change(
        self, session: Session, integration: IntegrationRow, change: ConnectionChange, now: datetime
    ) -> None:
        check_shape(change.name, change.parts)
        if change.parts:
            self._change_parts(integration, change)
            try_at_once(session, integration, now)
            if integration.paused_at is None and self.connectors[integration.platform].facts.probe_every:
                integration.probe_at = now  # before a conversion finds out
        elif change.test_mode is not None:
            probe_held_mappings(session, integration.id, now)  # some targets take no tests
        _change_rest(integration, change)
        integration.updated_at = now

    def _change_parts(self, integration: IntegrationRow, change: ConnectionChange) -> None:
        settings = checked_settings(integration.platform, self.connectors, change.parts)
        if change.settings is not None:
            integration.settings = settings
        if change.credentials is not None:
            integration.credentials = self.cipher.encrypt(dict(change.credentials))


def _change_rest(integration: IntegrationRow, change: ConnectionChange) -> None:
    if change.name is not None:
        integration.name = change.name.strip()
    if change.enabled is not None:
        integration.enabled = change.enabled
    if change.test_mode is not None:
        integration.test_mode = change.test_mode


def add_integration(
    session: Session,
    *,
    project_id: UUID,
    platform: Platform,
    name: str,
    settings: Mapping[str, Any],
    credentials: Mapping[str, Any],
    connectors: Mapping[Platform, Connector],
    cipher: Cipher,
    now: datetime,
    test_mode: bool = False,
) -> IntegrationRow:
    """Add a connection; its credentials are stored encrypted and never read back by anyone but the worker.

    It is tried for the first time when the platform's `probe_every` has passed, conversions or not.

    Raises:
        InvalidInputError: no connector for the platform, or settings or credentials are not what it needs.
    """
    parts = {"settings": settings, "credentials": credentials}
    checked = checked_settings(platform, connectors, parts)
    probe_every = connectors[platform].facts.probe_every
    row = IntegrationRow(
        id=new_id(),
        project_id=project_id,
        platform=platform,
        name=name,
        settings=checked,
        credentials=cipher.encrypt(dict(credentials)),
        test_mode=test_mode,
        probe_at=now + probe_every if probe_every else None,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    return row


def add_mapping(session: Session, *, label_id: UUID, integration_id: UUID, target: str) -> LabelMappingRow:
    """Say what a label is called at an integration."""
    row = LabelMappingRow(id=new_id(), label_id=label_id, integration_id=integration_id, target=target)
    session.add(row)
    return row
