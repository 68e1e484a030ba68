"""Wake-ups on PostgreSQL: a job for whoever is free, a notification for whoever has the turn already."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
from pgqueuer import Queries
from pgqueuer.domain.settings import db_settings
from sqlalchemy import make_url

from app.database.errors import DatabaseError
from app.database.silence import bound_silence

_PRUNE = f"DELETE FROM {db_settings().queue_table_log} WHERE created < now() - interval '1 hour'"  # noqa: S608 - a name of PgQueuer's own
_MOST_AT_ONCE = 100
"""A notification takes 8,000 bytes."""

LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg raises when a connection is refused, is cut, or was being cut at that moment."""

_logger = logging.getLogger(__name__)


async def connect(database_url: str) -> asyncpg.Connection:
    """A connection of its own, which notifications need. `database_url` as SQLAlchemy writes it."""
    dsn = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(
        dsn, server_settings={"application_name": "leadwire queue"}, timeout=10
    )
    bound_silence(connection)
    return connection


async def disconnect(connection: asyncpg.Connection) -> None:
    """Close it, also when there is nobody at the other end any more."""
    try:
        await connection.close(timeout=2)
    except LOST:
        connection.terminate()


@asynccontextmanager
async def _asked(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection for what somebody waits for at the start; DatabaseError: the server refuses it."""
    try:
        connection = await connect(database_url)
        try:
            yield connection
        finally:
            await disconnect(connection)
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DatabaseError(f"the queue cannot use the database: {error}") from error


class QueueNotInstalledError(DatabaseError):
    """PgQueuer's tables are missing or old."""

    def __init__(self) -> None:
        super().__init__("the queue's tables are missing or not up to date: run `leadwire migrate`")


async def require_queue(database_url: str) -> None:
    """QueueNotInstalledError unless PgQueuer's tables are as this version needs them. DatabaseError."""
    async with _asked(database_url) as connection:
        queries = Queries.from_asyncpg_connection(connection)
        if not await queries.schema_is_installed() or (await queries.plan_upgrade()).statements:
            raise QueueNotInstalledError


async def install(database_url: str) -> None:
    """Create or update PgQueuer's own tables; several processes may do so at once. DatabaseError."""
    async with _asked(database_url) as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", _INSTALL_LOCK)
        queries = Queries.from_asyncpg_connection(connection)
        if await queries.schema_is_installed():
            await queries.upgrade()
        else:
            await queries.install()


_INSTALL_LOCK = 0x6C656164_71756575


class Waker:
    """Tells of lanes that have work. Bundles what comes while it is telling."""

    channel = "leadwire_wake"

    def __init__(self, database_url: str, entrypoint: str) -> None:
        self._url = database_url
        self._entrypoint = entrypoint
        self._connection: asyncpg.Connection | None = None
        self._pending: dict[UUID, bool] = {}
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._prunes = False

    def wake(self, lanes: Iterable[UUID]) -> None:
        """Queue a turn for each and tell whoever has one; never raises, never blocks, may be lost."""
        self._add(lanes, notify=True)

    def queue(self, lanes: Iterable[UUID]) -> None:
        """Only queue a turn for each."""
        self._add(lanes, notify=False)

    def lanes_in(self, payload: object) -> list[UUID]:
        """The lanes a notification names."""
        return [UUID(lane) for lane in str(payload).split(",") if lane]

    def prune(self) -> None:
        """Have PgQueuer's log of turns forgotten but for the last hour: it would grow for ever."""
        self._prunes = True
        self._add((), notify=False)

    async def close(self) -> None:
        """Tell what is still to be told, and no more after that."""
        self._closed = True
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=5)
            self._task.cancel()
        if self._connection is not None:
            await disconnect(self._connection)

    def _add(self, lanes: Iterable[UUID], *, notify: bool) -> None:
        if self._closed:
            return
        for lane in lanes:
            self._pending[lane] = self._pending.get(lane, False) or notify
        if (self._pending or self._prunes) and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._tell_all())

    async def _tell_all(self) -> None:
        while self._pending or self._prunes:
            some = list(self._pending.items())[:_MOST_AT_ONCE]
            for lane, _ in some:
                del self._pending[lane]
            prunes, self._prunes = self._prunes, False
            try:
                connection = await self._connected()
                if some:
                    await self._tell(
                        connection, [lane for lane, _ in some], [lane for lane, notify in some if notify]
                    )
                if prunes:
                    await connection.execute(_PRUNE)
            except LOST as error:
                # The sweep finds what these lanes have to do.
                _logger.warning("wake-ups of %d lanes are lost: %s", len(some), type(error).__name__)
                self._drop_connection()

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._url)
        return self._connection

    def _drop_connection(self) -> None:
        """Whatever became of it: one that was cut in the middle of something may take nothing any more."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _tell(
        self, connection: asyncpg.Connection, lanes: Sequence[UUID], notified: Sequence[UUID]
    ) -> None:
        await Queries.from_asyncpg_connection(connection).enqueue(
            [self._entrypoint] * len(lanes),
            [lane.bytes for lane in lanes],
            [0] * len(lanes),
            dedupe_key=[str(lane) for lane in lanes],
            on_conflict="skip",
        )
        if notified:
            # After the jobs: an owner that ends meanwhile hears of it and queues another.
            await connection.execute("SELECT pg_notify($1, $2)", self.channel, ",".join(map(str, notified)))
