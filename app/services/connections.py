"""Connecting a project to a platform, and what its labels are called there."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError
from sqlmodel import Session

from app.connectors.base import Connector
from app.encryption import Cipher
from app.errors import InvalidInputError, Problem, invalid
from app.ids import new_id
from app.services.lead_fields import camel
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow
from app.values import Platform


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
