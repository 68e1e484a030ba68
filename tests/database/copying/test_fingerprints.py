"""A table's fingerprint: the same on both databases, and another one for whatever is not the same."""

import random
import struct
from datetime import UTC, datetime, timedelta, timezone
from math import isfinite
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Column, Connection, Integer, LargeBinary, MetaData, Table, Text, Uuid, insert

from app.database.copying.fingerprints import Fingerprint, fingerprint
from app.database.migrating import run_step
from app.tables.columns import JSON_TYPE, UtcDateTime

SAMPLE = Table(
    "sample",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("word", Text),
    Column("document", JSON_TYPE),
    Column("at", UtcDateTime),
    Column("owner", Uuid),
)
NOON = datetime(2026, 11, 23, 12, 0, 0, 1, tzinfo=UTC)
ROW = {"id": 1, "word": "a", "document": {"a": 1, "b": [True]}, "at": NOON, "owner": UUID(int=7)}


def fingerprint_at(url: str, *rows: dict[str, Any]) -> Fingerprint:
    """Of SAMPLE with these rows."""
    found: list[Fingerprint] = []

    def step(connection: Connection) -> None:
        SAMPLE.drop(connection, checkfirst=True)
        SAMPLE.create(connection)
        if rows:
            connection.execute(insert(SAMPLE), rows)
        found.append(fingerprint(connection, SAMPLE))

    run_step(url, step)
    return found[0]


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'sample.sqlite3'}"


def test_both_databases_come_to_the_same(sqlite: str, empty_postgres_url: str) -> None:
    rows = [ROW, ROW | {"id": 2, "word": None, "document": None, "at": None, "owner": None}]

    assert fingerprint_at(sqlite, *rows) == fingerprint_at(empty_postgres_url, *rows)


def test_every_number_json_can_write_comes_to_the_same(sqlite: str, empty_postgres_url: str) -> None:
    chance = random.Random(4711)
    floats = (struct.unpack("d", chance.randbytes(8))[0] for _ in range(3_000))
    numbers = [
        0.0,
        -0.0,
        1.0,
        1e15,
        1e16,
        1e22,
        1.7976931348623157e308,
        5e-324,
        0.1,
        2**63,
        -(2**70),
        10**200,
    ]
    numbers += [value for value in floats if isfinite(value)]
    rows = [{"id": place, "document": {"n": [number]}} for place, number in enumerate(numbers)]
    rows = [ROW | row for row in rows]

    assert fingerprint_at(sqlite, *rows) == fingerprint_at(empty_postgres_url, *rows)


def test_the_order_of_rows_and_of_json_keys_does_not_count(sqlite: str) -> None:
    turned = ROW | {"document": {"b": [True], "a": 1.0}}
    other = ROW | {"id": 2, "word": "b"}

    assert fingerprint_at(sqlite, ROW, other) == fingerprint_at(sqlite, other, turned)


def test_the_same_instant_in_another_zone_is_the_same(sqlite: str) -> None:
    elsewhere = ROW | {"at": NOON.astimezone(timezone(timedelta(hours=-11)))}

    assert fingerprint_at(sqlite, ROW) == fingerprint_at(sqlite, elsewhere)


@pytest.mark.parametrize(
    "change",
    [
        {"id": 2},
        {"word": "A"},
        {"word": ""},
        {"word": None},
        {"document": {"a": 2, "b": [True]}},
        {"document": {"a": "1", "b": [True]}},
        {"document": {"a": 1, "b": [1]}},
        {"document": {"a": 1, "b": []}},
        {"document": {}},
        {"document": None},
        {"at": NOON + timedelta(microseconds=1)},
        {"at": None},
        {"owner": UUID(int=8)},
    ],
    ids=str,
)
def test_whatever_is_not_the_same_comes_to_something_else(sqlite: str, change: dict[str, Any]) -> None:
    assert fingerprint_at(sqlite, ROW) != fingerprint_at(sqlite, ROW | change)


def test_a_row_more_comes_to_something_else(sqlite: str) -> None:
    assert fingerprint_at(sqlite) == Fingerprint(0, "0" * 64)
    assert fingerprint_at(sqlite, ROW).rows == 1
    assert fingerprint_at(sqlite, ROW).checksum != "0" * 64


def test_a_type_that_nobody_has_thought_of_is_not_passed_over(sqlite: str) -> None:
    table = Table(
        "unthought", MetaData(), Column("id", Integer, primary_key=True), Column("raw", LargeBinary)
    )

    def step(connection: Connection) -> None:
        table.create(connection)
        connection.execute(insert(table), {"raw": b"x"})
        fingerprint(connection, table)

    with pytest.raises(TypeError, match="holds a bytes"):
        run_step(sqlite, step)
