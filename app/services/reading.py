"""Plain reads: what a viewer may look at, and rows by their ids for nested fields."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlmodel import Session

from app.database.database import Database
from app.repositories.integrations import integrations_by_id, list_integrations
from app.repositories.jobs import (
    attempts_of_deliveries,
    deliveries_by_id,
    deliveries_of_jobs,
    find_job,
    jobs_by_id,
)
from app.repositories.labels import labels_by_id, list_labels, mappings_of_labels
from app.repositories.leads import leads_by_id
from app.services.viewer import Viewer
from app.tables.integrations import IntegrationRow
from app.tables.jobs import AttemptRow, DeliveryRow, JobRow
from app.tables.labels import LabelMappingRow, LabelRow
from app.tables.leads import LeadRow

Id = TypeVar("Id")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads, each in a session of its own. Ids for `*_by_id` come from rows the viewer has already seen."""

    database: Database

    async def job(self, viewer: Viewer, job_id: UUID) -> JobRow | None:
        """The viewer's job with this id."""
        return await self.database.read(lambda session: find_job(session, viewer.project_id, job_id))

    async def labels(self, viewer: Viewer) -> Sequence[LabelRow]:
        """The viewer's labels, archived ones too, oldest first."""
        return await self.database.read(lambda session: list_labels(session, viewer.project_id))

    async def integrations(self, viewer: Viewer) -> Sequence[IntegrationRow]:
        """The viewer's integrations, disabled ones too, oldest first."""
        return await self.database.read(lambda session: list_integrations(session, viewer.project_id))

    async def leads_by_id(self, ids: list[int]) -> list[LeadRow | None]:
        """These leads, in the order of the ids; so are all that follow."""
        return await self._by_id(leads_by_id, ids)

    async def labels_by_id(self, ids: list[UUID]) -> list[LabelRow | None]:
        """These labels."""
        return await self._by_id(labels_by_id, ids)

    async def jobs_by_id(self, ids: list[UUID]) -> list[JobRow | None]:
        """These jobs."""
        return await self._by_id(jobs_by_id, ids)

    async def integrations_by_id(self, ids: list[UUID]) -> list[IntegrationRow | None]:
        """These integrations."""
        return await self._by_id(integrations_by_id, ids)

    async def deliveries_by_id(self, ids: list[UUID]) -> list[DeliveryRow | None]:
        """These deliveries."""
        return await self._by_id(deliveries_by_id, ids)

    async def deliveries_of_jobs(self, job_ids: list[UUID]) -> list[list[DeliveryRow]]:
        """Each job's deliveries, oldest first."""
        return await self._grouped(deliveries_of_jobs, job_ids, lambda row: row.job_id)

    async def mappings_of_labels(self, label_ids: list[UUID]) -> list[list[LabelMappingRow]]:
        """Each label's mappings, oldest first."""
        return await self._grouped(mappings_of_labels, label_ids, lambda row: row.label_id)

    async def attempts_of_deliveries(self, delivery_ids: list[UUID]) -> list[list[AttemptRow]]:
        """Each delivery's attempts, in their order."""
        return await self._grouped(attempts_of_deliveries, delivery_ids, lambda row: row.delivery_id)

    async def _by_id(
        self, load: Callable[[Session, Sequence[Id]], Sequence[Row]], ids: list[Id]
    ) -> list[Row | None]:
        rows = await self.database.read(lambda session: load(session, ids))
        found = {row.id: row for row in rows}  # type: ignore[attr-defined]  # every table has an id
        return [found.get(id_) for id_ in ids]

    async def _grouped(
        self,
        load: Callable[[Session, Sequence[Id]], Sequence[Row]],
        ids: list[Id],
        owner: Callable[[Row], Id],
    ) -> list[list[Row]]:
        rows = await self.database.read(lambda session: load(session, ids))
        groups: dict[Id, list[Row]] = {id_: [] for id_ in ids}
        for row in rows:
            groups[owner(row)].append(row)
        return [groups[id_] for id_ in ids]
