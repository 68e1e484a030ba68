"""Reading a status change from the flat JSON object of a plain request."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from graphql import GraphQLError

from app.errors import Problem
from app.services.identifying import LeadIdentifier
from app.services.status_change import StatusChange
from app.services.texts import reject
from app.values import ConflictPolicy
from schema.scalars import parse_cents, parse_date_time

T = TypeVar("T")

_MOST_NAMED: Final = 20
"""Fields nobody knows."""
_LONGEST_NAME: Final = 100


class _UnreadableError(ValueError):
    """The text says what the value must be."""


def read_change(given: Mapping[str, Any], *, idempotency_key: str | None) -> StatusChange:
    """The change that is asked for; InvalidInputError, with paths from the top of the object.

    null counts as left out. A field nobody knows is refused: behind it may be a price with a typing error in
    its name, and the conversion would go out without one.
    """
    problems = [
        Problem((name[:_LONGEST_NAME],), f"is not known here; known are {', '.join(_READERS)}")
        for name in [name for name in given if name not in _READERS][:_MOST_NAMED]
    ]
    values: dict[str, Any] = {}
    for name, read in _READERS.items():
        value = given.get(name)
        try:
            values[name] = None if value is None else read(value)
        except _UnreadableError as error:
            problems.append(Problem((name,), str(error)))
    if given.get("conversionId") is None:
        problems.append(Problem(("conversionId",), "must be a conversion label's id, `open` or `lost`"))
    reject(problems)
    return StatusChange(
        lead=LeadIdentifier(
            lead_id=values["leadId"],
            unique_identifier=values["uniqueIdentifier"],
            email=values["email"],
            phone=values["phone"],
        ),
        conversion_id=values["conversionId"],
        price_cents=values["price"],
        occurred_at=values["occurredAt"],
        idempotency_key=idempotency_key,
        on_conflict=values["onConflict"] or ConflictPolicy.REJECT,
    )


def _id(value: Any) -> str:
    """An id here is a number that JSON can carry as one, or as text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise _UnreadableError("must be a whole number, or one written as text")
    return str(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _UnreadableError("must be text")
    return value


def _cents(value: Any) -> int:
    return _scalar(parse_cents, value)


def _instant(value: Any) -> datetime:
    return _scalar(parse_date_time, value)


def _scalar(parse: Callable[[Any], T], value: Any) -> T:
    """As in GraphQL, whose words these are."""
    try:
        return parse(value)
    except GraphQLError as error:
        raise _UnreadableError(error.message) from error


def _policy(value: Any) -> ConflictPolicy:
    names = [policy.value for policy in ConflictPolicy]
    if value not in names:
        raise _UnreadableError(f"must be one of {', '.join(names)}")
    return ConflictPolicy(value)


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "leadId": _id,
    "uniqueIdentifier": _text,
    "email": _text,
    "phone": _text,
    "conversionId": _text,
    "price": _cents,
    "occurredAt": _instant,
    "onConflict": _policy,
}
