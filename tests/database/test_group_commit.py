"""What only SQLite does: many pieces of work in one transaction."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, select

from app.database.database import Database, after_commit
from app.database.errors import GroupFailedError
from app.database.group import GroupRunner, Piece
from app.database.writer import connect
from app.errors import LabelNotFoundError
from app.tables.projects import ProjectRow
from tests.database.groups import end_the_transaction, execute, in_one_group, open_late, settled
from tests.database.held_back import Gate, held_back
from tests.database.projects import adding, committed_names, names


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    async with open_late(sqlite_url) as database:
        yield database


def fail_the_commit(session: Session) -> None:
    session.connection().execute(text("INSERT INTO late (other_id) VALUES (404)"))


def page_count(session: Session) -> int:
    pages: int = session.connection().execute(text("PRAGMA page_count")).scalar_one()
    return pages


async def test_nothing_is_committed_before_the_last_piece_of_the_group_has_run(
    database: Database, sqlite_url: str
) -> None:
    seen = await in_one_group(
        database, adding("Acme"), lambda session: (names(session), committed_names(sqlite_url))
    )

    assert seen == [None, (["Acme"], [])]
    assert committed_names(sqlite_url) == ["Acme"]


async def test_nobody_is_answered_before_the_commit(database: Database, sqlite_url: str) -> None:
    gate = Gate()
    async with held_back(database):
        first = asyncio.create_task(database.write(adding("Acme")))
        second = asyncio.create_task(database.write(lambda _session: gate.stop_here()))
    await gate.reached()

    assert not first.done()
    assert committed_names(sqlite_url) == []

    gate.open()
    await first
    assert committed_names(sqlite_url) == ["Acme"]
    await second


async def test_a_failing_piece_rolls_back_alone(database: Database, sqlite_url: str) -> None:
    def work(session: Session) -> None:
        adding("Bolt")(session)
        raise KeyError("mine")

    first, second, third = await in_one_group(database, adding("Acme"), work, adding("Cog"))

    assert (first, third) == (None, None)
    assert isinstance(second, KeyError)
    assert committed_names(sqlite_url) == ["Acme", "Cog"]


async def test_a_statement_that_fails_rolls_back_its_own_piece_alone(
    database: Database, sqlite_url: str
) -> None:
    def work(session: Session) -> None:
        adding("Bolt")(session)
        session.connection().execute(text("INSERT INTO project (id) VALUES (NULL)"))

    first, second, third = await in_one_group(database, adding("Acme"), work, adding("Cog"))

    assert (first, third) == (None, None)
    assert isinstance(second, IntegrityError)
    assert committed_names(sqlite_url) == ["Acme", "Cog"]


async def test_a_failing_commit_fails_every_caller_of_its_group(database: Database, sqlite_url: str) -> None:
    errors = await in_one_group(database, adding("Acme"), fail_the_commit, adding("Cog"))

    assert [type(error) for error in errors] == [GroupFailedError] * 3
    assert len(set(map(id, errors))) == 3
    assert all(isinstance(error.__cause__, sqlite3.IntegrityError) for error in errors)
    assert committed_names(sqlite_url) == []


async def test_a_piece_that_failed_by_itself_keeps_its_error_when_the_commit_fails(
    database: Database,
) -> None:
    errors = await in_one_group(database, lambda _session: 1 / 0, fail_the_commit)

    assert [type(error) for error in errors] == [ZeroDivisionError, GroupFailedError]


async def test_the_group_after_a_failing_commit_is_written(database: Database, sqlite_url: str) -> None:
    await in_one_group(database, fail_the_commit)

    await database.write(adding("Acme"))

    assert committed_names(sqlite_url) == ["Acme"]


async def test_a_vanished_transaction_fails_every_piece_of_the_group(
    database: Database, sqlite_url: str
) -> None:
    errors = await in_one_group(database, adding("Acme"), end_the_transaction, adding("Cog"))

    assert [type(error) for error in errors] == [GroupFailedError, IntegrityError, GroupFailedError]
    assert committed_names(sqlite_url) == []


async def test_a_vanished_transaction_that_its_piece_keeps_quiet_about_fails_the_group_too(
    database: Database, sqlite_url: str
) -> None:
    def work(session: Session) -> None:
        with pytest.raises(IntegrityError):
            end_the_transaction(session)

    errors = await in_one_group(database, adding("Acme"), work)

    assert [type(error) for error in errors] == [GroupFailedError, GroupFailedError]
    assert committed_names(sqlite_url) == []


async def test_the_group_after_a_vanished_transaction_is_written(database: Database, sqlite_url: str) -> None:
    await in_one_group(database, end_the_transaction)

    await database.write(adding("Acme"))

    assert committed_names(sqlite_url) == ["Acme"]


async def test_a_piece_that_cannot_be_undone_alone_fails_the_group(
    database: Database, sqlite_url: str
) -> None:
    def work(session: Session) -> None:
        adding("Bolt")(session)
        session.connection().execute(text("RELEASE piece"))
        raise KeyError("mine")

    first, second = await in_one_group(database, adding("Acme"), work)

    assert isinstance(first, GroupFailedError)
    assert isinstance(second, KeyError)
    assert committed_names(sqlite_url) == []


async def test_a_full_disk_loses_nothing_that_was_answered_and_hurts_nothing_later(
    database: Database, sqlite_url: str
) -> None:
    await database.write(adding("Acme"))
    await execute(database, "CREATE TABLE big (content BLOB)")
    pages = await database.write(page_count)
    await execute(database, f"PRAGMA max_page_count = {pages}")

    with pytest.raises(OperationalError, match="full"):
        await execute(database, "INSERT INTO big VALUES (zeroblob(1000000))")

    await execute(database, f"PRAGMA max_page_count = {pages + 1000}")
    await database.write(adding("Bolt"))
    assert committed_names(sqlite_url) == ["Acme", "Bolt"]


async def test_a_file_that_somebody_else_keeps_locked_fails_the_group_and_the_log_says_why(
    database: Database, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    await execute(database, "PRAGMA busy_timeout = 1")
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite+aiosqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(GroupFailedError) as failure:
        await database.write(adding("Acme"))
    other.close()

    assert "locked" in str(failure.value.__cause__)
    assert "a transaction failed, and every write in it: SQLITE_BUSY" in caplog.text
    await database.write(adding("Bolt"))
    assert committed_names(sqlite_url) == ["Bolt"]


async def test_a_caller_that_gives_up_before_its_piece_began_takes_it_back(
    database: Database, sqlite_url: str
) -> None:
    async with held_back(database):
        kept = asyncio.create_task(database.write(adding("Acme")))
        given_up = asyncio.create_task(database.write(adding("Bolt")))
        await asyncio.sleep(0)
        given_up.cancel()
    await kept

    assert committed_names(sqlite_url) == ["Acme"]
    assert given_up.cancelled()


async def test_a_piece_that_has_begun_runs_to_its_end_without_its_caller(
    database: Database, sqlite_url: str
) -> None:
    gate = Gate()
    hooked: list[str] = []

    def work(session: Session) -> None:
        gate.stop_here()
        adding("Acme")(session)
        after_commit(session, lambda: hooked.append("hook"))

    given_up = asyncio.create_task(database.write(work))
    await gate.reached()
    given_up.cancel()
    assert await settled([given_up])
    gate.open()
    await database.write(adding("Bolt"))

    assert given_up.cancelled()
    assert committed_names(sqlite_url) == ["Acme", "Bolt"]
    assert hooked == ["hook"]


@pytest.mark.parametrize("error", [KeyError("ada@example.com"), LabelNotFoundError("ada@example.com")])
async def test_a_piece_that_fails_without_its_caller_is_logged_without_its_text_unless_it_was_refused(
    database: Database, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    gate = Gate()

    def work(_session: Session) -> None:
        gate.stop_here()
        raise error

    given_up = asyncio.create_task(database.write(work))
    await gate.reached()
    given_up.cancel()
    await settled([given_up])
    gate.open()
    await database.write(adding("Bolt"))

    assert ("a write failed whose caller had gone: KeyError" in caplog.text) == isinstance(error, KeyError)
    assert "NotFound" not in caplog.text
    assert "ada@example.com" not in caplog.text


async def test_a_group_has_at_most_64_pieces(database: Database, sqlite_url: str) -> None:
    def count(_session: Session) -> int:
        return len(committed_names(sqlite_url))

    results = await in_one_group(database, *(adding(f"{number:02}") for number in range(63)), count, count)

    assert results[63:] == [0, 63]


async def test_closing_finishes_what_is_waiting(database: Database, sqlite_url: str) -> None:
    async with held_back(database):
        tasks = [asyncio.create_task(database.write(adding(name))) for name in ("Acme", "Bolt", "Cog")]
        await asyncio.sleep(0)
        closing = asyncio.create_task(database.close())
    await closing

    assert [task.done() for task in tasks] == [True] * 3
    assert await settled(tasks) == [None] * 3
    assert committed_names(sqlite_url) == ["Acme", "Bolt", "Cog"]


async def test_work_that_breaks_the_connection_fails_its_callers_and_does_not_hang(
    database: Database,
) -> None:
    def work(session: Session) -> None:
        driver = session.connection().connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.close()

    first, second = await in_one_group(database, adding("Acme"), work)

    assert isinstance(first, GroupFailedError)
    assert isinstance(second, GroupFailedError)
    with pytest.raises(GroupFailedError):
        await database.write(adding("Bolt"))


async def test_what_a_piece_read_is_not_what_the_next_one_is_told(
    database: Database, sqlite_url: str
) -> None:
    def rename(session: Session) -> None:
        session.connection().execute(text("UPDATE project SET name = 'New'"))

    def first_name(session: Session) -> str:
        return session.exec(select(ProjectRow)).one().name

    await database.write(adding("Old"))
    assert await in_one_group(database, first_name, rename, first_name) == ["Old", None, "New"]


async def test_a_group_waits_for_somebody_elses_lock_and_has_others_told_before_that(tmp_path: Path) -> None:
    path = tmp_path / "locked.sqlite3"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TABLE note (text TEXT)")
    connection = connect(path)
    other.execute("BEGIN IMMEDIATE")
    piece = Piece(
        lambda session: session.connection().execute(text("INSERT INTO note VALUES ('mine')")) and None,
        asyncio.get_running_loop().create_future(),
    )

    # As soon as they are told, the lock is let go.
    GroupRunner(connection, lambda: other.in_transaction and other.execute("ROLLBACK") and None).run([piece])

    assert piece.error is None
    assert other.execute("SELECT text FROM note").fetchall() == [("mine",)]
    other.close()
    connection.close()
