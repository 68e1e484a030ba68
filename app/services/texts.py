"""What any text from outside must be before it may be stored or looked up."""

from math import isfinite
from typing import Any

from app.errors import InvalidInputError, Problem

SHORT = 255
"""Characters of a name, an identifier, a city, ..."""
LONG = 2_048
"""Characters of an address of a page, a click id, a user agent."""
NOTE = 10_000
"""Characters of a note."""
MAX_JSON_DEPTH = 64
"""Lists and objects inside one another: more than forms have, less than what makes a JSON library fail."""


def text_problem(path: tuple[str, ...], value: str, limit: int) -> Problem | None:
    """What keeps this text out: its length, or characters that no database keeps."""
    if len(value) > limit:
        return Problem(path, f"must be at most {limit} characters long")
    if "\x00" in value:
        return Problem(path, "must not contain the character U+0000")
    if not is_encodable(value):
        return Problem(path, "must not contain half of a surrogate pair")
    return None


def name_problem(name: str, path: tuple[str, ...] = ("name",)) -> Problem | None:
    """What keeps this text from being a name that people read."""
    if not name.strip():
        return Problem(path, "must not be blank")
    return text_problem(path, name, SHORT)


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
    """What keeps this JSON value out: its depth, a text inside it, or a number that JSON cannot write."""
    pending = [(value, 0)]
    while pending:
        item, depth = pending.pop()
        if depth == MAX_JSON_DEPTH and isinstance(item, dict | list):
            return Problem(path, f"must not be nested more than {MAX_JSON_DEPTH} levels deep")
        problem = _leaf_problem(path, item, limit)
        if problem is not None:
            return problem
        pending += [(inner, depth + 1) for inner in _inside(item)]
    return None


def _leaf_problem(path: tuple[str, ...], item: Any, limit: int) -> Problem | None:
    if isinstance(item, str):
        return text_problem(path, item, limit)
    if isinstance(item, float) and not isfinite(item):
        return Problem(path, "must not contain a number that is too large to be kept")
    return None


def _inside(item: Any) -> list[Any]:
    if isinstance(item, dict):
        return [*item.keys(), *item.values()]
    return item if isinstance(item, list) else []


def reject(problems: list[Problem]) -> None:
    """InvalidInputError with all problems, if there are any."""
    if problems:
        raise InvalidInputError(tuple(problems))
