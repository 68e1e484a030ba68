"""The rows themselves: from SQLite to PostgreSQL, a chunk to a transaction, going on where a run ended."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    bindparam,
    func,
    literal,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from app.database.copying.marks import Key, copied_to, is_done, note, note_done
from app.database.errors import DatabaseError

Row = RowMapping | dict[str, Any]
Copied = Callable[[int], None]
"""Called with how many rows a committed chunk had."""


class CopyError(DatabaseError):
    """The copy cannot be made, or is not what it should be."""


def copy_table(source: Connection, target: Connection, table: Table, *, chunk: int, copied: Copied) -> None:
    """Copy what the target does not have yet of `table`, whose parents are there, `chunk` rows at a time.

    `target` is not in a transaction. CopyError names a row that PostgreSQL cannot keep.
    """
    with target.begin():
        after, done = copied_to(target, table), is_done(target, table)
    if done:
        return
    # A row may point at one that comes after it: such a column is filled once all of them are there.
    late = _columns_into_itself(table)
    for rows in _chunks(source, table, chunk, after=after):
        _put(target, table, [{**row, **dict.fromkeys(late)} for row in rows], last=_key(table, rows[-1]))
        copied(len(rows))
    for name in late:
        _fill(source, target, table, table.c[name], chunk)
    with target.begin():
        note_done(target, table)


def go_on_counting(source: Connection, target: Connection, table: Table) -> None:
    """Have the target give the ids after the last one the source gave, deleted rows' ids among them."""
    column = table.autoincrement_column
    if column is None:
        return
    given = source.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
    last = given.scalar() or source.scalar(select(func.max(column)))
    target.execute(
        text("SELECT setval(pg_get_serial_sequence(:name, :column), :last, :given)"),
        {"name": table.name, "column": column.name, "last": last or 1, "given": last is not None},
    )


def _columns_into_itself(table: Table) -> list[str]:
    return [
        column.name
        for column in table.columns
        if any(key.column.table is table for key in column.foreign_keys)
    ]


def _chunks(
    source: Connection,
    table: Table,
    size: int,
    *,
    after: Key | None = None,
    only: ColumnElement[bool] | None = None,
) -> Iterator[Sequence[RowMapping]]:
    """The rows behind `after` in order of their keys, as SQLite sorts them."""
    columns = list(table.primary_key.columns)
    statement = select(table).order_by(*columns).limit(size)
    if only is not None:
        statement = statement.where(only)
    while True:
        following = statement
        if after is not None:
            last = tuple_(*(literal(part, column.type) for part, column in zip(after, columns, strict=True)))
            following = statement.where(tuple_(*columns) > last)
        rows = source.execute(following).mappings().all()
        if not rows:
            return
        yield rows
        after = _key(table, rows[-1])


def _key(table: Table, row: Row) -> Key:
    return tuple(row[column.name] for column in table.primary_key.columns)


def _put(target: Connection, table: Table, rows: Sequence[Row], *, last: Key) -> None:
    statement = insert(table).on_conflict_do_nothing()
    try:
        with target.begin():
            target.execute(statement, [dict(row) for row in rows])
            note(target, table, last)
    except DBAPIError as error:
        if not _blames_a_row(error):
            raise
        if len(rows) == 1:
            raise CopyError(
                f"PostgreSQL cannot keep a row of {table.name}: {_named(table, rows[0])}"
            ) from None
        # The halves, in their order, so that what is noted stays true.
        middle = len(rows) // 2
        for half in (rows[:middle], rows[middle:]):
            _put(target, table, half, last=_key(table, half[-1]))


def _blames_a_row(error: DBAPIError) -> bool:
    """Whether values are wrong: SQLSTATE classes 22 and 23, or what the driver itself refuses."""
    state = getattr(error.orig, "sqlstate", None) or ""
    driver = getattr(error.orig, "__cause__", None)
    return state[:2] in {"22", "23"} or isinstance(driver, ValueError)


def _named(table: Table, row: Row) -> str:
    """Which row, for people; a key that is text may be somebody's, and is left out."""
    parts = zip(table.primary_key.columns, _key(table, row), strict=True)
    return ", ".join(f"{column.name} {value}" for column, value in parts if not isinstance(value, str))


def _fill(source: Connection, target: Connection, table: Table, column: Column[Any], chunk: int) -> None:
    """Set `column`, which points into its own table; doing it twice does no harm."""
    keys = list(table.primary_key.columns)
    statement = update(table).values({column: bindparam("value", type_=column.type)})
    for key in keys:
        statement = statement.where(key == bindparam(f"key_{key.name}", type_=key.type))
    for rows in _chunks(source, table, chunk, only=column.is_not(None)):
        values = [
            {"value": row[column.name], **{f"key_{key.name}": row[key.name] for key in keys}} for row in rows
        ]
        with target.begin():
            target.execute(statement, values)
