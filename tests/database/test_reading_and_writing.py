"""What both databases promise alike."""

import traceback
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.util import await_only
from sqlmodel import Session, col, select, update

from app.database.database import Database
from app.database.errors import DatabaseClosedError
from app.tables.projects import ProjectRow
from tests.database.projects import adding, names, new_project


async def test_a_read_sees_what_was_committed(database: Database) -> None:
    await database.write(adding("Acme"))

    assert await database.read(names) == ["Acme"]


async def test_a_write_answers_with_what_its_work_returned(database: Database) -> None:
    assert await database.write(lambda _session: 42) == 42


async def test_rows_leave_a_write_detached_and_readable(database: Database) -> None:
    def work(session: Session) -> ProjectRow:
        row = new_project("Acme")
        session.add(row)
        return row

    row = await database.write(work)

    assert row.name == "Acme"
    assert row._sa_instance_state.session is None  # type: ignore[attr-defined]


async def test_rows_leave_a_read_detached_and_readable(database: Database) -> None:
    await database.write(adding("Acme"))

    row = await database.read(lambda session: session.exec(select(ProjectRow)).one())

    assert row.name == "Acme"
    assert row._sa_instance_state.session is None  # type: ignore[attr-defined]


async def test_what_work_left_pending_in_its_session_is_written(database: Database) -> None:
    await database.write(lambda session: session.add(new_project("Acme")))

    assert await database.read(names) == ["Acme"]


async def test_an_error_reaches_the_caller_and_undoes_all_of_its_work(database: Database) -> None:
    def work(session: Session) -> None:
        adding("Acme")(session)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await database.write(work)
    assert await database.read(names) == []


async def test_an_error_found_only_when_the_session_is_flushed_undoes_all_of_its_work(
    database: Database,
) -> None:
    row = new_project("Acme")
    await database.write(lambda session: session.add(row))

    def work(session: Session) -> None:
        adding("Bolt")(session)
        session.add(ProjectRow(**row.model_dump()))

    with pytest.raises(IntegrityError):
        await database.write(work)
    assert await database.read(names) == ["Acme"]


async def test_a_write_works_after_one_that_failed(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        await database.write(lambda _session: 1 / 0)

    await database.write(adding("Acme"))

    assert await database.read(names) == ["Acme"]


async def test_work_that_raises_stop_iteration_fails_and_does_not_hang(database: Database) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await database.write(lambda _session: next(iter([])))


async def test_work_may_undo_a_part_of_itself(database: Database) -> None:
    def work(session: Session) -> None:
        adding("Acme")(session)
        part = session.begin_nested()
        adding("Bolt")(session)
        part.rollback()

    await database.write(work)

    assert await database.read(names) == ["Acme"]


@pytest.mark.parametrize("ending", ["commit", "rollback"])
async def test_work_must_not_end_the_transaction(database: Database, ending: str) -> None:
    def work(session: Session) -> None:
        adding("Acme")(session)
        getattr(session, ending)()

    with pytest.raises(RuntimeError, match="work does not"):
        await database.write(work)
    assert await database.read(names) == []


async def test_a_statement_that_writes_is_refused_in_a_read(database: Database) -> None:
    await database.write(adding("Acme"))

    with pytest.raises(DBAPIError, match=r"(?i)read.?only"):
        await database.read(lambda session: session.exec(update(ProjectRow).values(name="Bolt")))
    assert await database.read(names) == ["Acme"]


async def test_a_row_added_in_a_read_is_refused_and_not_forgotten_in_silence(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)read.?only"):
        await database.read(lambda session: session.add(new_project("Acme")))


async def test_a_read_sees_one_snapshot_whatever_is_written_meanwhile(database: Database) -> None:
    def work(session: Session) -> tuple[list[str], list[str]]:
        before = names(session)
        await_only(database.write(adding("Acme")))
        return before, names(session)

    assert await database.read(work) == ([], [])
    assert await database.read(names) == ["Acme"]


async def test_a_read_that_fails_gives_its_connection_back(database: Database) -> None:
    for _ in range(20):  # more than there are connections
        with pytest.raises(ZeroDivisionError):
            await database.read(lambda session: len(names(session)) / 0)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"id": None, "name": "ada@example.com"}, id="row refused by the database"),
        pytest.param({"id": None, "name": "ada@example.com\udc80"}, id="value refused by the driver"),
        pytest.param({"id": "ada@example.com", "name": "Ada"}, id="value of another type"),
    ],
)
async def test_nothing_of_what_was_to_be_written_is_in_an_error_report(
    database: Database, values: dict[str, Any]
) -> None:
    insert = text("INSERT INTO project (id, name) VALUES (:id, :name)")

    with pytest.raises(Exception) as failure:  # noqa: PT011 - the drivers differ in what they raise
        await database.write(lambda session: session.connection().execute(insert, values))
    assert "ada@example.com" not in "".join(traceback.format_exception(failure.value))


async def test_a_write_after_close_is_refused(database: Database) -> None:
    await database.close()

    with pytest.raises(DatabaseClosedError):
        await database.write(adding("Acme"))


async def test_closing_again_does_nothing(database: Database) -> None:
    await database.close()
    await database.close()


async def test_columns_keep_their_values(database: Database) -> None:
    row = new_project("Acme")
    before = row.model_dump()
    await database.write(lambda session: session.add(row))

    def found(session: Session) -> dict[str, Any]:
        return session.exec(select(ProjectRow).where(col(ProjectRow.id) == before["id"])).one().model_dump()

    assert await database.read(found) == before
