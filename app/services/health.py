"""How each project's integrations do: read from the database alone, changing nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session

from app.clock import Clock
from app.connectors.base import Endpoint, PlatformFacts
from app.database.database import ReadableDatabase
from app.repositories.health import Queue, UnsentCount, list_projects, queue_of, unsent_since
from app.repositories.integrations import list_integrations
from app.repositories.labels import list_labels, mappings_of_labels
from app.services.health_findings import HealthFinding, Severity, minute
from app.services.lint import lint_mappings
from app.services.sunsets import ApiVersion, api_version, sunset_finding
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow, LabelRow
from app.tables.projects import ProjectRow
from app.values import Platform

LOOK_BACK: Final = timedelta(days=7)
"""How long ago a delivery may have ended unsent to be counted."""
LATE: Final = timedelta(minutes=15)
"""What is due for longer should long have been sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationHealth:
    """One connected integration."""

    row: IntegrationRow
    api: ApiVersion | None
    """None: this version of the program cannot send to the platform."""
    queue: Queue
    unsent: Sequence[UnsentCount]
    """Since LOOK_BACK ago."""
    mappings: Sequence[LabelMappingRow]
    """Of labels that are in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectHealth:
    """One project."""

    project: ProjectRow
    labels: Mapping[UUID, LabelRow]
    integrations: Sequence[IntegrationHealth]
    findings: Sequence[HealthFinding]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthService:
    """Looks at every project of an installation; for whoever runs it."""

    database: ReadableDatabase
    facts: Mapping[Platform, PlatformFacts]
    endpoints: Mapping[Platform, Endpoint]
    clock: Clock

    async def projects(self) -> list[ProjectHealth]:
        """All projects, oldest first, each as it is at one moment."""
        projects = await self.database.read(list_projects)
        return [await self._project(project) for project in projects]

    async def _project(self, project: ProjectRow) -> ProjectHealth:
        now = self.clock()
        return await self.database.read(lambda session: self._look(session, project, now))

    def _look(self, session: Session, project: ProjectRow, now: datetime) -> ProjectHealth:
        rows = list_integrations(session, project.id)
        labels = {label.id: label for label in list_labels(session, project.id)}
        mappings = mappings_of_labels(session, list(labels))
        in_use = [one for one in mappings if labels[one.label_id].archived_at is None]
        unsent = unsent_since(session, project.id, now - LOOK_BACK)
        integrations = [
            IntegrationHealth(
                row=row,
                api=self._api(row.platform),
                queue=queue_of(session, row.id, now),
                unsent=[count for count in unsent if count.integration_id == row.id],
                mappings=[one for one in in_use if one.integration_id == row.id],
            )
            for row in rows
        ]
        findings = [
            *self._findings(integrations, unsent, now),
            *lint_mappings(list(labels.values()), rows, mappings, self.facts),
        ]
        return ProjectHealth(project=project, labels=labels, integrations=integrations, findings=findings)

    def _api(self, platform: Platform) -> ApiVersion | None:
        if platform not in self.facts:
            return None
        return api_version(self.facts[platform], self.endpoints[platform])

    def _findings(
        self, integrations: Sequence[IntegrationHealth], unsent: Sequence[UnsentCount], now: datetime
    ) -> list[HealthFinding]:
        found = [_unsupported(one) for one in integrations if one.api is None]
        found += [_late(one, now) for one in integrations if _is_late(one, now)]
        users: dict[ApiVersion, list[UUID]] = {}
        for one in integrations:
            if one.api is not None:
                users.setdefault(one.api, []).append(one.row.id)
        endings = [sunset_finding(api, now.date(), tuple(ids)) for api, ids in users.items()]
        found += [ending for ending in endings if ending is not None]
        return [*found, *_unsent(unsent)]


def _unsupported(one: IntegrationHealth) -> HealthFinding:
    text = f"{one.row.name}: this version of Leadwire cannot send to {one.row.platform.value}."
    return HealthFinding(
        code="PLATFORM_NOT_SUPPORTED", severity=Severity.ERROR, text=text, integration_ids=(one.row.id,)
    )


def _is_late(one: IntegrationHealth, now: datetime) -> bool:
    oldest = one.queue.oldest_due_at
    return oldest is not None and now - oldest > LATE and one.row.enabled and one.row.paused_at is None


def _late(one: IntegrationHealth, now: datetime) -> HealthFinding:
    oldest = one.queue.oldest_due_at
    assert oldest is not None
    minutes = int((now - oldest).total_seconds() // 60)
    text = (
        f"{one.row.name}: {one.queue.due} due, the first for {minutes} minutes (since {minute(oldest)}). "
        "Does a process send? It is either not running or cannot keep up."
    )
    return HealthFinding(
        code="DELIVERIES_LATE", severity=Severity.ERROR, text=text, integration_ids=(one.row.id,)
    )


def _unsent(unsent: Sequence[UnsentCount]) -> list[HealthFinding]:
    count = sum(one.deliveries for one in unsent)
    if count == 0:
        return []
    text = (
        f"{count} {'delivery' if count == 1 else 'deliveries'} ended unsent in the last {LOOK_BACK.days} "
        "days. Their errorMessage says why; mend that, then `retryDeliveries`."
    )
    ids = tuple(dict.fromkeys(one.integration_id for one in unsent))
    return [
        HealthFinding(code="DELIVERIES_UNSENT", severity=Severity.WARNING, text=text, integration_ids=ids)
    ]
