"""What a table holds, in a number that comes out the same on both databases, in whatever order rows come."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import JSON, Connection, Table, select

_ROWS_AT_ONCE = 1_000
_MODULUS = 2**256


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """How many rows a table has, and what they come to."""

    rows: int
    checksum: str
    """The sum of the rows' SHA-256, hex: a sum, so that the order does not count and a double row does."""


def fingerprint(connection: Connection, table: Table) -> Fingerprint:
    """Read every row of `table`, a thousand at a time, and sum it up."""
    rows, total = 0, 0
    json_places = [place for place, column in enumerate(table.columns) if isinstance(column.type, JSON)]
    found = connection.execute(select(table), execution_options={"yield_per": _ROWS_AT_ONCE})
    for row in found:
        rows += 1
        total += int.from_bytes(sha256(_canonical(row, json_places)).digest())
    return Fingerprint(rows, f"{total % _MODULUS:064x}")


def _canonical(row: Any, json_places: list[int]) -> bytes:
    values = list(row)
    for place in json_places:
        values[place] = _with_plain_numbers(values[place])
    # Sorted: PostgreSQL keeps the keys of a JSON object in an order of its own.
    return json.dumps(values, sort_keys=True, separators=(",", ":"), default=_as_text).encode("ascii")


def _as_text(value: object) -> str:
    """What JSON has no form for."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return _refuse(value)


def _refuse(value: object) -> NoReturn:
    raise TypeError(f"a column holds a {type(value).__name__}, which has no canonical form yet")


def _with_plain_numbers(value: Any) -> Any:
    """`value` with whole numbers as whole numbers: PostgreSQL writes 1e+16 without exponent, and no -0.0."""
    if isinstance(value, float):
        number = Decimal(repr(value))
        return int(number) if number.is_finite() and number == number.to_integral_value() else value
    if isinstance(value, dict):
        return {key: _with_plain_numbers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_plain_numbers(inner) for inner in value]
    return value
