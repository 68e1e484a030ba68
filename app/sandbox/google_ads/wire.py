"""How a message of the API looks as JSON, and what the front end says when a request does not look like it.

Written from the protocol buffers JSON mapping and the vendor's reference (read 2026-11-23). Stricter than
the real one in two places: names only in lowerCamelCase, as the documentation writes them, and numbers only
as JSON numbers.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.sandbox.formats import is_number

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,19}", re.ASCII)
_WORD_START = re.compile(r"(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A place where the JSON is not what the message wants."""

    path: str
    """In snake_case, as Google writes paths."""
    description: str


@dataclass(frozen=True, slots=True)
class Scalar:
    """A plain value."""

    kind: str
    """As Google's messages call it: TYPE_STRING, TYPE_DOUBLE, ..."""


@dataclass(frozen=True, slots=True)
class Enum:
    """One of a set of names; their numbers are accepted as well, as the vendor's own client sends them."""

    name: str
    values: tuple[str, ...]
    """In the order of their numbers, from 0."""


@dataclass(frozen=True, slots=True)
class Message:
    """An object."""

    name: str
    fields: "Mapping[str, Field]"
    one_of: tuple[str, ...] = ()
    """Fields of which at most one may be set."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """A list."""

    item: "Scalar | Enum | Message"


Field = Scalar | Enum | Message | Repeated

STRING = Scalar("TYPE_STRING")
DOUBLE = Scalar("TYPE_DOUBLE")
INT32 = Scalar("TYPE_INT32")
INT64 = Scalar("TYPE_INT64")
BOOL = Scalar("TYPE_BOOL")
TIMESTAMP = Scalar("type.googleapis.com/google.protobuf.Timestamp")


def mismatches(value: Any, wanted: Field, path: str = "") -> Iterator[Mismatch]:
    """Everything in a parsed JSON value that the message does not allow. null is an unset field."""
    if isinstance(wanted, Repeated):
        yield from _list_mismatches(value, wanted, path)
    elif isinstance(wanted, Message):
        yield from _object_mismatches(value, wanted, path)
    elif not _fits(value, wanted):
        kind = wanted.kind if isinstance(wanted, Scalar) else f"type.googleapis.com/{wanted.name}"
        yield Mismatch(path, f"Invalid value at '{path}' ({kind}), {_quoted(value)}")


def instant(text: str) -> datetime:
    """The instant of a timestamp that fits; aware."""
    return datetime.fromisoformat(text)


def _list_mismatches(value: Any, wanted: Repeated, path: str) -> Iterator[Mismatch]:
    if not isinstance(value, list):
        yield Mismatch(path, f"Invalid value at '{path}' (list), {_quoted(value)}")
        return
    for index, item in enumerate(value):
        yield from mismatches(item, wanted.item, f"{path}[{index}]")


def _object_mismatches(value: Any, wanted: Message, path: str) -> Iterator[Mismatch]:
    if not isinstance(value, dict):
        yield Mismatch(
            path, f"Invalid value at '{path}' (type.googleapis.com/{wanted.name}), {_quoted(value)}"
        )
        return
    place = f" at '{path}'" if path else ""
    for name, item in value.items():
        field = wanted.fields.get(name)
        if field is None:
            yield Mismatch(
                path, f'Invalid JSON payload received. Unknown name "{name}"{place}: Cannot find field.'
            )
        elif item is not None:
            yield from mismatches(item, field, f"{path}.{_snake(name)}" if path else _snake(name))
    chosen = [name for name in wanted.one_of if value.get(name) is not None]
    if len(chosen) > 1:
        yield Mismatch(
            path, f"Invalid value{place} (oneof), '{chosen[0]}' is already set, cannot set '{chosen[1]}'"
        )


def _fits(value: Any, wanted: Scalar | Enum) -> bool:
    if isinstance(wanted, Enum):
        return value in wanted.values or (_is_integer(value) and 0 <= value < len(wanted.values))
    if wanted is BOOL:
        return isinstance(value, bool)
    if wanted is DOUBLE:
        return is_number(value)
    if wanted in {INT32, INT64}:
        return _is_integer(value) or (isinstance(value, str) and _INTEGER.fullmatch(value) is not None)
    return isinstance(value, str) and (wanted is STRING or _is_timestamp(value))


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_timestamp(text: str) -> bool:
    if _TIMESTAMP.fullmatch(text) is None:
        return False
    try:
        instant(text)
    except ValueError:
        return False
    return True


def _snake(name: str) -> str:
    return _WORD_START.sub("_", name).lower()


def _quoted(value: Any) -> str:
    text = value if isinstance(value, str) else type(value).__name__
    return f'"{text[:80]}"'
