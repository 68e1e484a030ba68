"""From a URL to a database that is set up as it must be, or to a message that says what is wrong."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app.database.database import Database
from app.database.errors import DatabaseUrlError
from app.database.migrating import migrate
from app.database.opening import open_database, open_for_reading
from tests.database.projects import adding, names


def pragma(name: str, session: Session) -> object:
    return session.connection().execute(text(f"PRAGMA {name}")).scalar()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),  # FULL
        ("foreign_keys", 1),
        ("wal_autocheckpoint", 4000),
    ],
)
async def test_the_sqlite_writer_is_set_up(sqlite_database: Database, name: str, value: object) -> None:
    assert await sqlite_database.write(lambda session: pragma(name, session)) == value


@pytest.mark.parametrize(
    ("name", "value"), [("journal_mode", "wal"), ("query_only", 1), ("busy_timeout", 5000)]
)
async def test_sqlite_readers_are_set_up(sqlite_database: Database, name: str, value: object) -> None:
    assert await sqlite_database.read(lambda session: pragma(name, session)) == value


async def test_a_database_knows_its_dialect(database: Database, database_url: str) -> None:
    assert database_url.startswith(database.dialect)


async def test_a_sqlite_file_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "leads & co, 100%"
    folder.mkdir()
    url = f"sqlite+aiosqlite:///{folder}/a b#c.sqlite3"
    migrate(url)

    database = await open_database(url)
    version = text("SELECT count(*) FROM alembic_version")
    assert await database.read(lambda session: session.connection().execute(version).scalar()) == 1
    await database.close()


async def test_a_sqlite_url_may_leave_out_the_driver(sqlite_url: str) -> None:
    database = await open_database(sqlite_url.replace("+aiosqlite", ""))

    assert database.dialect == "sqlite"
    await database.close()


async def test_a_postgresql_url_may_leave_out_the_driver(postgres_url: str) -> None:
    database = await open_database(postgres_url.replace("+asyncpg", ""))

    assert database.dialect == "postgresql"
    await database.close()


@pytest.mark.parametrize(
    "url", ["sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:", "sqlite+aiosqlite:///file::memory:"]
)
async def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(DatabaseUrlError, match="SQLite needs a file"):
        await open_database(url)


async def test_parameters_of_a_sqlite_url_are_refused() -> None:
    with pytest.raises(DatabaseUrlError, match="takes no parameters"):
        await open_database("sqlite+aiosqlite:///leadwire.sqlite3?mode=ro")


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUrlError, match=str(tmp_path / "nowhere")):
        await open_database(f"sqlite+aiosqlite:///{tmp_path}/nowhere/leadwire.sqlite3")


@pytest.mark.parametrize(
    "url", ["mysql+aiomysql://leadwire:secret@localhost/leadwire", "postgresql+psycopg://a:secret@b/c"]
)
async def test_another_kind_of_database_is_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(DatabaseUrlError, match=url.split(":", maxsplit=1)[0].replace("+", r"\+")) as failure:
        await open_database(url)
    assert "secret" not in str(failure.value)


async def test_a_url_that_is_none_is_refused_without_telling_the_password() -> None:
    with pytest.raises(DatabaseUrlError, match="cannot be read") as failure:
        await open_database("leadwire:secret@localhost")
    assert "secret" not in str(failure.value)


async def test_a_missing_driver_is_named_with_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)

    with pytest.raises(DatabaseUrlError, match=r"leadwire\[postgres\]"):
        await open_database("postgresql+asyncpg://leadwire@127.0.0.1/leadwire")


def test_who_has_no_driver_for_postgresql_opens_sqlite(sqlite_url: str) -> None:
    program = f"""
import asyncio, sys
sys.modules["asyncpg"] = None
from app.database.opening import open_database
async def main():
    await (await open_database({sqlite_url!r})).close()
    await open_database("postgresql+asyncpg://leadwire@127.0.0.1/leadwire")
asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert ended.stderr.strip().endswith("pip install 'leadwire[postgres]'")


async def test_a_server_that_does_not_answer_fails_the_opening(free_tcp_port: int) -> None:
    with pytest.raises(OSError, match=r"127\.0\.0\.1"):
        await open_database(f"postgresql+asyncpg://leadwire:secret@127.0.0.1:{free_tcp_port}/leadwire")


async def test_a_database_can_be_read_while_another_process_writes(database_url: str) -> None:
    owner = await open_database(database_url)
    reader = await open_for_reading(database_url)
    before = await reader.read(names)
    await owner.write(adding("A"))

    assert (before, await reader.read(names)) == ([], ["A"])
    assert reader.dialect == owner.dialect
    await reader.close()
    await owner.close()


async def test_a_database_opened_for_reading_cannot_be_changed(database_url: str) -> None:
    reader = await open_for_reading(database_url)

    with pytest.raises(DBAPIError):
        await reader.read(adding("A"))
    await reader.close()


async def test_a_database_opened_for_reading_may_be_taken_by_its_writer(sqlite_url: str) -> None:
    reader = await open_for_reading(sqlite_url)
    await reader.read(names)
    owner = await open_database(sqlite_url)
    await reader.close()

    assert await owner.read(names) == []
    await owner.close()


async def test_a_file_that_is_not_there_is_not_made_by_reading_it(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUrlError, match="leadwire migrate"):
        await open_for_reading(f"sqlite+aiosqlite:///{tmp_path}/nothing.sqlite3")
    assert not list(tmp_path.iterdir())
