"""What any text from outside must be before it may be stored or looked up."""

from collections.abc import Iterator
from typing import Any

from app.errors import InvalidInputError, Problem

SHORT = 255
"""Characters of a name, an identifier, a city, ..."""
LONG = 2_048
"""Characters of an address of a page, a click id, a user agent."""
NOTE = 10_000
"""Characters of a note."""


def text_problem(path: tuple[str, ...], value: str, limit: int) -> Problem | None:
    """What keeps this text out: its length, or characters that no database keeps."""
    if len(value) > limit:
        return Problem(path, f"must be at most {limit} characters long")
    if "\x00" in value:
        return Problem(path, "must not contain the character U+0000")
    if not is_encodable(value):
        return Problem(path, "must not contain half of a surrogate pair")
    return None


def is_encodable(value: str) -> bool:
    """False for text with a lone surrogate, which UTF-8 has no bytes for."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def json_problem(path: tuple[str, ...], value: Any, limit: int) -> Problem | None:
    """What keeps any text inside this JSON value out."""
    for text in _texts(value):
        problem = text_problem(path, text, limit)
        if problem is not None:
            return problem
    return None


def _texts(value: Any) -> Iterator[str]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            pending += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            pending += item


def reject(problems: list[Problem]) -> None:
    """InvalidInputError with all problems, if there are any."""
    if problems:
        raise InvalidInputError(tuple(problems))
