"""SQLite: one writer thread, and read-only connections beside it."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

from sqlalchemy import URL, AsyncAdaptedQueuePool, Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session
from sqlmodel.ext.asyncio.session import AsyncSession

from app.database import pragmas
from app.database.database import Waiting
from app.database.errors import DatabaseUrlError
from app.database.file_lock import FileLock
from app.database.sessions import STATEMENTS_KEPT, WorkSession, flushed
from app.database.turnstile import Turnstile
from app.database.writer import Writer, connect

T = TypeVar("T")


def _is_no_statement(record: logging.LogRecord) -> bool:
    """Keep what is about the library and drop what is about a single call of it."""
    return record.levelno >= logging.INFO


# At DEBUG aiosqlite logs every statement with its parameters, which are people's. A filter and not a level,
# because setting a level for the whole process must not bring them back.
logging.getLogger("aiosqlite").addFilter(_is_no_statement)


class SqliteReader:
    """A ReadableDatabase over a file that another process may be writing to."""

    dialect: Literal["sqlite", "postgresql"] = "sqlite"

    def __init__(self, reader: AsyncEngine, readers: int) -> None:
        """Made by open_sqlite_reader(). `readers`: how many connections `reader` has at the most."""
        self._reader = reader
        self._turnstile = Turnstile(readers)

    async def read(self, work: Callable[[Session], T], *, within_s: float | None = None) -> T:
        """See ReadableDatabase.read."""
        async with (
            self._turnstile.passed(within_s),
            AsyncSession(self._reader, sync_session_class=WorkSession) as session,
        ):
            return await session.run_sync(flushed(work))

    async def close(self) -> None:
        """See Database.close."""
        await self._reader.dispose()


class SqliteDatabase(SqliteReader):
    """A Database over one file, of which this process is the only writer."""

    def __init__(self, lock: FileLock, writer: Writer, reader: AsyncEngine, readers: int) -> None:
        """Made by open_sqlite()."""
        super().__init__(reader, readers)
        self._lock = lock
        self._writer = writer

    @property
    def waiting(self) -> Waiting:
        """See Database.waiting."""
        return Waiting(reads=self._turnstile.waiting, writes=self._writer.waiting)

    async def write(self, work: Callable[[Session], T], *, within_s: float | None = None) -> T:
        """See Database.write."""
        return await self._writer.submit(work, within_s=within_s)

    async def close(self) -> None:
        """See Database.close."""
        await self._writer.close()
        await super().close()
        self._lock.release()


async def open_sqlite(path: Path, *, readers: int) -> SqliteDatabase:
    """Open the file at `path`, an empty one when it is not there, for up to `readers` reads at a time.

    DatabaseLockedError when another process has it open.
    """
    lock = FileLock(path)
    lock.acquire()
    try:
        # In a thread: after a crash SQLite first replays its log.
        connection = await asyncio.to_thread(connect, path)
    except BaseException:
        lock.release()
        raise
    return SqliteDatabase(lock, Writer(connection), _reading_engine(path, readers), readers)


def open_sqlite_reader(path: Path, *, readers: int) -> SqliteReader:
    """Open the file at `path` without its lock, for up to `readers` reads at a time.

    DatabaseUrlError when it is not there: SQLite would only say that it cannot be opened.
    """
    if not path.is_file():
        raise DatabaseUrlError(f"there is no database file {path}; `leadwire migrate` makes one")
    return SqliteReader(_reading_engine(path, readers), readers)


def _reading_engine(path: Path, connections: int) -> AsyncEngine:
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=path.as_uri(), query={"uri": "true", "mode": "ro"}),
        # isolation_level None: the snapshot is begun below, not by the driver before a write.
        connect_args={"isolation_level": None},
        query_cache_size=STATEMENTS_KEPT,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,  # an error's text must not carry personal data into a log
    )
    event.listen(engine.sync_engine, "connect", _set_up)
    event.listen(engine.sync_engine, "begin", _begin_snapshot)
    return engine


def _set_up(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    pragmas.apply(connection, pragmas.READER)


def _begin_snapshot(connection: Connection) -> None:
    # Otherwise each statement sees another state: a page of rows and its count would not fit together.
    connection.exec_driver_sql("BEGIN")
