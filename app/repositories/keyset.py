"""SQL of pages: rows in an order, beyond a position in it, which inserts do not shift as they do offsets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, func, literal, select, tuple_, union_all
from sqlalchemy.sql.base import ExecutableOption
from sqlmodel import Session, SQLModel

from app.tables.registry import metadata

Row = TypeVar("Row", bound=SQLModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a list is sorted by. Nulls come last in either direction, on both databases."""

    name: str
    """Of the list and its order: a position in one means nothing in another."""
    columns: tuple[Any, ...]
    """The sort keys and then the id, which makes the order total; all go the same way."""
    descending: bool = False
    nullable: bool = False
    """The first column may be null; no other may."""
    without_index: bool = False
    """Sort what the conditions find. An index in this order would be walked until enough of it is met."""

    def __post_init__(self) -> None:
        """Refuse an order whose null rows could not be told apart."""
        assert len(self.columns) > self.nullable

    def sorting_what_is_found(self) -> "Order":
        """The same order, for conditions that few rows meet."""
        return replace(self, without_index=True)

    def position_of(self, row: SQLModel) -> "Position":
        """Where the row is."""
        return Position(tuple(getattr(row, column.key) for column in self.columns))


@dataclass(frozen=True, slots=True)
class Position:
    """A place in an order: the columns' values there. No row needs to have it any more."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which part of a list is wanted."""

    count: int
    backward: bool = False
    beyond: Position | None = None
    """Only what comes after it or, backward, before it; None: from the start, or the end."""


def select_window(
    session: Session,
    table: type[Row],
    conditions: Sequence[ColumnElement[bool]],
    order: Order,
    window: Window,
    *,
    apart: Sequence[ColumnElement[bool]] = (),
    options: Sequence[ExecutableOption] = (),
) -> list[Row]:
    """Up to one row more than the window has, the nearest first: backward, that is the list's order reversed.

    `apart`: conditions of which a row meets one, each of which has an index in this order; with several of
    them in one statement a database would sort all that is found.
    """
    rows: list[Row] = []
    for section in _sections(order, window):
        left = window.count + 1 - len(rows)
        if left:
            here = [[*conditions, *section, one] for one in apart] or [[*conditions, *section]]
            statement = _statement(table, here, sorted_by(order, backward=window.backward), left)
            rows += session.execute(statement.options(*options)).scalars().all()
    return rows


def _statement(
    table: type[Row], alternatives: Sequence[Sequence[ColumnElement[bool]]], by: Sequence[Any], limit: int
) -> Any:
    found = select(table).order_by(*by).limit(limit)
    if len(alternatives) == 1:
        return found.where(*alternatives[0])
    row_id = metadata.tables[str(table.__tablename__)].c.id
    parts = [select(row_id).where(*one).order_by(*by).limit(limit).subquery() for one in alternatives]
    return found.where(row_id.in_(union_all(*(select(part) for part in parts))))


def sorted_by(order: Order, *, backward: bool = False) -> list[Any]:
    """For ORDER BY, within a section."""
    down = order.descending != backward
    return [column.desc() if down else column.asc() for column in _compared(order)]


def _sections(order: Order, window: Window) -> Iterator[tuple[ColumnElement[bool], ...]]:
    """Conditions of the parts of the list, in the order they are gone through.

    Rows with and without a first value are looked for one after the other: NULLS LAST, and a comparison with
    OR IS NULL, would keep both databases from reading an index in its order.
    """
    if not order.nullable:
        yield _past(order, window, nulls=False)
        return
    first, beyond = _compared(order)[0], window.beyond
    for nulls in (True, False) if window.backward else (False, True):
        is_there = first.is_(None) if nulls else first.is_not(None)
        if beyond is None or (beyond.values[0] is None) == nulls:
            yield (is_there, *_past(order, window, nulls=nulls))
            beyond = None


def _past(order: Order, window: Window, *, nulls: bool) -> tuple[ColumnElement[bool], ...]:
    """Beyond the window's position, if that lies in the section; the section after it is wanted whole."""
    beyond = window.beyond
    if beyond is None or (order.nullable and (beyond.values[0] is None) != nulls):
        return ()
    columns, values = _compared(order)[nulls:], beyond.values[nulls:]
    # As a row of values: so compared, both databases seek the position in an index.
    here = tuple_(*columns)
    there = tuple_(*(literal(value, column.type) for value, column in zip(values, columns, strict=True)))
    down = order.descending != window.backward
    return (here < there if down else here > there,)


def _compared(order: Order) -> list[Any]:
    if not order.without_index:
        return list(order.columns)
    first, *rest = order.columns
    # No index is in the order of an expression that only looks like the column.
    return [func.coalesce(first, first, type_=first.type), *rest]
