"""PostgreSQL: a pool of asyncpg connections, one transaction for each piece of work."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Literal, TypeVar

from sqlalchemy import URL, AdaptedConnection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session
from sqlmodel.ext.asyncio.session import AsyncSession

from app.database.database import Waiting
from app.database.errors import DatabaseClosedError, DatabaseUrlError
from app.database.redaction import forget_values
from app.database.sessions import STATEMENTS_KEPT, Hook, WorkSession, flushed, run_hooks
from app.database.silence import bound_silence
from app.database.turnstile import Turnstile
from app.errors import DomainError

T = TypeVar("T")

_SERVER_SETTINGS = {
    "application_name": "leadwire",
    # Compiling a statement costs more than any of ours takes.
    "jit": "off",
    # A process that froze inside a transaction would keep its lane and its leads locked, and whoever takes
    # its lanes over, after as long as this, would wait for it.
    "idle_in_transaction_session_timeout": "10s",
    # And one whose machine is gone without a word: the server would believe in it for two hours.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}

_CONNECT_TIMEOUT_S = 10
"""asyncpg's own is a minute: whoever waits for a server that is gone has given up long before."""

_BOUND_TRANSACTIONS = "SET transaction_timeout = '60s'"
"""For a process that froze between two parts of a statement, where it does not count as idle.

None of ours takes seconds.
"""
_KNOWS_TRANSACTION_TIMEOUT = 17

_GOODBYE_S = 3.0
"""How long closing waits for what is under way, and for each end of it: a server may be silent for ever."""

_logger = logging.getLogger(__name__)


class PostgresDatabase:
    """A Database over a PostgreSQL server, shared with any number of other processes."""

    dialect: Literal["sqlite", "postgresql"] = "postgresql"

    def __init__(self, engine: AsyncEngine, connections: int) -> None:
        """Made by open_postgres(). `connections`: how many `engine` has at the most."""
        self._engine = engine
        self._turnstile = Turnstile(connections)
        # One snapshot for all statements of a read, as on SQLite; read only, it cannot fail to serialize.
        self._reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._writes: set[asyncio.Task[object]] = set()
        self._closing = False

    @property
    def waiting(self) -> Waiting:
        """See Database.waiting."""
        return Waiting(reads=0, writes=self._turnstile.waiting)

    async def read(self, work: Callable[[Session], T], *, within_s: float | None = None) -> T:
        """See ReadableDatabase.read."""
        async with (
            self._turnstile.passed(within_s),
            AsyncSession(self._reader, sync_session_class=WorkSession) as session,
        ):
            return await session.run_sync(flushed(work))

    async def write(self, work: Callable[[Session], T], *, within_s: float | None = None) -> T:
        """See Database.write."""
        if self._closing:
            raise DatabaseClosedError("the database is closed")
        begun = False

        def begin(session: Session) -> T:
            nonlocal begun
            begun = True
            return work(session)

        # A task of its own: a caller that gives up must not cut a COMMIT off from its hooks.
        task = asyncio.create_task(self._write(begin, within_s))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_report) if begun else task.cancel()
            raise

    async def close(self) -> None:
        """See Database.close."""
        self._closing = True
        if self._writes:
            _, late = await asyncio.wait(self._writes, timeout=_GOODBYE_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=_GOODBYE_S)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._engine.dispose(), _GOODBYE_S)

    async def _write(self, work: Callable[[Session], T], within_s: float | None) -> T:
        hooks: list[Hook] = []
        async with (
            self._turnstile.passed(within_s),
            AsyncSession(self._engine, sync_session_class=WorkSession, hooks=hooks) as session,
        ):
            async with session.begin():
                await (
                    session.connection()
                )  # waits for one here, where the caller may still take the work back
                result = await session.run_sync(flushed(work))
            run_hooks(hooks)
        return result


def _report(task: asyncio.Task[object]) -> None:
    """Say that a write failed when nobody else is there to hear of it; that it was refused, nobody need."""
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, DomainError):
        # Its text may hold what was to be written; the type says enough.
        _logger.error("a write failed whose caller had gone: %s", type(error).__name__)


def postgres_engine(url: URL, *, connections: int) -> AsyncEngine:
    """An engine of at most `connections` connections; DatabaseUrlError when its driver is not installed."""
    try:
        engine = create_async_engine(
            url,
            connect_args={"server_settings": _SERVER_SETTINGS, "timeout": _CONNECT_TIMEOUT_S},
            query_cache_size=STATEMENTS_KEPT,
            pool_size=connections,
            max_overflow=0,
            hide_parameters=True,  # an error's text must not carry personal data into a log
        )
    except ModuleNotFoundError as error:
        raise DatabaseUrlError(
            "PostgreSQL needs the driver asyncpg, which is not installed: pip install 'leadwire[postgres]'"
        ) from error
    event.listen(engine.sync_engine, "handle_error", forget_values)
    event.listen(engine.sync_engine, "connect", _bound_silence)
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _bound_silence(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    assert isinstance(connection, AdaptedConnection)
    bound_silence(connection.driver_connection)


def _bound_transactions(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    assert isinstance(connection, AdaptedConnection)
    if connection.driver_connection.get_server_version().major >= _KNOWS_TRANSACTION_TIMEOUT:
        connection.run_async(lambda driver: driver.execute(_BOUND_TRANSACTIONS))


def _refuse_closed(connection: DBAPIConnection, _record: ConnectionPoolEntry, _proxy: object) -> None:
    """Have the pool replace a connection that was cut: without this every restart fails some requests.

    asyncpg hears of that by itself, so nobody need be asked; SQLAlchemy's own `pool_pre_ping` would cost each
    transaction a round trip.
    """
    assert isinstance(connection, AdaptedConnection)
    if connection.driver_connection.is_closed():
        raise DisconnectionError("the connection was closed while nobody used it")


async def open_postgres(url: URL, *, connections: int) -> PostgresDatabase:
    """Open `url` with at most `connections` connections, and make sure that it answers."""
    engine = postgres_engine(url, connections=connections)
    event.listen(engine.sync_engine, "connect", _bound_transactions)
    database = PostgresDatabase(engine, connections)
    try:
        await database.read(lambda session: session.connection())
    except BaseException:
        await database.close()
        raise
    return database
