"""Rows for every table there is, of every kind of value there is."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Enum,
    Integer,
    Table,
    Uuid,
    insert,
    text,
)
from sqlmodel.sql.sqltypes import AutoString

from app.database.owning import owned_sqlite
from app.tables.columns import UtcDateTime
from app.tables.registry import metadata

_TEXTS = cycle(
    [
        "",
        " ",
        "plain",
        'O\'Brien "and" `sons`; DROP TABLE lead; --',
        "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER} \N{PARTY POPPER}",
        "e\N{COMBINING ACUTE ACCENT} é \N{RIGHT-TO-LEFT OVERRIDE}abc",
        "line\r\nbreak\ttab\x01\x7f\ufeff",
        "\\N \\x00 %s {} $1",
        "null",
        "x" * 5_000,
    ]
)
_DOCUMENTS = cycle(
    [
        {},
        [],
        {"b": 1, "a": {"z": [1, 2.5, -0.0, 1e16, 5e-324, 0.1 + 0.2, 2**63 + 1, -1]}},
        [{"\N{PARTY POPPER}": "O'Brien"}, None, True, False, "", "null"],
        {"": "", "dup": [[], {}, [[]]]},
        "text",
        10**20,
        1.0,
        False,
    ]
)
_INSTANTS = cycle(
    [
        datetime(2026, 11, 23, 9, 30, 0, 123456, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC),
        datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        datetime(2099, 1, 1, tzinfo=timezone(-timedelta(hours=11))),
    ]
)


def fill_every_table(path: Path, *, rows: int) -> None:
    """Put `rows` rows into each table of a migrated SQLite file; the id of one more lead was given and is gone."""
    with owned_sqlite(path) as connection, connection.begin():
        keys: dict[str, list[Any]] = {}
        for table in metadata.sorted_tables:
            given = _own_keys(table, rows)
            keys[table.name] = given
            values = [_row(table, place, given, keys) for place in range(rows)]
            # Foreign keys are off on this connection: a row may come before the one it points at.
            connection.execute(insert(table), values)
        _give_an_id_that_goes(connection)


def _give_an_id_that_goes(connection: Connection) -> None:
    connection.execute(text("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'lead'"))


def _own_keys(table: Table, rows: int) -> list[Any]:
    first = next(iter(table.primary_key.columns))
    if isinstance(first.type, Uuid):
        return [uuid4() for _ in range(rows)]
    return [2**40 + place for place in range(rows)]


def _row(table: Table, place: int, own: list[Any], keys: dict[str, list[Any]]) -> dict[str, Any]:
    values = {column.name: _value(table, column, place, own, keys) for column in table.columns}
    return values | _only_once(table, place)


def _only_once(table: Table, place: int) -> dict[str, Any]:
    """What partial unique indexes allow one row each."""
    return {"built_in": False} if table.name == "conversion_label" and place else {}


def _value(table: Table, column: Column[Any], place: int, own: list[Any], keys: dict[str, list[Any]]) -> Any:
    pointing = next(iter(column.foreign_keys), None)
    if pointing is not None:
        return _pointer(table, column, place, keys[pointing.column.table.name])
    if column.primary_key and column.name != "key":
        return own[place]
    if column.nullable and place % 3 == 0:
        return None
    return _of_type(column, place)


def _pointer(table: Table, column: Column[Any], place: int, parents: list[Any]) -> Any:
    own_table = any(key.column.table is table for key in column.foreign_keys)
    if not own_table:
        return parents[place]
    # Every other row points at the one after it, which is copied later.
    return parents[place + 1] if place % 2 and place + 1 < len(parents) else None


def _of_type(column: Column[Any], place: int) -> Any:
    for kind, make in _MAKERS.items():
        if isinstance(column.type, kind):
            return make(column, place)
    raise AssertionError(f"{column} is of a type no row has been thought of: {column.type!r}")


def _member(column: Column[Any], place: int) -> Any:
    assert isinstance(column.type, Enum)
    members = list(column.type.enum_class or [])
    return members[place % len(members)]


def _text(column: Column[Any], place: int) -> str:
    unique = column.unique or column.name in {"key", "unique_event_id", "platform_event_id"}
    return f"{next(_TEXTS)}{place if unique else ''}"


# The first that fits: a BigInteger is an Integer, too.
_MAKERS: dict[Any, Callable[[Column[Any], int], Any]] = {
    Enum: _member,
    Boolean: lambda _column, place: place % 2 == 0,
    UtcDateTime: lambda _column, _place: next(_INSTANTS),
    JSON: lambda _column, _place: next(_DOCUMENTS),
    Uuid: lambda _column, _place: uuid4(),
    BigInteger: lambda _column, place: (-1) ** place * (2**63 - 1 - place),
    Integer: lambda _column, place: place,
    AutoString: _text,
}


def every_row(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """All there is, as Python sees it, in an order that does not depend on the database."""
    return {
        table.name: sorted(
            (dict(row) for row in connection.execute(table.select()).mappings()),
            key=lambda row: [str(row[column.name]) for column in table.primary_key.columns],
        )
        for table in metadata.sorted_tables
    }
