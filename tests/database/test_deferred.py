"""Rows that repeatable work puts off until the end of its group on SQLite."""

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from sqlite3 import IntegrityError
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError as WrappedIntegrityError
from sqlalchemy.schema import CreateTable
from sqlmodel import Session

from app.database.database import Database
from app.database.opening import open_database
from app.database.prepared import Prepared
from app.database.work import Repeatable
from app.errors import LabelNotFoundError
from tests.database.groups import in_one_group

NOTE = Table(
    "note",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("lead_id", Integer),
    Column("text", String, unique=True),
)
ADD = Prepared(insert(NOTE))
OF_LEAD = Prepared(select(NOTE.c.text).where(NOTE.c.lead_id == bindparam("lead")), lead="lead")
SET = Prepared(update(NOTE).where(NOTE.c.id == bindparam("note")).values(text=bindparam("new_text")))
ALL = Prepared(select(NOTE.c.text).order_by(NOTE.c.id))
UNRELATED = Prepared(select(NOTE.c.text).order_by(NOTE.c.id), apart=True)


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    database = await open_database(sqlite_url)
    await database.write(lambda session: session.connection().execute(CreateTable(NOTE)) and None)
    yield database
    await database.close()


def adding(*new: str, lead_id: int = 1) -> Repeatable[None]:
    return Repeatable(lambda session: put_off(session, *new, lead_id=lead_id))


def put_off(session: Session, *new: str, lead_id: int = 1) -> None:
    rows = [{"id": None, "lead_id": lead_id, "text": text} for text in new]
    ADD.run_later(session, rows, lead_id=lead_id)


def setting(lead_id: int, text: str) -> Repeatable[None]:
    """Of the lead's note, which has its number here."""
    return Repeatable(
        lambda session: SET.run_later(session, [{"note": lead_id, "new_text": text}], lead_id=lead_id)
    )


def reading(statement: Prepared, **values: Any) -> Repeatable[list[str]]:
    return Repeatable(lambda session: [row[0] for row in statement.rows(session, values)])


def texts(session: Session) -> list[str]:
    return list(session.connection().execute(select(NOTE.c.text).order_by(NOTE.c.id)).scalars())


async def stored(database: Database) -> list[str]:
    return await database.read(texts)


async def test_all_rows_of_a_group_are_inserted_in_their_order(database: Database) -> None:
    many = [f"note {number}" for number in range(150)]

    await in_one_group(database, adding(*many[:3]), adding(*many[3:]), adding())

    assert await stored(database) == many


async def test_updates_of_a_group_are_each_of_their_own_row(database: Database) -> None:
    await in_one_group(database, *(adding(f"old {lead}", lead_id=lead) for lead in range(1, 101)))

    await in_one_group(database, *(setting(lead, f"new {lead}") for lead in range(1, 101)))

    assert await stored(database) == [f"new {lead}" for lead in range(1, 101)]


async def test_of_two_updates_of_one_lead_the_second_stays(database: Database) -> None:
    await in_one_group(database, adding("old"))

    await in_one_group(database, setting(1, "first"), setting(1, "second"))

    assert await stored(database) == ["second"]


async def test_work_of_the_group_sees_what_was_put_off_for_its_lead(database: Database) -> None:
    _, of_this_lead, of_another = await in_one_group(
        database, adding("mine"), reading(OF_LEAD, lead=1), reading(OF_LEAD, lead=2)
    )

    assert of_this_lead == ["mine"]
    assert of_another == []


@pytest.mark.parametrize(
    "read",
    [
        reading(ALL),
        Repeatable(texts),
    ],
    ids=["prepared", "SQLAlchemy's"],
)
async def test_a_statement_that_may_look_at_anything_sees_what_was_put_off(
    database: Database, read: Repeatable[list[str]]
) -> None:
    _, seen = await in_one_group(database, adding("mine"), read)

    assert seen == ["mine"]


async def test_a_statement_that_has_nothing_to_do_with_them_does_not_have_them_sent(
    database: Database,
) -> None:
    _, seen = await in_one_group(database, adding("mine"), reading(UNRELATED))

    assert seen == []
    assert await stored(database) == ["mine"]


