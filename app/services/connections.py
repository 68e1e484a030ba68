"""Connecting a project to a platform, and what its labels are called there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError
from sqlmodel import Session

from app.clock import Clock
from app.connectors.base import Connector
from app.database.database import Database
from app.encryption import Cipher
from app.errors import InvalidInputError, Problem, invalid
from app.ids import new_id
from app.services.lead_fields import camel
from app.services.texts import LONG, json_problem, name_problem, reject
from app.services.viewer import Viewer
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow
from app.values import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConnection:
    """A connection as it is asked for."""

    platform: Platform
    name: str
    settings: Any
    """Any JSON; only an object can be right."""
    credentials: Any
    test_mode: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionService:
    """Connects projects to platforms."""

    database: Database
    connectors: Mapping[Platform, Connector]
    cipher: Cipher
    clock: Clock

    async def connect(self, viewer: Viewer, connection: NewConnection) -> IntegrationRow:
        """Store a connection, in one transaction; InvalidInputError says what is wrong, never a secret."""
        _check_shape(connection)

        def work(session: Session) -> IntegrationRow:
            return add_integration(
                session,
                project_id=viewer.project_id,
                platform=connection.platform,
                name=connection.name.strip(),
                settings=connection.settings,
                credentials=connection.credentials,
                connectors=self.connectors,
                cipher=self.cipher,
                now=self.clock(),
                test_mode=connection.test_mode,
            )

        return await self.database.write(work)


def _check_shape(connection: NewConnection) -> None:
    found = [name_problem(connection.name)]
    for part in ("settings", "credentials"):
        value = getattr(connection, part)
        if isinstance(value, dict):
            found.append(json_problem((part,), value, LONG))
        else:
            found.append(Problem((part,), "must be a JSON object"))
    reject([problem for problem in found if problem is not None])


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

    Raises:
        InvalidInputError: no connector for the platform, or settings or credentials are not what it needs.
    """
    connector = connectors.get(platform)
    if connector is None:
        raise invalid("platform", message="cannot be connected by this version")
    checked = _check(connector.settings_model, settings, "settings")
    _check(connector.credentials_model, credentials, "credentials")
    row = IntegrationRow(
        id=new_id(),
        project_id=project_id,
        platform=platform,
        name=name,
        settings=checked.model_dump(mode="json"),
        credentials=cipher.encrypt(dict(credentials)),
        test_mode=test_mode,
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


def _check(model: type[BaseModel], given: Mapping[str, Any], top: str) -> BaseModel:
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        # Never the value itself: it may be a secret.
        problems = tuple(
            Problem((top, *(camel(str(step)) for step in detail["loc"])), detail["msg"])
            for detail in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise InvalidInputError(problems) from None
