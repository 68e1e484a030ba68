"""PgQueuer's statements, held to the turns that are still this process's."""

from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import asyncpg
from pgqueuer import Queries
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.domain.settings import db_settings
from pgqueuer.domain.types import JOB_STATUS, JobId, QueueEntrypoint, QueueManagerId
from pgqueuer.models import Job, TracebackRecord
from pgqueuer.ports.repository import EntrypointExecutionParameter

Hesitate = Callable[[], Awaitable[None]]
Seen = TypeVar("Seen")

_BEAT = (
    f"UPDATE {db_settings().queue_table} SET heartbeat = now()"  # noqa: S608 - a name of PgQueuer's own
    " WHERE id = ANY($1::bigint[]) AND queue_manager_id = $2 RETURNING id"
)


class OwnQueries(Queries):
    """Without this an owner that was taken for dead, and is not, would end its successor's turn.

    PgQueuer goes by a job's id alone, and whoever takes a turn over keeps the job.
    """

    def __init__(
        self, connection: asyncpg.Connection, *, hesitate: Hesitate, failed: Callable[[Exception], None]
    ) -> None:
        """`hesitate`: before each look for turns, so that others may have them. `failed`: one did."""
        super().__init__(AsyncpgDriver(connection))
        self.owner: UUID | None = None
        """As PgQueuer calls this process; None: it has no turn yet."""
        self._hesitate, self._failed = hesitate, failed

    async def dequeue(
        self,
        batch_size: int,
        entrypoints: dict[QueueEntrypoint, EntrypointExecutionParameter],
        queue_manager_id: QueueManagerId,
        global_concurrency_limit: int | None,
        heartbeat_timeout: timedelta,
    ) -> list[Job]:
        """See Queries."""
        await self._hesitate()
        return await self._looked(
            super().dequeue(
                batch_size, entrypoints, queue_manager_id, global_concurrency_limit, heartbeat_timeout
            )
        )

    async def eligible_queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        """See Queries."""
        return await self._looked(super().eligible_queued_work(entrypoints))

    async def next_deferred_eta(self, entrypoints: list[QueueEntrypoint]) -> timedelta | None:
        """See Queries."""
        return await self._looked(super().next_deferred_eta(entrypoints))

    async def queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        """See Queries."""
        return await self._looked(super().queued_work(entrypoints))

    async def update_heartbeat(self, job_ids: list[JobId]) -> None:
        """See Queries."""
        await self._beat(job_ids)

    async def log_jobs(self, job_status: list[tuple[Job, JOB_STATUS, TracebackRecord | None]]) -> None:
        """See Queries."""
        # With a heartbeat first nobody takes them over before they are logged.
        own = await self._beat([job.id for job, _, _ in job_status])
        kept = [one for one in job_status if one[0].id in own]
        if kept:
            await super().log_jobs(kept)

    async def _looked(self, look: Awaitable[Seen]) -> Seen:
        """What it saw."""
        try:
            return await look
        except Exception as error:
            # PgQueuer raises it when the last of its turns is over, however long that takes.
            self._failed(error)
            raise

    async def _beat(self, job_ids: Collection[JobId]) -> set[object]:
        """Those of them that are this process's; they are for another while."""
        return {row["id"] for row in await self.driver.fetch(_BEAT, list(job_ids), self.owner)}
