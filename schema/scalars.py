"""The public scalars: how they are written, and what is refused."""

import re
from datetime import UTC, date, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError

from app.services.limits import MAX_CENTS

Cents = NewType("Cents", int)
"""Money in minor units of its currency."""

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


def _bad_input(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})


def parse_date_time(value: Any) -> datetime:
    """An aware UTC instant; GraphQLError for anything but RFC 3339 with an offset."""
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise _bad_input("DateTime must be RFC 3339 with an offset, e.g. 2026-11-23T09:30:00+01:00")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _bad_input("DateTime is not an instant that exists") from error


def serialize_date_time(value: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_cents(value: Any) -> Cents:
    """A whole number of minor units; GraphQLError for a fraction, a negative, a text or what is too large."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    whole = whole or (isinstance(value, float) and value.is_integer())
    if not whole or not 0 <= value <= MAX_CENTS:
        raise _bad_input(f"Cents must be a whole number from 0 to {MAX_CENTS}")
    return Cents(int(value))


DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="An RFC 3339 instant; an offset is required. Written in UTC with milliseconds.",
    specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
    serialize=serialize_date_time,
    parse_value=parse_date_time,
)
DATE = strawberry.scalar(
    name="Date",
    description="A calendar day, written as in ISO 8601: 2027-01-31.",
    serialize=date.isoformat,
    parse_value=date.fromisoformat,
)
CENTS = strawberry.scalar(
    name="Cents",
    description=(
        "Money in minor units of its currency (cents; ISO 4217 exponent, JPY has none):"
        " a whole number from 0 to 9007199254740991."
    ),
    serialize=int,
    parse_value=parse_cents,
)
JSON_SCALAR = strawberry.scalar(
    name="JSON",
    description="Any JSON value.",
    serialize=lambda value: value,
    parse_value=lambda value: value,
)
