"""Rows made by the thousand are what SQLModel makes of the same values."""

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import JSON, Boolean, DateTime, Enum, Integer, Uuid
from sqlalchemy.orm.exc import UnmappedInstanceError
from sqlmodel import Session, SQLModel

from app.tables.jobs import DeliveryRow, JobRow
from app.tables.leads import LeadRow
from app.tables.making import columns_of, make, put
from app.tables.registry import metadata
from app.values import DeliveryState

TABLES = sorted(
    (mapper.class_ for mapper in LeadRow._sa_registry.mappers),
    key=lambda kind: str(kind.__name__),
)
every_table = pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.__name__)
INSTANT = datetime(2026, 11, 23, 9, 30, 0, 5, tzinfo=UTC)


def table(kind: type[SQLModel]) -> Any:
    return metadata.tables[str(kind.__tablename__)]


def some_values(kind: type[SQLModel]) -> dict[str, Any]:
    """One of the right type for each column."""
    return {column.name: _some_value(column.type) for column in table(kind).c}


def needed(kind: type[SQLModel]) -> dict[str, Any]:
    """Of these, those that have no default."""
    return {name: value for name, value in some_values(kind).items() if kind.model_fields[name].is_required()}


def _some_value(kind: Any) -> Any:
    plain = kind.impl_instance if hasattr(kind, "impl_instance") else kind
    if isinstance(plain, Enum):
        return next(iter(plain.enum_class))  # type: ignore[arg-type]
    values: dict[Any, Any] = {
        Uuid: UUID(int=5),
        DateTime: INSTANT,
        JSON: {"a": [1]},
        Boolean: True,
        Integer: 5,
    }
    return next((value for one, value in values.items() if isinstance(plain, one)), "ä")


def shown(kind: type[SQLModel], row: SQLModel) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in table(kind).c}


def test_every_table_is_tried() -> None:
    assert {str(kind.__tablename__) for kind in TABLES} == set(metadata.tables)


@every_table
def test_what_is_left_out_has_its_default(kind: type[SQLModel]) -> None:
    assert shown(kind, make(kind, needed(kind))) == shown(kind, kind(**needed(kind)))


@every_table
def test_a_row_has_what_it_is_given(kind: type[SQLModel]) -> None:
    values = some_values(kind)

    made = make(kind, values)

    assert shown(kind, made) == shown(kind, kind(**values)) == values


@every_table
def test_what_is_put_or_set_later_is_there(kind: type[SQLModel]) -> None:
    values = some_values(kind)
    put_into, set_on = make(kind, needed(kind)), make(kind, needed(kind))

    put(put_into, **values)
    for name, value in values.items():
        setattr(set_on, name, value)

    assert shown(kind, put_into) == shown(kind, set_on) == values
    assert all(columns_of(put_into)[name] == value for name, value in values.items())


@every_table
def test_rows_share_nothing(kind: type[SQLModel]) -> None:
    first = make(kind, needed(kind))
    put(first, **some_values(kind))

    assert shown(kind, make(kind, needed(kind))) == shown(kind, kind(**needed(kind)))


def test_no_session_takes_it() -> None:
    with Session() as session, pytest.raises(UnmappedInstanceError):
        session.add(make(JobRow, {}))


def test_the_values_are_copied() -> None:
    values = {"state": DeliveryState.SCHEDULED}
    made = make(DeliveryRow, values)

    values["state"] = DeliveryState.HELD

    assert made.state is DeliveryState.SCHEDULED


def test_the_first_row_of_a_process_can_be_read_and_changed() -> None:
    """Nothing may depend on SQLAlchemy having been asked for something before."""
    code = (
        "from app.tables.leads import LeadRow\n"
        "from app.tables.making import make\n"
        "row = make(LeadRow, {'email': 'ada@example.com'})\n"
        "row.city = row.email\n"
        "print(row.city, row.note)"
    )

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout == "ada@example.com None\n"
