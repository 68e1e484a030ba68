"""What planning looks at, and what it answers with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from app.connectors.base import Connector, Finding
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow, JobRow
from app.tables.labels import LabelMappingRow, LabelRow
from app.tables.leads import LeadRow
from app.values import DeliveryPlan, Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that planning looks at: read in one transaction, never fetched on the way."""

    lead: LeadRow
    consent: Mapping[str, Any]
    """The lead's answers, as deliveries keep them."""
    label: LabelRow
    job: JobRow
    integrations: Sequence[IntegrationRow]
    """The enabled ones."""
    settings: Mapping[UUID, BaseModel | None]
    """Each integration's, as its connector takes them; None when this version's takes others."""
    mappings: Mapping[UUID, LabelMappingRow]
    """The label's, by integration."""
    history: Sequence[DeliveryRow]
    """The lead's earlier deliveries, oldest first; not those that were skipped."""
    undo_labels: frozenset[UUID]
    """Labels whose conversions `lost` takes back; empty for any other label."""
    connectors: Mapping[Platform, Connector]
    now: datetime
    make_id: Callable[[], UUID]
    """Ids for deliveries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One delivery as it would be created."""

    delivery: DeliveryRow
    findings: tuple[Finding, ...]
    """Everything that is to be said about it."""
    plan: DeliveryPlan
    relies_on: tuple[UUID, ...] = ()
    """Deliveries being sent or judged now that must be tried again should they fail: it counts on them."""
    replaces: tuple[UUID, ...] = ()
    """Earlier restatements that must not arrive after this one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a job will do."""

    planned: tuple[Planned, ...]
    warnings: list[dict[str, Any]]

    @property
    def deliveries(self) -> list[DeliveryRow]:
        """The rows to insert."""
        return [planned.delivery for planned in self.planned]

    @property
    def relies_on(self) -> set[UUID]:
        """Of all that is planned."""
        return {delivery_id for planned in self.planned for delivery_id in planned.relies_on}

    @property
    def replaces(self) -> set[UUID]:
        """Of all that is planned."""
        return {delivery_id for planned in self.planned for delivery_id in planned.replaces}
