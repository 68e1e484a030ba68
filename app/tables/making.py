"""Rows by the thousand: made without what SQLModel and SQLAlchemy do for one, a hundred times as fast."""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast

from pydantic_core import PydanticUndefined
from sqlmodel import SQLModel

RowT = TypeVar("RowT", bound=SQLModel)


class _Made:
    """The columns of a row as plain attributes."""


def make(kind: type[RowT], values: Mapping[str, Any]) -> RowT:
    """A row of table `kind` that no session can know; columns not among `values` have their defaults.

    It has the columns of `kind`, which is all that anybody asks a row for, and nothing else of the class: to
    be read and handed on like any other row, changed by put(), and stored by a statement.
    """
    row = _Made()
    row.__dict__ = {**_defaults(kind), **values}
    return cast("RowT", row)


def plain(row: RowT) -> RowT:
    """A copy of a stored row, to be kept and read often: SQLAlchemy has a look at each attribute read."""
    return make(type(row), {name: getattr(row, name) for name in type(row).model_fields})


def put(row: SQLModel, **values: Any) -> None:
    """Set columns of a row that belongs to no session."""
    row.__dict__.update(values)


def columns_of(row: SQLModel) -> dict[str, Any]:
    """The row's columns by name. For reading: of a row that was not made it holds more."""
    return row.__dict__


@cache
def _defaults(kind: type[SQLModel]) -> dict[str, Any]:
    fields = kind.model_fields.items()
    return {name: field.default for name, field in fields if field.default is not PydanticUndefined}
