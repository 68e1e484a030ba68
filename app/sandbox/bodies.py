"""Reading request bodies strictly, and masking the secrets in what is kept of them."""

import json
from collections.abc import Iterable
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlencode

MASK = "***"
MAX_DEPTH = 100
"""Of nested arrays and objects; the same limit protocol buffers have."""
SECRETS = frozenset({"access_token", "api_secret", "client_secret", "refresh_token"})
"""Names of fields and query parameters whose values are not kept."""


class InvalidJsonError(ValueError):
    """The body is not JSON as RFC 8259 has it."""


def parse_json(body: bytes) -> Any:
    """The value of a JSON body.

    Raises:
        InvalidJsonError: not UTF-8, not JSON, NaN or infinite numbers, or nested too deep.
    """
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise InvalidJsonError(str(error)) from error
    if _is_too_deep(value):
        msg = f"nested deeper than {MAX_DEPTH} levels"
        raise InvalidJsonError(msg)
    return value


def parse_form(body: bytes) -> dict[str, str]:
    """The fields of a form-encoded body, the last of a name; what cannot be decoded becomes U+FFFD."""
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def is_form(content_type: str) -> bool:
    """Whether a Content-Type says that the body is form-encoded."""
    return content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded"


def masked(value: Any) -> Any:
    """A copy of a parsed body with every secret replaced, at any depth."""
    if isinstance(value, dict):
        return {name: MASK if name in SECRETS else masked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def masked_query(pairs: Iterable[tuple[str, str]]) -> str:
    """A query string with every secret replaced, without the question mark."""
    return urlencode([(name, MASK if name in SECRETS else item) for name, item in pairs], safe="*")


def _is_too_deep(value: Any) -> bool:
    # Level by level and not by recursion: depth is what must not hurt here.
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for item in level for child in _children(item)]
        if not level:
            return False
    return True


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _refuse_constant(name: str) -> NoReturn:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


def _finite(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        msg = "a number is too large"
        raise ValueError(msg)
    return number
