"""What every resolver is handed: who is calling, the services, and loaders for nested fields."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final
from uuid import UUID

import strawberry
from graphql import GraphQLError

from app.repositories.keyset import Window
from app.services.api_keys import ApiKeyService
from app.services.audit_log import AuditLog
from app.services.canceling import CancelService
from app.services.connections import ConnectionService
from app.services.disconnecting import DisconnectService
from app.services.erasing import EraseService
from app.services.gatekeeper import Gatekeeper
from app.services.labels import LabelService
from app.services.leads import LeadService
from app.services.listing import ListingService
from app.services.paging import Page
from app.services.pausing import PauseService
from app.services.previewing import PreviewService
from app.services.probing import ProbeService
from app.services.reading import Reading
from app.services.replaying import ReplayService
from app.services.status import StatusService
from app.services.streams import Streams
from app.services.viewer import Viewer
from app.services.watching import JobFeed
from app.tables.integrations import IntegrationRow
from app.tables.jobs import AttemptRow, DeliveryRow, JobRow
from app.tables.labels import LabelMappingRow, LabelRow
from app.tables.leads import LeadRow
from schema.loading import Loader
from schema.transports import Transport

MAX_SHOWN: Final = 20_000
"""Rows of lists in one answer: a page of 100 leads with all that ever happened to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a resolver can call."""

    gatekeeper: Gatekeeper
    api_keys: ApiKeyService
    status: StatusService
    preview: PreviewService
    leads: LeadService
    erasing: EraseService
    labels: LabelService
    connections: ConnectionService
    pausing: PauseService
    probing: ProbeService
    disconnecting: DisconnectService
    reading: Reading
    listing: ListingService
    audit_log: AuditLog
    replay: ReplayService
    canceling: CancelService
    watching: JobFeed
    streams: Streams


class Loaders:
    """Rows for nested fields, gathered into one read for all siblings. One instance a request."""

    def __init__(self, reading: Reading, listing: ListingService) -> None:
        self._reading = reading
        self._listing = listing
        self._jobs_of_leads: dict[Window, Loader[int, Page[JobRow]]] = {}

    @cached_property
    def lead(self) -> Loader[int, LeadRow | None]:
        """A lead by its id."""
        return Loader(self._reading.leads_by_id)

    @cached_property
    def label(self) -> Loader[UUID, LabelRow | None]:
        """A label by its id."""
        return Loader(self._reading.labels_by_id)

    @cached_property
    def job(self) -> Loader[UUID, JobRow | None]:
        """A job by its id."""
        return Loader(self._reading.jobs_by_id)

    @cached_property
    def integration(self) -> Loader[UUID, IntegrationRow | None]:
        """An integration by its id."""
        return Loader(self._reading.integrations_by_id)

    @cached_property
    def delivery(self) -> Loader[UUID, DeliveryRow | None]:
        """A delivery by its id."""
        return Loader(self._reading.deliveries_by_id)

    @cached_property
    def deliveries(self) -> Loader[UUID, list[DeliveryRow]]:
        """The deliveries of a job."""
        return Loader(self._reading.deliveries_of_jobs)

    @cached_property
    def mappings(self) -> Loader[UUID, list[LabelMappingRow]]:
        """The mappings of a label."""
        return Loader(self._reading.mappings_of_labels)

    def jobs_of_leads(self, window: Window) -> Loader[int, Page[JobRow]]:
        """A page of a lead's jobs; one loader for each window that is asked for."""
        if window not in self._jobs_of_leads:

            async def load(lead_ids: list[int]) -> list[Page[JobRow]]:
                return await self._listing.jobs_of_leads(lead_ids, window)

            self._jobs_of_leads[window] = Loader(load)
        return self._jobs_of_leads[window]

    @cached_property
    def attempts(self) -> Loader[UUID, list[AttemptRow]]:
        """The attempts of a delivery."""
        return Loader(self._reading.attempts_of_deliveries)


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
    shown: int = field(init=False)
    """Rows of lists, since the loaders are as they are."""

    def __post_init__(self) -> None:
        """Begin with empty loaders; what is done is written down with the request it came with."""
        self.viewer = replace(self.viewer, request_id=self.request_id)
        self.refresh()

    def show(self, rows: int) -> None:
        """Count rows of a list that are to be shown; GraphQLError once there are too many of all lists.

        What stands inside pages has no size until it was read, and showing it keeps everybody waiting.
        """
        self.shown += rows
        if self.shown > MAX_SHOWN:
            message = f"The answer would have more than {MAX_SHOWN} rows in its lists; ask for smaller pages"
            raise GraphQLError(message, extensions={"code": "QUERY_TOO_COMPLEX"})

    def forget(self, changes: int = 1) -> None:
        """Drop what was loaded: after a mutation, a later field of the same document must see what it did.

        `changes`: how many it was asked for; the first one of a request was counted with the request.
        """
        self.services.gatekeeper.count_more(self.viewer, changes if self.mutations else changes - 1)
        self.mutations += 1
        self.refresh()

    def refresh(self) -> None:
        """The same before each result of a subscription."""
        self.loaders, self.shown = Loaders(self.services.reading, self.services.listing), 0


Info = strawberry.Info[Context, None]
"""What resolvers declare to get the context."""
