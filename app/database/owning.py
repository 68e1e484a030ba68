"""A SQLite file for this process alone, without the writer thread: for migrating and for copying away."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from app.database import pragmas
from app.database.file_lock import FileLock


@contextmanager
def owned_sqlite(path: Path) -> Iterator[Connection]:
    """A connection to `path` under its lock; each transaction on it is the only one that may write.

    The file is made when it is not there. DatabaseLockedError: another process owns it.
    """
    lock = FileLock(path)
    lock.acquire()
    try:
        with _engine(path).connect() as connection:
            yield connection
    finally:
        lock.release()


def _engine(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        # isolation_level None: the driver would leave CREATE TABLE outside of any transaction.
        connect_args={"isolation_level": None},
        poolclass=NullPool,
        hide_parameters=True,  # an error's text must not carry personal data into a log
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    pragmas.apply(connection, pragmas.MIGRATION)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
