"""A newer version's migrations while processes of the older one are at work."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import Connection, inspect, make_url, text

from app.database.database import Database
from app.database.errors import DatabaseLockedError, MigrationError
from app.database.migrating import Patience, migrate, run_step
from app.database.opening import open_database
from app.queue.postgres_waking import connect, disconnect
from tests.database.later_versions import ADDING, BREAKING, INDEXING, last_revision, later_version
from tests.database.projects import adding, names

EXPAND = "expand = True"


def columns_of(url: str, table: str) -> set[str]:
    found: set[str] = set()
    run_step(url, lambda c: found.update(column["name"] for column in inspect(c).get_columns(table)))
    return found


def revision_of(url: str) -> str:
    found: list[str] = []

    def look(connection: Connection) -> None:
        found.extend(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())

    run_step(url, look)
    return found[0]


async def plain_connection(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(make_url(url).set(drivername="postgresql").render_as_string(False))


async def test_what_only_adds_is_applied_while_an_older_process_goes_on(
    postgres_database: Database, postgres_database_url: str, tmp_path: Path
) -> None:
    await postgres_database.write(adding("before"))

    await asyncio.to_thread(
        migrate, postgres_database_url, migrations=later_version(tmp_path, ADDING, declared=EXPAND)
    )
    await postgres_database.write(adding("after"))

    assert await postgres_database.read(names) == ["after", "before"]
    assert "colour" in columns_of(postgres_database_url, "project")


@pytest.mark.parametrize("declared", ["expand = False", ""], ids=["declared so", "undeclared"])
async def test_what_would_break_an_older_process_is_refused_while_there_is_one(
    postgres_database: Database, postgres_database_url: str, tmp_path: Path, declared: str
) -> None:
    later = later_version(tmp_path, BREAKING, declared=declared)
    number = f"{int(last_revision()) + 1:04d}"

    with pytest.raises(MigrationError, match=f"migration {number} .*'leadwire' from 127.0.0.1.*Stop every"):
        await asyncio.to_thread(migrate, postgres_database_url, migrations=later)

    assert revision_of(postgres_database_url) == last_revision()
    await postgres_database.write(adding("goes on"))


async def test_what_would_break_an_older_process_is_applied_once_it_has_stopped(
    database_url: str, tmp_path: Path
) -> None:
    older = await open_database(database_url)
    await older.write(adding("kept"))
    await older.close()

    await asyncio.to_thread(migrate, database_url, migrations=later_version(tmp_path, BREAKING))

    assert "title" in columns_of(database_url, "project")


async def test_a_worker_of_the_queue_counts_as_an_older_process(
    postgres_database_url: str, tmp_path: Path
) -> None:
    queue = await connect(postgres_database_url)

    with pytest.raises(MigrationError, match="'leadwire queue' from"):
        await asyncio.to_thread(migrate, postgres_database_url, migrations=later_version(tmp_path, BREAKING))
    await disconnect(queue)


async def test_other_programs_do_not_count(postgres_database_url: str, tmp_path: Path) -> None:
    other = await plain_connection(postgres_database_url)

    await asyncio.to_thread(migrate, postgres_database_url, migrations=later_version(tmp_path, BREAKING))

    assert "title" in columns_of(postgres_database_url, "project")
    await other.close()


async def test_processes_that_start_together_do_not_count_one_another(
    postgres_database_url: str, tmp_path: Path
) -> None:
    later = later_version(tmp_path, BREAKING, INDEXING.replace("name'", "title'"))

    await asyncio.gather(
        *(asyncio.to_thread(migrate, postgres_database_url, migrations=later) for _ in range(3))
    )

    assert "title" in columns_of(postgres_database_url, "project")


async def test_on_sqlite_nothing_is_applied_while_the_file_is_in_use(
    sqlite_database: Database, sqlite_url: str, tmp_path: Path
) -> None:
    with pytest.raises(DatabaseLockedError, match="is in use by process"):
        await asyncio.to_thread(
            migrate, sqlite_url, migrations=later_version(tmp_path, ADDING, declared=EXPAND)
        )


async def test_an_older_version_refuses_a_database_that_is_ahead_of_it(
    database_url: str, tmp_path: Path
) -> None:
    migrate(database_url, migrations=later_version(tmp_path, ADDING, declared=EXPAND))

    with pytest.raises(MigrationError, match="last used by a newer one"):
        migrate(database_url)


def test_an_index_is_built_without_stopping_those_who_write(
    postgres_database_url: str, tmp_path: Path
) -> None:
    later = later_version(tmp_path, INDEXING, declared=EXPAND)

    async def with_a_writer() -> None:
        writer = await plain_connection(postgres_database_url)
        writing = writer.transaction()
        await writing.start()
        await writer.execute("INSERT INTO project VALUES (gen_random_uuid(), 'x', 'NL', 'EUR', now())")
        building = asyncio.create_task(asyncio.to_thread(migrate, postgres_database_url, migrations=later))
        watcher = await plain_connection(postgres_database_url)
        # The build waits for the transaction under way; a lock on the table would keep the next one out.
        while not await watcher.fetchval("SELECT count(*) FROM pg_stat_progress_create_index"):
            await asyncio.sleep(0.01)
        await watcher.execute("SET lock_timeout = '1s'")
        await watcher.execute("INSERT INTO project VALUES (gen_random_uuid(), 'y', 'NL', 'EUR', now())")
        await writing.commit()
        await building
        await writer.close()
        await watcher.close()

    asyncio.run(with_a_writer())

    assert indexes_of(postgres_database_url) >= {"ix_project_name"}


def indexes_of(url: str) -> set[str]:
    found: set[str] = set()
    run_step(url, lambda c: found.update(str(index["name"]) for index in inspect(c).get_indexes("project")))
    return found


def test_an_index_whose_build_was_broken_off_is_built_anew(
    postgres_database_url: str, tmp_path: Path
) -> None:
    def leave_a_ruin(connection: Connection) -> None:
        connection.execute(text("CREATE INDEX ix_project_name ON project (name)"))
        ruin = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_project_name'::regclass"
        connection.execute(text(ruin))

    run_step(postgres_database_url, leave_a_ruin)

    migrate(postgres_database_url, migrations=later_version(tmp_path, INDEXING, declared=EXPAND))

    valid: list[bool] = []
    query = text("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_project_name'::regclass")
    run_step(postgres_database_url, lambda c: valid.append(c.execute(query).scalar_one()))
    assert valid == [True]


def test_an_index_is_built_on_sqlite_too(sqlite_url: str, tmp_path: Path) -> None:
    migrate(sqlite_url, migrations=later_version(tmp_path, INDEXING, declared=EXPAND))

    assert "ix_project_name" in indexes_of(sqlite_url)


async def holding(url: str, then: Callable[[], object], *, rounds: int) -> BaseException | None:
    """What `then` raises while another session holds the table, which lets go after `rounds` waits for it."""
    holder = await plain_connection(url)
    watcher = await plain_connection(url)
    await holder.execute("BEGIN; LOCK TABLE project IN ACCESS SHARE MODE")
    task = asyncio.create_task(asyncio.to_thread(then))
    waits: set[object] = set()
    query = "SELECT query_start FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'ALTER%'"
    while not task.done() and len(waits) < rounds:
        waits.update(row["query_start"] for row in await watcher.fetch(query))
        await asyncio.sleep(0.005)
    if not task.done():
        await holder.execute("COMMIT")
    await asyncio.wait({task})
    await holder.close()
    await watcher.close()
    return task.exception()


async def test_a_migration_waits_for_a_table_in_short_turns(
    postgres_database_url: str, tmp_path: Path
) -> None:
    later = later_version(tmp_path, ADDING, declared=EXPAND)
    patience = Patience(lock_timeout_ms=50, tries=1_000, pause_s=0.01)

    error = await holding(
        postgres_database_url,
        lambda: migrate(postgres_database_url, migrations=later, patience=patience),
        rounds=2,
    )

    assert error is None
    assert "colour" in columns_of(postgres_database_url, "project")


async def test_a_migration_gives_up_when_a_table_stays_in_use(
    postgres_database_url: str, tmp_path: Path
) -> None:
    later = later_version(tmp_path, ADDING, declared=EXPAND)
    patience = Patience(lock_timeout_ms=20, tries=2, pause_s=0.01)

    error = await holding(
        postgres_database_url,
        lambda: migrate(postgres_database_url, migrations=later, patience=patience),
        rounds=1_000,
    )

    assert isinstance(error, MigrationError)
    assert "was in use all the time" in str(error)
    assert "colour" not in columns_of(postgres_database_url, "project")


def test_migrations_before_one_that_fails_stay_on_postgresql(
    postgres_database_url: str, tmp_path: Path
) -> None:
    later = later_version(tmp_path, ADDING, "raise KeyError('mine')", declared=EXPAND)

    with pytest.raises(KeyError):
        migrate(postgres_database_url, migrations=later)

    assert "colour" in columns_of(postgres_database_url, "project")
    assert revision_of(postgres_database_url) == f"{int(last_revision()) + 1:04d}"


async def test_a_migration_begins_once_another_has_ended(postgres_database_url: str, tmp_path: Path) -> None:
    other = await plain_connection(postgres_database_url)
    await other.execute("SELECT pg_advisory_lock(5316291307)")
    later = later_version(tmp_path, ADDING, declared=EXPAND)
    waiting = asyncio.create_task(asyncio.to_thread(migrate, postgres_database_url, migrations=later))
    asking = "SELECT query_start FROM pg_stat_activity WHERE application_name = 'leadwire migration'"
    asked: set[object] = set()
    while len(asked) < 3:
        asked.update(row["query_start"] for row in await other.fetch(asking))
        await asyncio.sleep(0.01)
    columns = "SELECT column_name::text AS name FROM information_schema.columns WHERE table_name = 'project'"
    before = {row["name"] for row in await other.fetch(columns)}

    await other.close()
    await waiting

    assert columns_of(postgres_database_url, "project") - before == {"colour"}
