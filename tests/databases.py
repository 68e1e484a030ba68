"""Databases for tests: a migrated SQLite file and a migrated PostgreSQL database, new for each test."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from app.database.database import Database
from app.database.migrating import migrate
from app.database.opening import open_database
from tests.postgres_server import NoPostgresError, running_postgres


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied: migrating takes a hundred times as long."""
    path = tmp_path_factory.mktemp("template") / "leadwire.sqlite3"
    migrate(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of this test's own migrated SQLite file."""
    path = tmp_path / "leadwire.sqlite3"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[Database]:
    """This test's own migrated SQLite database, open."""
    database = await open_database(sqlite_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of the maintenance database of a PostgreSQL server that lives as long as this process of the run."""
    try:
        with running_postgres() as url:
            yield url
    except NoPostgresError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a migrated database on the server, to be copied."""
    name = "migrated"
    _execute(postgres_url, f"CREATE DATABASE {name}")
    migrate(_with_database(postgres_url, name))
    return name


@pytest.fixture
def empty_postgres_url(postgres_url: str) -> Iterator[str]:
    """The URL of this test's own PostgreSQL database without any table."""
    yield from _temporary_database(postgres_url, template="template1")


@pytest.fixture
def postgres_database_url(postgres_url: str, postgres_template: str) -> Iterator[str]:
    """The URL of this test's own migrated PostgreSQL database."""
    yield from _temporary_database(postgres_url, template=postgres_template)


@pytest.fixture
async def postgres_database(postgres_database_url: str) -> AsyncIterator[Database]:
    """This test's own migrated PostgreSQL database, open."""
    database = await open_database(postgres_database_url)
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of this test's own migrated database: the test runs once on each kind."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_database_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """This test's own migrated database, open: the test runs once on each kind."""
    database = await open_database(database_url)
    yield database
    await database.close()


def _temporary_database(server_url: str, *, template: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    # FILE_COPY (PostgreSQL 15 and newer): ten times as fast as writing every page to the log.
    _execute(server_url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield _with_database(server_url, name)
    # FORCE: a test that failed may have left connections behind.
    _execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def _with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _execute(url: str, statement: str) -> None:
    """Run a statement that must be outside of a transaction."""

    async def run() -> None:
        connection = await asyncpg.connect(make_url(url).set(drivername="postgresql").render_as_string(False))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    # In a thread of its own: fixtures share theirs with the event loop of the tests.
    with ThreadPoolExecutor(max_workers=1) as threads:
        threads.submit(asyncio.run, run()).result()
