"""Migrations: the tables they make are the tables the code declares, on both databases."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, inspect, text

from app.database.database import Database
from app.database.errors import DatabaseLockedError, MigrationError
from app.database.migrating import alembic_config, is_up_to_date, migrate, run_step, upgrade
from app.tables.registry import metadata
from tests.database.catalogue import catalogue

HOW_TO_MEND = 'the tables have changed: python -m app.database.migrations.revise "Say why"'


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table, of each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'empty.sqlite3'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


def catalogue_of(url: str) -> list[str]:
    lines: list[str] = []
    run_step(url, lambda connection: lines.extend(catalogue(connection)))
    return lines


def table_names(url: str) -> list[str]:
    found: list[str] = []
    run_step(url, lambda connection: found.extend(inspect(connection).get_table_names()))
    return sorted(found)


def test_alembic_finds_no_difference_between_the_migrations_and_the_tables(database_url: str) -> None:
    differences: list[object] = []

    def compare(connection: Connection) -> None:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        differences.extend(compare_metadata(context, metadata))

    run_step(database_url, compare)

    assert differences == [], HOW_TO_MEND


def test_a_migrated_database_describes_itself_as_one_made_from_the_tables(empty_url: str) -> None:
    run_step(empty_url, metadata.create_all)
    declared = catalogue_of(empty_url)
    run_step(empty_url, metadata.drop_all)

    migrate(empty_url)

    assert catalogue_of(empty_url) == declared, HOW_TO_MEND
    assert declared


def test_migrating_again_changes_nothing(database_url: str) -> None:
    before = catalogue_of(database_url)

    migrate(database_url)

    assert catalogue_of(database_url) == before
    assert before


def test_going_back_to_the_start_leaves_nothing(database_url: str) -> None:
    run_step(database_url, lambda connection: command.downgrade(alembic_config(connection), "base"))

    assert table_names(database_url) == ["alembic_version"]


async def test_migrating_works_on_a_running_event_loop(empty_url: str) -> None:
    await upgrade(empty_url)
    migrate(empty_url)

    assert "lead" in table_names(empty_url)


async def test_processes_that_start_together_migrate_one_after_the_other(empty_postgres_url: str) -> None:
    await asyncio.gather(*(upgrade(empty_postgres_url) for _ in range(3)))

    assert "lead" in table_names(empty_postgres_url)


def test_a_migration_that_fails_leaves_nothing_behind(empty_url: str) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE half (id INTEGER)"))
        raise KeyError("mine")

    with pytest.raises(KeyError):
        run_step(empty_url, fail)
    assert table_names(empty_url) == []


async def test_a_sqlite_file_in_use_is_not_migrated(sqlite_database: Database, sqlite_url: str) -> None:
    with pytest.raises(DatabaseLockedError):
        await upgrade(sqlite_url)


def test_a_sqlite_migration_that_would_leave_orphans_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orphans.sqlite3"
    engine = create_engine(f"sqlite:///{path}")
    make_orphan(engine)
    engine.dispose()

    with pytest.raises(MigrationError, match="rows of child would refer to rows of parent"):
        migrate(f"sqlite+aiosqlite:///{path}")
    assert table_names(f"sqlite+aiosqlite:///{path}") == ["child", "parent"]


def make_orphan(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE child (parent_id INTEGER REFERENCES parent (id))"))
        connection.execute(text("INSERT INTO child VALUES (404)"))


def test_ids_of_deleted_leads_are_not_given_again(sqlite_url: str) -> None:
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite+aiosqlite:///"))
    (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'lead'").fetchone()
    connection.close()

    assert "AUTOINCREMENT" in sql


def test_a_database_of_a_newer_version_is_refused_and_left_alone(database_url: str) -> None:
    def from_the_future(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    run_step(database_url, from_the_future)

    with pytest.raises(MigrationError, match="last used by a newer one"):
        migrate(database_url)
    assert "lead" in table_names(database_url)


def test_whether_a_database_is_up_to_date_can_be_asked(empty_url: str) -> None:
    def states() -> list[bool]:
        found: list[bool] = []
        run_step(empty_url, lambda connection: found.append(is_up_to_date(connection)))
        return found

    before = states()
    migrate(empty_url)
    after = states()
    run_step(
        empty_url,
        lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")),
    )

    assert (before, after, states()) == ([False], [True], [False])