async def test_work_that_may_not_be_run_again_sees_what_was_put_off_before_it(database: Database) -> None:
    seen, _ = await in_one_group(database, texts, adding("mine"))

    assert seen == ["mine"]


async def test_a_row_that_cannot_be_inserted_fails_its_own_work_alone(database: Database) -> None:
    first, second, third = await in_one_group(database, adding("a"), adding("a", lead_id=2), adding("b"))

    assert first is None
    assert isinstance(second, IntegrityError)
    assert third is None
    assert await stored(database) == ["a", "b"]


async def test_what_failing_work_put_off_is_not_inserted(database: Database) -> None:
    def failing(session: Session) -> None:
        put_off(session, "lost")
        raise KeyError("mine")

    first, second, third = await in_one_group(database, adding("a"), Repeatable(failing), adding("b"))

    assert (first, third) == (None, None)
    assert isinstance(second, KeyError)
    assert await stored(database) == ["a", "b"]


async def test_work_that_is_refused_after_the_rows_of_others_were_sent_has_nothing_run_again(
    database: Database,
) -> None:
    runs: list[str] = []

    def counted(session: Session) -> None:
        runs.append("counted")
        put_off(session, "a")

    def refusing(session: Session) -> None:
        runs.append("refused")
        OF_LEAD.rows(session, {"lead": 1})
        raise LabelNotFoundError("x")

    first, second = await in_one_group(database, Repeatable(counted), Repeatable(refusing))

    assert first is None
    assert isinstance(second, LabelNotFoundError)
    assert runs == ["counted", "refused"]
    assert await stored(database) == ["a"]


async def test_a_part_that_is_rolled_back_takes_its_rows_with_it(database: Database) -> None:
    def partly(session: Session) -> None:
        put_off(session, "kept")
        part = session.begin_nested()
        put_off(session, "dropped")
        part.rollback()

    await in_one_group(database, Repeatable(partly), adding("b"))

    assert await stored(database) == ["kept", "b"]


@pytest.mark.parametrize("wrap", [Repeatable, lambda work: work], ids=["repeatable", "not"])
async def test_rows_are_there_by_the_time_the_caller_is_answered(
    database: Database, wrap: Callable[[Callable[[Session], None]], Any]
) -> None:
    await database.write(wrap(lambda session: put_off(session, "a")))

    assert await stored(database) == ["a"]
    with pytest.raises((IntegrityError, WrappedIntegrityError)):
        await database.write(wrap(lambda session: put_off(session, "a")))


# ---- rows that could not be sent, found while other work was running

TWIN = Prepared(insert(NOTE).prefix_with("OR ABORT"))
"""The same rows by another statement, which is sent after the first."""


def add_twice(session: Session) -> None:
    put_off(session, "x")
    TWIN.run_later(session, [{"id": None, "lead_id": 1, "text": "x"}], lead_id=1)


def looking(session: Session) -> None:
    put_off(session, "y", lead_id=2)
    ALL.rows(session, {})


def looking_away(session: Session) -> None:
    with suppress(IntegrityError):
        looking(session)


@pytest.mark.parametrize("other", [looking, looking_away])
async def test_rows_that_other_work_had_sent_in_vain_fail_the_work_they_are_of(
    database: Database, other: Callable[[Session], None]
) -> None:
    mine, others = await in_one_group(database, Repeatable(add_twice), Repeatable(other))

    assert isinstance(mine, IntegrityError)
    assert others is None
    assert await stored(database) == ["y"]


async def test_work_that_had_rows_of_others_sent_and_then_failed_leaves_nothing(database: Database) -> None:
    def failing(session: Session) -> None:
        ALL.rows(session, {})
        ADD.run(session, {"id": None, "lead_id": 9, "text": "left"})
        raise KeyError("mine")

    await in_one_group(database, adding("old"))
    *_, failed = await in_one_group(database, setting(1, "a"), setting(1, "b"), Repeatable(failing))

    assert isinstance(failed, KeyError)
    assert await stored(database) == ["b"]
