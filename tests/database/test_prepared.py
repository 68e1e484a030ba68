"""Statements on the driver mean what they mean through SQLAlchemy: the same is stored, the same is read."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    MetaData,
    Table,
    Uuid,
    bindparam,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import AutoString, Session

from app.database.database import Database
from app.database.prepared import Prepared
from app.tables.columns import JSON_TYPE, UtcDateTime, enum_type
from app.tables.projects import ProjectRow
from app.tables.registry import metadata
from tests.database.projects import adding, committed_names, new_project
from tests.database.test_group_commit import in_one_group


class Colour(StrEnum):
    """Its values are not its names."""

    RED = "rouge"
    GREEN = "vert"


THING = Table(
    "thing",
    MetaData(),
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True),
    Column("uuid", Uuid),
    Column("at", UtcDateTime),
    Column("colour", enum_type(Colour)),
    Column("json", JSON_TYPE),
    Column("large", BigInteger),
    Column("small", Integer),
    Column("flag", Boolean),
    Column("text", AutoString),
)
INSERT = Prepared(insert(THING))
SELECT = Prepared(select(THING).order_by(THING.c.id))
UPDATE = Prepared(update(THING).where(THING.c.id == bindparam("thing")).values(text=bindparam("new_text")))

EMPTY: dict[str, Any] = dict.fromkeys(column.name for column in THING.c)
VALUES: list[dict[str, Any]] = [
    {},
    {"uuid": UUID(int=0)},
    {"uuid": UUID("0189f7e2-7c1a-7bbb-8000-ffffffffffff")},
    {"at": datetime(2026, 11, 27, 8, 30, tzinfo=UTC)},
    {"at": datetime(2026, 11, 27, 8, 30, 59, 1, tzinfo=UTC)},
    {"at": datetime(2026, 3, 1, 0, 15, 0, 999_999, tzinfo=timezone(timedelta(hours=5, minutes=30)))},
    {"at": datetime(2026, 3, 1, 23, 15, tzinfo=timezone(timedelta(hours=-8)))},
    {"at": datetime(2026, 3, 1, 8, 30, tzinfo=timezone(timedelta(0), "Zulu"))},
    {"at": datetime(1, 1, 2, tzinfo=UTC)},
    {"at": datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)},
    {"colour": Colour.RED},
    {"colour": Colour.GREEN},
    {"json": {}},
    {"json": []},
    {"json": 0},
    {"json": False},
    {"json": ""},
    {"json": 'a "quoted" ä\u2028😀\\'},
    {"json": {"ä": [1, None, -1.5, True, {"x": []}], "large": 2**70, "": "\n"}},
    {"large": 2**63 - 1},
    {"large": -(2**63)},
    {"small": 0},
    {"flag": True},
    {"flag": False},
    {"text": ""},
    {"text": "ä\u2028😀'\"%s :x ?"},
]
ROWS = [{**EMPTY, "id": number, **values} for number, values in enumerate(VALUES, start=1)]


@pytest.fixture
async def things(database: Database) -> Database:
    """A database with an empty table of every type of column."""
    await database.write(lambda session: THING.create(session.connection()))
    return database


def by_sqlalchemy(session: Session) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in session.connection().execute(select(THING).order_by(THING.c.id))]


def expected(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row.values())


def kinds(row: tuple[Any, ...]) -> list[str]:
    """asyncpg's UUID is one of its own."""
    return ["UUID" if isinstance(value, UUID) else type(value).__name__ for value in row]


def test_every_type_of_column_that_there_is_is_tried() -> None:
    def names(table: Table) -> set[tuple[str, str]]:
        return {
            (type(column.type).__name__, type(column.type.dialect_impl(DIALECT)).__name__)
            for column in table.c
        }

    assert names(THING) >= set().union(*(names(table) for table in metadata.tables.values()))


DIALECT = sqlite.dialect()


async def test_what_is_written_one_by_one_is_read_through_sqlalchemy(things: Database) -> None:
    def work(session: Session) -> None:
        for row in ROWS:
            INSERT.run(session, row)

    await things.write(work)

    found = await things.read(by_sqlalchemy)
    assert found == [expected(row) for row in ROWS]


