"""What a project is set up with, as every status change needs it."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ValidationError
from sqlmodel import Session

from app.connectors.base import Connector
from app.database.database import Database
from app.repositories.integrations import list_integrations
from app.repositories.labels import list_labels, mappings_of_labels
from app.repositories.projects import get_project
from app.services.remembering import Remembered, seen_within_s
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow, LabelRow
from app.tables.making import plain
from app.tables.projects import ProjectRow
from app.values import Platform

_PROJECTS: Final = 1_000
"""Kept at a time; some kilobytes each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One project's. Shared by all who use it: nothing of it may be changed."""

    project: ProjectRow
    labels: Mapping[UUID, LabelRow]
    """Archived ones too."""
    lost: LabelRow
    """The built-in one."""
    integrations: Sequence[IntegrationRow]
    """The connected ones, disabled ones too, oldest first."""
    mappings: Mapping[UUID, Mapping[UUID, LabelMappingRow]]
    """Of each label that has any, by integration."""
    settings: Mapping[UUID, BaseModel | None]
    """Each integration's, as its connector takes them; None when this version's takes others."""


class Setups:
    """Every project's setup, in memory while it is right."""

    def __init__(
        self,
        database: Database,
        connectors: Mapping[Platform, Connector],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self.connectors = database, connectors
        self._remembered = Remembered[UUID, Setup](
            self._read, most=_PROJECTS, lasts_s=seen_within_s(database), monotonic=monotonic
        )

    async def of(self, project_id: UUID) -> Setup:
        """The project's; it must exist."""
        setup = self._remembered.get(project_id) or await self._remembered.fetch(project_id)
        assert setup is not None
        return setup

    async def _read(self, project_id: UUID) -> Setup:
        return await self._database.read(lambda session: read_setup(session, project_id, self.connectors))


def read_setup(session: Session, project_id: UUID, connectors: Mapping[Platform, Connector]) -> Setup:
    """The project's setup as this transaction sees it."""
    labels = {label.id: plain(label) for label in list_labels(session, project_id)}
    integrations = [plain(integration) for integration in list_integrations(session, project_id)]
    mappings: defaultdict[UUID, dict[UUID, LabelMappingRow]] = defaultdict(dict)
    for mapping in mappings_of_labels(session, list(labels)):
        mappings[mapping.label_id][mapping.integration_id] = plain(mapping)
    return Setup(
        project=plain(get_project(session, project_id)),
        labels=labels,
        lost=next(label for label in labels.values() if label.built_in),
        integrations=integrations,
        mappings=dict(mappings),
        settings={row.id: settings_of(connectors.get(row.platform), row) for row in integrations},
    )


def settings_of(connector: Connector | None, integration: IntegrationRow) -> BaseModel | None:
    """The integration's settings as its connector takes them; None when this version's takes others."""
    if connector is None:
        return None
    try:
        return connector.settings_model.model_validate(integration.settings)
    except ValidationError:
        return None
