"""Brings a database's tables up to what this version of the program needs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from app.database import pragmas
from app.database.errors import MigrationError
from app.database.file_lock import FileLock
from app.database.postgres import postgres_engine
from app.database.urls import read_url, sqlite_path

MIGRATIONS = Path(__file__).parent / "migrations"

_ADVISORY_LOCK = 5_316_291_307
"""Any number, as long as no other program uses it in the same PostgreSQL database."""

Step = Callable[[Connection], None]


def migrate(url: str) -> None:
    """Apply what is missing at `url`, all of it or nothing; does nothing to a database that is up to date.

    Blocks; on an event loop use upgrade(). DatabaseLockedError: another process owns the SQLite file: migrate
    before opening. DatabaseUrlError: the URL cannot be used. MigrationError: rows stand in the way.
    """
    run_step(url, upgrade_to_head)


async def upgrade(url: str) -> None:
    """migrate() for a caller on an event loop, which goes on meanwhile."""
    await asyncio.to_thread(migrate, url)


def run_step(url: str, step: Step) -> None:
    """Run `step` in one transaction at `url`, which nobody else migrates meanwhile."""
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        _run_on_sqlite(sqlite_path(parsed), step)
        return
    # A thread of its own: the calling one may have an event loop that is running.
    with ThreadPoolExecutor(max_workers=1) as threads:
        threads.submit(asyncio.run, _run_on_postgres(parsed, step)).result()


def upgrade_to_head(connection: Connection) -> None:
    """The step that applies every migration `connection`'s database has not had."""
    before = _revisions(connection)
    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError:
        raise MigrationError(
            "the database is at a revision this version does not know; it was last used by a newer one"
        ) from None
    # Reads every row there is, so not at each start.
    if connection.dialect.name == "sqlite" and _revisions(connection) != before:
        _refuse_orphans(connection)


def is_up_to_date(connection: Connection) -> bool:
    """Whether the tables are those of this version: neither an older one's nor a newer one's. Only reads."""
    scripts = ScriptDirectory.from_config(alembic_config(connection))
    return set(_revisions(connection)) == set(scripts.get_heads())


def alembic_config(connection: Connection) -> Config:
    """What Alembic's commands need to work on `connection`; there is no alembic.ini."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _run_on_sqlite(path: Path, step: Step) -> None:
    lock = FileLock(path)
    lock.acquire()
    try:
        with _sqlite_engine(path).begin() as connection:
            step(connection)
    finally:
        lock.release()


def _sqlite_engine(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        # isolation_level None: the driver would leave CREATE TABLE outside of any transaction.
        connect_args={"isolation_level": None},
        poolclass=NullPool,
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    pragmas.apply(connection, pragmas.MIGRATION)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _revisions(connection: Connection) -> tuple[str, ...]:
    return MigrationContext.configure(connection).get_current_heads()


def _refuse_orphans(connection: Connection) -> None:
    """Check what SQLite did not: foreign keys are off while tables are rebuilt."""
    orphan = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if orphan is not None:
        raise MigrationError(f"rows of {orphan[0]} would refer to rows of {orphan[2]} that are not there")


async def _run_on_postgres(url: URL, step: Step) -> None:
    engine = postgres_engine(url, connections=1)
    try:
        async with engine.begin() as connection:
            # Several processes may start at once. The lock goes with the transaction.
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            await connection.run_sync(step)
    finally:
        await engine.dispose()