async def test_what_is_written_at_once_is_read_through_sqlalchemy(things: Database) -> None:
    await things.write(lambda session: INSERT.run_many(session, ROWS))

    assert await things.read(by_sqlalchemy) == [expected(row) for row in ROWS]


@pytest.mark.parametrize("by", ["read", "write"])
async def test_what_sqlalchemy_wrote_is_read(things: Database, by: str) -> None:
    await things.write(lambda session: session.connection().execute(insert(THING), ROWS) and None)

    found = await getattr(things, by)(lambda session: [tuple(row) for row in SELECT.rows(session, {})])

    assert found == [expected(row) for row in ROWS]
    assert [kinds(row) for row in found] == [kinds(expected(row)) for row in ROWS]


async def test_sqlite_stores_byte_for_byte_what_sqlalchemy_stores_but_for_spaces_in_json(
    sqlite_database: Database,
) -> None:
    def work(session: Session) -> tuple[list[Any], list[Any]]:
        THING.create(session.connection())
        INSERT.run_many(session, ROWS)
        ours = stored(session)
        session.connection().execute(text("DELETE FROM thing"))
        session.connection().execute(insert(THING), ROWS)
        return ours, stored(session)

    ours, theirs = await sqlite_database.write(work)

    assert ours == theirs


def stored(session: Session) -> list[Any]:
    columns = ", ".join(f'typeof("{name}"), "{name}"' for name in EMPTY if name != "json")
    rows = session.connection().exec_driver_sql(
        f"SELECT {columns}, typeof(json), json FROM thing ORDER BY id"
    )
    return [(*row[:-1], json.loads(row[-1]) if isinstance(row[-1], str) else row[-1]) for row in rows]


@pytest.mark.parametrize("statement", ["run", "run_many"])
async def test_a_naive_datetime_is_refused(things: Database, statement: str) -> None:
    row = {**EMPTY, "id": 1, "at": datetime(2026, 1, 1)}  # noqa: DTZ001 - that is the point

    with pytest.raises((ValueError, StatementError), match="naive"):
        await things.write(lambda s: INSERT.run(s, row) if statement == "run" else INSERT.run_many(s, [row]))

    assert await things.read(by_sqlalchemy) == []


@pytest.mark.parametrize("given", [{"x": {1, 2}}, object()])
async def test_what_is_no_json_is_refused(things: Database, given: Any) -> None:
    with pytest.raises((TypeError, StatementError)):
        await things.write(lambda session: INSERT.run(session, {**EMPTY, "id": 1, "json": given}))


async def test_what_the_session_was_told_before_is_there_already(database: Database) -> None:
    count = Prepared(select(ProjectRow.name))

    def work(session: Session) -> list[str]:
        session.add(new_project("Acme"))
        return [name for (name,) in count.rows(session, {})]

    assert await database.write(work) == ["Acme"]


async def test_what_the_session_was_told_before_is_written_before(database: Database) -> None:
    rename = Prepared(
        update(ProjectRow.__table__)  # type: ignore[attr-defined]
        .where(ProjectRow.__table__.c.name == bindparam("old"))  # type: ignore[attr-defined]
        .values(name=bindparam("new"))
    )

    def work(session: Session) -> None:
        session.add(new_project("Acme"))
        rename.run(session, {"old": "Acme", "new": "Bolt"})
        session.add(new_project("Acme"))
        rename.run_many(session, [{"old": "Acme", "new": "Cog"}])

    await database.write(work)

    names = await database.read(
        lambda session: sorted(name for (name,) in Prepared(select(ProjectRow.name)).rows(session, {}))
    )
    assert names == ["Bolt", "Cog"]


