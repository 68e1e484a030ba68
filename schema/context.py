"""What every resolver is handed: who is calling, the services, and loaders for nested fields."""

from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from app.services.connections import ConnectionService
from app.services.disconnecting import DisconnectService
from app.services.labels import LabelService
from app.services.leads import LeadService
from app.services.pausing import PauseService
from app.services.previewing import PreviewService
from app.services.probing import ProbeService
from app.services.reading import Reading
from app.services.status import StatusService
from app.services.streams import Streams
from app.services.viewer import Viewer, ViewerService
from app.services.watching import JobFeed
from app.tables.integrations import IntegrationRow
from app.tables.jobs import AttemptRow, DeliveryRow, JobRow
from app.tables.labels import LabelMappingRow, LabelRow
from app.tables.leads import LeadRow
from schema.transports import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a resolver can call."""

    viewers: ViewerService
    status: StatusService
    preview: PreviewService
    leads: LeadService
    labels: LabelService
    connections: ConnectionService
    pausing: PauseService
    probing: ProbeService
    disconnecting: DisconnectService
    reading: Reading
    watching: JobFeed
    streams: Streams


class Loaders:
    """Rows for nested fields, gathered into one read for all siblings. One instance a request."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    @cached_property
    def lead(self) -> DataLoader[int, LeadRow | None]:
        """A lead by its id."""
        return DataLoader(self._reading.leads_by_id)

    @cached_property
    def label(self) -> DataLoader[UUID, LabelRow | None]:
        """A label by its id."""
        return DataLoader(self._reading.labels_by_id)

    @cached_property
    def job(self) -> DataLoader[UUID, JobRow | None]:
        """A job by its id."""
        return DataLoader(self._reading.jobs_by_id)

    @cached_property
    def integration(self) -> DataLoader[UUID, IntegrationRow | None]:
        """An integration by its id."""
        return DataLoader(self._reading.integrations_by_id)

    @cached_property
    def delivery(self) -> DataLoader[UUID, DeliveryRow | None]:
        """A delivery by its id."""
        return DataLoader(self._reading.deliveries_by_id)

    @cached_property
    def deliveries(self) -> DataLoader[UUID, list[DeliveryRow]]:
        """The deliveries of a job."""
        return DataLoader(self._reading.deliveries_of_jobs)

    @cached_property
    def mappings(self) -> DataLoader[UUID, list[LabelMappingRow]]:
        """The mappings of a label."""
        return DataLoader(self._reading.mappings_of_labels)

    @cached_property
    def attempts(self) -> DataLoader[UUID, list[AttemptRow]]:
        """The attempts of a delivery."""
        return DataLoader(self._reading.attempts_of_deliveries)


@dataclass(slots=True)
class Context:
    """One request."""

    viewer: Viewer
    services: Services
    request_id: str
    """Told with an internal error, so that its line in the log can be found."""
    transport: Transport = Transport.POST
    loaders: Loaders = field(init=False)
    mutations: int = 0
    """Mutation fields that are over, however they ended."""
    overloaded: bool = False
    """The request was refused for overload as a whole: nothing of it was carried out."""

    def __post_init__(self) -> None:
        """Begin with empty loaders."""
        self.refresh()

    def forget(self) -> None:
        """Drop what was loaded: after a mutation, a later field of the same document must see what it did."""
        self.mutations += 1
        self.refresh()

    def refresh(self) -> None:
        """The same before each result of a subscription."""
        self.loaders = Loaders(self.services.reading)


Info = strawberry.Info[Context, None]
"""What resolvers declare to get the context."""
