"""One connection to PgQueuer's queue, and the turns that are given over it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import asyncpg
from pgqueuer.models import Job
from pgqueuer.qm import QueueManager

from app.queue.postgres_jobs import Hesitate, OwnQueries
from app.queue.postgres_waking import disconnect

Give = Callable[["Consumer", Job], Awaitable[None]]
"""What gives one turn; never raises."""


class Consumer:
    """Takes turns until it fails, is closed or loses its connection, and lasts until the last one is over."""

    def __init__(
        self, connection: asyncpg.Connection, entrypoint: str, give: Give, *, hesitate: Hesitate
    ) -> None:
        """It hangs up by itself, once run() has ended."""
        self.queries = OwnQueries(connection, hesitate=hesitate, failed=self._fail)
        self.failure: Exception | None = None
        """Why it takes no more turns; None: because of the connection, or nothing at all."""
        self._connection = connection
        self._manager = QueueManager(self.queries)
        self.queries.owner = self._manager.queue_manager_id
        self._manager.entrypoint(entrypoint, on_failure="hold")(partial(give, self))
        connection.add_termination_listener(lambda _connection: self.closed.set())

    @property
    def closed(self) -> asyncio.Event:
        """It takes no more turns; to set it closes it."""
        return self._manager.shutdown

    async def run(
        self,
        channel: str,
        hear: Callable[..., None],
        *,
        taken_over_after: timedelta,
        looked_for_every: timedelta,
    ) -> None:
        """Take turns, and hear of wake-ups. Raises whatever ends it."""
        try:
            await self._connection.add_listener(channel, hear)
            await self._manager.run(
                # With more the first worker to wake up would take every lane, and the others none.
                batch_size=1,
                dequeue_timeout=looked_for_every,
                heartbeat_timeout=taken_over_after,
                shutdown_on_listener_failure=True,
                log_aggregation_interval=timedelta(0),
            )
        finally:
            await disconnect(self._connection)

    def _fail(self, error: Exception) -> None:
        self.failure = error
        self.closed.set()

    def break_off(self) -> None:
        """Hang up at once, so that nothing waits for the server's answer any more."""
        self._connection.terminate()
