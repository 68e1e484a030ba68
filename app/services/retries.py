"""A delivery that is to be tried again by hand, and what decides about that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.connectors.base import Connector
from app.services.history import has_effect
from app.services.resending import safe_until
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow, JobRow
from app.tables.labels import LabelMappingRow, LabelRow
from app.tables.leads import LeadRow
from app.values import DeliveryState, Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What retries of one transaction share."""

    labels: Mapping[UUID, LabelRow]
    integrations: Mapping[UUID, IntegrationRow]
    mappings: Mapping[tuple[UUID, UUID], LabelMappingRow]
    """By label and integration."""
    connectors: Mapping[Platform, Connector]
    named: frozenset[UUID]
    """Deliveries that were named one by one: somebody decided about these."""
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadHistory:
    """What there is of one lead."""

    lead: LeadRow
    jobs: Sequence[JobRow]
    deliveries: Sequence[DeliveryRow]
    """All, oldest first; a retry that was decided on is written into them, so that the next one sees it."""


@dataclass(frozen=True, slots=True)
class Retry:
    """One delivery that is to be tried again, and all that decides about it."""

    history: LeadHistory
    delivery: DeliveryRow
    around: Surroundings

    @property
    def label(self) -> LabelRow:
        """The label the delivery is for."""
        return self.around.labels[self.delivery.label_id]

    @property
    def integration(self) -> IntegrationRow:
        """Where the delivery goes."""
        return self.around.integrations[self.delivery.integration_id]

    def of_event(self) -> Iterator[DeliveryRow]:
        """The other deliveries of the same conversion that have an effect: send, change or take it back."""
        for other in self.history.deliveries:
            is_another = other.id != self.delivery.id and self._is_here(other)
            if is_another and self._is_of_event(other) and has_effect(other, self.integration):
                yield other

    def of_others(self) -> list[DeliveryRow]:
        """The lead's other conversions at the integration; as standing() takes them."""
        return [
            other
            for other in self.history.deliveries
            if self._is_here(other)
            and not self._is_of_event(other)
            and other.state is not DeliveryState.SKIPPED
        ]

    def followed(self) -> DeliveryRow | None:
        """The SEND that this one changes or takes back."""
        deliveries = self.history.deliveries
        return next((one for one in deliveries if one.id == self.delivery.follows_id), None)

    @property
    def is_recognised(self) -> bool:
        """Whether the platform would recognise a copy, should an earlier attempt have arrived."""
        connector = self.around.connectors.get(self.delivery.platform)
        safe_for = connector.facts.resend_safe_for if connector else timedelta(0)
        return self.around.now < safe_until(self.delivery.uncertain_since, safe_for)

    def _is_here(self, other: DeliveryRow) -> bool:
        return other.integration_id == self.delivery.integration_id

    def _is_of_event(self, other: DeliveryRow) -> bool:
        return other.platform_event_id == self.delivery.platform_event_id
