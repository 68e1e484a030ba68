"""Brings a database's tables up to what this version of the program needs."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError

from app.database.applications import MIGRATING, named_engine, working_elsewhere
from app.database.errors import MigrationError
from app.database.owning import owned_sqlite
from app.database.urls import read_url, sqlite_path

MIGRATIONS = Path(__file__).parent / "migrations"

_ADVISORY_LOCK = 5_316_291_307
"""Any number, as long as no other program uses it in the same PostgreSQL database."""

_TAKE_LOCK = text("SELECT pg_try_advisory_lock(:key)")
_LOOK_AGAIN_S = 0.1

_LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's code for a lock_timeout that passed."""

Step = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a migration waits, on PostgreSQL, for a table that others are using."""

    lock_timeout_ms: int = 2_000
    """Whoever comes after a migration that waits for a table waits, too: so never for long."""
    tries: int = 15
    pause_s: float = 2.0
    """Between two tries, in which the others go on."""


def migrate(url: str, *, migrations: Path = MIGRATIONS, patience: Patience | None = None) -> None:
    """Apply what is missing at `url`; does nothing to a database that is up to date.

    On SQLite all of it or nothing; on PostgreSQL each migration as a whole or not at all, and those before
    one that fails stay. Blocks; on an event loop use upgrade().

    Raises:
        DatabaseLockedError: another process owns the SQLite file: migrate before opening.
        DatabaseUrlError: the URL cannot be used.
        MigrationError: rows stand in the way, a newer version was here, or processes that the change would
            break are at work.
    """
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        with owned_sqlite(sqlite_path(parsed)) as connection, connection.begin():
            upgrade_to_head(connection, migrations)
        return
    _run_on_postgres(
        parsed, lambda connection: upgrade_to_head(connection, migrations), patience or Patience()
    )


async def upgrade(url: str) -> None:
    """migrate() for a caller on an event loop, which goes on meanwhile."""
    await asyncio.to_thread(migrate, url)


def run_step(url: str, step: Step) -> None:
    """Run `step` in one transaction at `url`, which nobody else migrates meanwhile."""
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        with owned_sqlite(sqlite_path(parsed)) as connection, connection.begin():
            step(connection)
        return

    def in_transaction(connection: Connection) -> None:
        with connection.begin():
            step(connection)

    _run_on_postgres(parsed, in_transaction, Patience(tries=1))


def upgrade_to_head(connection: Connection, migrations: Path = MIGRATIONS) -> None:
    """The step that applies every migration `connection`'s database has not had.

    In the caller's transaction, if there is one; else each migration has its own.
    """
    begun_here = not connection.in_transaction()
    pending = _pending(connection, migrations)
    if connection.dialect.name == "postgresql":
        _refuse_to_break_others(connection, [name for name, expand in pending.items() if not expand])
    if begun_here:
        connection.commit()  # looking has begun one
    if not pending:
        return
    command.upgrade(alembic_config(connection, migrations), "head")
    # Reads every row there is.
    if connection.dialect.name == "sqlite":
        _refuse_orphans(connection)


def is_up_to_date(connection: Connection) -> bool:
    """Whether the tables are those of this version: neither an older one's nor a newer one's. Only reads."""
    scripts = ScriptDirectory.from_config(alembic_config(connection))
    return set(_revisions(connection)) == set(scripts.get_heads())


def alembic_config(connection: Connection, migrations: Path = MIGRATIONS) -> Config:
    """What Alembic's commands need to work on `connection`; there is no alembic.ini."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _revisions(connection: Connection) -> tuple[str, ...]:
    return MigrationContext.configure(connection).get_current_heads()


def _pending(connection: Connection, migrations: Path) -> dict[str, bool]:
    """The migrations this database has not had, and of each whether processes of before go on with it."""
    scripts = ScriptDirectory.from_config(alembic_config(connection, migrations))
    try:
        missing = list(scripts.iterate_revisions("heads", _revisions(connection) or "base"))
    except RevisionError:
        raise MigrationError(
            "the database is at a revision this version does not know; it was last used by a newer one"
        ) from None
    return {script.revision: getattr(script.module, "expand", False) for script in missing}


def _refuse_to_break_others(connection: Connection, breaking: list[str]) -> None:
    others = working_elsewhere(connection) if breaking else []
    if others:
        raise MigrationError(
            f"migration {', '.join(sorted(breaking))} changes what processes of an older version rely on, and"
            f" there are some: {'; '.join(others)}. Stop every `leadwire serve` and `leadwire worker`, run"
            " `leadwire migrate`, then start the new version. Nothing was changed."
        )


def _refuse_orphans(connection: Connection) -> None:
    """Check what SQLite did not: foreign keys are off while tables are rebuilt."""
    orphan = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if orphan is not None:
        raise MigrationError(f"rows of {orphan[0]} would refer to rows of {orphan[2]} that are not there")


def _run_on_postgres(url: URL, step: Step, patience: Patience) -> None:
    # A thread of its own: the calling one may have an event loop that is running.
    with ThreadPoolExecutor(max_workers=1) as threads:
        threads.submit(asyncio.run, _run_alone(url, step, patience)).result()


async def _run_alone(url: URL, step: Step, patience: Patience) -> None:
    """Run `step` while no other process migrates."""
    engine = named_engine(url, MIGRATING)
    try:
        async with engine.connect() as connection:
            # Several processes may start at once. Asked for, not waited for: an index that is built beside
            # others waits for every statement under way, and one that waits here would wait for the index.
            while not await connection.scalar(_TAKE_LOCK, {"key": _ADVISORY_LOCK}):
                await connection.commit()
                await asyncio.sleep(_LOOK_AGAIN_S)
            await connection.execute(text(f"SET lock_timeout = {patience.lock_timeout_ms}"))
            await connection.commit()
            await _try(lambda: connection.run_sync(step), patience)
    finally:
        await engine.dispose()


async def _try(run: Callable[[], Awaitable[None]], patience: Patience) -> None:
    """`run` until no table it needs is taken; MigrationError after the last try."""
    for left in reversed(range(patience.tries)):
        try:
            return await run()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            if not left:
                raise MigrationError(
                    "a table that must change was in use all the time, perhaps by a backup (pg_stat_activity"
                    " tells by whom). Run `leadwire migrate` when that is over; what it had done stays done."
                ) from None
        await asyncio.sleep(patience.pause_s)
    return None
