"""Pages of lists: what a caller asks for, and cursors, which are positions in an order, written down."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from sqlmodel import SQLModel

from app.errors import InvalidInputError, Problem, invalid
from app.repositories.keyset import Order, Position, Window
from app.services.texts import LONG, reject, text_problem
from app.tables.columns import UtcDateTime

Row = TypeVar("Row", bound=SQLModel)

USUAL_SIZE = 50
"""Rows of a page when nobody says how many."""
LARGEST_SIZE = 100

_LONGEST_CURSOR = 4 * LONG
_MOST_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Which page a caller wants; None: not given."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """Part of a list, in the list's order."""

    rows: Sequence[Row]
    cursors: Sequence[str]
    """Of each row."""
    has_next: bool
    has_previous: bool


def window_of(request: PageRequest, order: Order) -> Window:
    """The window that is asked for; InvalidInputError for sizes, cursors and directions that cannot be."""
    forward = (request.first, request.after) != (None, None)
    backward = (request.last, request.before) != (None, None)
    if forward and backward:
        message = "page forward with first and after, or backward with last and before, not both at once"
        raise invalid("last" if request.last is not None else "before", message=message)
    name, size = ("last", request.last) if backward else ("first", request.first)
    if size is not None and not 1 <= size <= LARGEST_SIZE:
        raise invalid(name, message=f"must be from 1 to {LARGEST_SIZE}")
    name, cursor = ("before", request.before) if backward else ("after", request.after)
    beyond = None if cursor is None else _read(cursor, order, name)
    return Window(count=USUAL_SIZE if size is None else size, backward=backward, beyond=beyond)


def page_of(found: Sequence[Row], order: Order, window: Window) -> Page[Row]:
    """The page, from what select_window() found: the nearest rows, and one more if there is one."""
    rows = list(found[: window.count])
    more, came_from = len(found) > window.count, window.beyond is not None
    if window.backward:
        rows.reverse()
    return Page(
        rows=rows,
        cursors=[cursor_of(order.position_of(row), order) for row in rows],
        has_next=came_from if window.backward else more,
        has_previous=more if window.backward else came_from,
    )


def cursor_of(position: Position, order: Order) -> str:
    """The position, written down. Opaque to callers; it holds the sort keys."""
    written = [order.name, *(_written(value) for value in position.values)]
    text = json.dumps(written, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str, order: Order, name: str) -> Position:
    """The position a cursor stands for; InvalidInputError unless it is one of this order, as we write it."""
    try:
        position = _position(cursor, order)
        genuine = cursor_of(position, order) == cursor
    # Whatever a stranger put into it: base64, UTF-8, JSON, dates and enums raise these.
    except (ValueError, TypeError, OverflowError, RecursionError, InvalidInputError):
        genuine = False
    if not genuine:
        raise invalid(name, message="is not a cursor of this list in this order")
    return position


def _position(cursor: str, order: Order) -> Position:
    if len(cursor) > _LONGEST_CURSOR:
        raise ValueError("too long")
    name, *written = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    if name != order.name or len(written) != len(order.columns):
        raise ValueError("of another list")
    return Position(
        tuple(
            _value(text, _kind(column), nullable=order.nullable and number == 0)
            for number, (text, column) in enumerate(zip(written, order.columns, strict=True))
        )
    )


def _kind(column: Any) -> type[Any]:
    # A type of our own does not say what its values are.
    is_instant = isinstance(column.type, UtcDateTime)
    return datetime if is_instant else cast("type[Any]", column.type.python_type)


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, UUID) else value


def _value(written: Any, kind: type[Any], *, nullable: bool) -> Any:
    if written is None and nullable:
        return None
    if kind is int:
        if not isinstance(written, int) or isinstance(written, bool) or abs(written) > _MOST_INTEGER:
            raise ValueError("no integer")
        return written
    if not isinstance(written, str):
        raise TypeError("no text")
    if kind is datetime:
        return datetime.fromisoformat(written).astimezone(UTC)
    if issubclass(kind, StrEnum | UUID):
        return kind(written)
    return _storable(written)


def _storable(written: str) -> str:
    problem: Problem | None = text_problem((), written, LONG)
    reject([problem] if problem else [])
    return written