async def test_a_statement_keeps_its_constants(things: Database) -> None:
    red = Prepared(
        select(THING.c.id)
        .where(
            THING.c.colour == Colour.RED,
            THING.c.at > datetime(2026, 1, 1, tzinfo=UTC),
            THING.c.small > bindparam("least"),
        )
        .order_by(THING.c.id.desc())
        .limit(1)
    )
    row = {**EMPTY, "at": datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC), "small": 5}
    rows = [
        {**row, "id": number, "colour": Colour.RED if number < 4 else Colour.GREEN} for number in range(1, 6)
    ]

    def work(session: Session) -> list[tuple[Any, ...]]:
        INSERT.run_many(session, rows)
        # What a statement has no parameter for is passed over.
        return [tuple(found) for found in red.rows(session, {"least": 4, "unknown": object()})]

    assert await things.write(work) == [(3,)]
    assert [tuple(row) for row in await things.read(lambda session: red.rows(session, {"least": 4}))] == [
        (3,)
    ]
    assert await things.read(lambda session: list(red.rows(session, {"least": 5}))) == []


async def test_a_statement_may_have_one_parameter(things: Database) -> None:
    by_text = Prepared(select(THING.c.id).where(THING.c.text == bindparam("word")))

    def work(session: Session) -> list[int]:
        INSERT.run(session, {**EMPTY, "id": 1, "text": "word"})
        return [found[0] for found in by_text.rows(session, {"word": "word"})]

    assert await things.write(work) == [1]


async def test_a_parameter_that_is_missing_is_an_error(things: Database) -> None:
    with pytest.raises(KeyError, match="new_text"):
        await things.write(lambda session: UPDATE.run(session, {"thing": 1}))


async def test_a_statement_may_have_a_form_for_postgresql(things: Database) -> None:
    insert_new = Prepared(
        sqlite.insert(THING).on_conflict_do_nothing().returning(THING.c.id),
        postgresql=postgresql.insert(THING).on_conflict_do_nothing().returning(THING.c.id),
    )
    row = {**EMPTY, "id": 7}

    def work(session: Session) -> list[list[int]]:
        return [[found[0] for found in insert_new.rows(session, row)] for _ in range(2)]

    assert await things.write(work) == [[7], []]


async def test_a_constraint_that_is_broken_undoes_its_own_piece_alone(
    sqlite_database: Database, sqlite_url: str
) -> None:
    insert_project = Prepared(insert(ProjectRow.__table__))  # type: ignore[attr-defined]

    def project(name: str) -> dict[str, Any]:
        return new_project(name).model_dump()

    def work(session: Session) -> None:
        insert_project.run(session, project("Bolt"))
        twice = project("Cog")
        insert_project.run_many(session, [twice, twice])

    first, second, third = await in_one_group(sqlite_database, adding("Acme"), work, adding("Dot"))

    assert (first, third) == (None, None)
    assert isinstance(second, sqlite3.IntegrityError)
    assert committed_names(sqlite_url) == ["Acme", "Dot"]


async def test_what_was_written_is_undone_when_the_piece_fails_later(
    sqlite_database: Database, sqlite_url: str
) -> None:
    insert_project = Prepared(insert(ProjectRow.__table__).returning(ProjectRow.__table__.c.id))  # type: ignore[attr-defined]

    def work(session: Session) -> None:
        assert insert_project.rows(session, new_project("Bolt").model_dump())
        raise KeyError("mine")

    first, second, third = await in_one_group(sqlite_database, adding("Acme"), work, adding("Dot"))

    assert (first, third) == (None, None)
    assert isinstance(second, KeyError)
    assert committed_names(sqlite_url) == ["Acme", "Dot"]


async def test_a_broken_constraint_is_an_error_on_postgresql_too(postgres_database: Database) -> None:
    insert_project = Prepared(insert(ProjectRow.__table__))  # type: ignore[attr-defined]
    twice = new_project("Acme").model_dump()

    with pytest.raises(IntegrityError):
        await postgres_database.write(lambda session: insert_project.run_many(session, [twice, twice]))


async def test_a_read_is_not_let_past_sqlalchemy(sqlite_database: Database) -> None:
    """Its connection is another thread's."""
    await sqlite_database.write(adding("Acme"))

    found = await sqlite_database.read(lambda session: Prepared(select(ProjectRow.name)).rows(session, {}))

    assert [name for (name,) in found] == ["Acme"]
