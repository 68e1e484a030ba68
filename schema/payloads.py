"""What callers send, as JSON: read strictly, whichever way it came."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isinf
from typing import Any, NoReturn


class BadPayloadError(ValueError):
    """It cannot be read. The text is for the caller, and quotes nothing of what was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRequest:
    """An operation as it was asked for."""

    query: str | None
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None


def read_object(body: str | bytes, called: str = "The body") -> dict[str, Any]:
    """The JSON object that `body` is; BadPayloadError, which names it as it is `called`."""
    try:
        text = body if isinstance(body, str) else body.decode()
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
        if "\\ud" in text.lower():
            # An escape may have made half a surrogate pair, which has no bytes in UTF-8.
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BadPayloadError(f"{called} must be JSON in UTF-8, with numbers that can be kept") from error
    if not isinstance(value, dict):
        raise BadPayloadError(f"{called} must be a JSON object")
    return value


def read_operation(values: Mapping[str, Any]) -> OperationRequest:
    """The operation's parts, each of its type; BadPayloadError."""
    return OperationRequest(
        query=_part(values, "query", str),
        variables=_part(values, "variables", dict),
        operation_name=_part(values, "operationName", str),
        extensions=_part(values, "extensions", dict),
    )


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    if isinf(value):
        raise ValueError("1e400 is JSON, but no number that could be kept")
    return value


def _part(values: Mapping[str, Any], name: str, kind: type) -> Any:
    value = values.get(name)
    if value is not None and not isinstance(value, kind):
        raise BadPayloadError(f"`{name}` must be {'a string' if kind is str else 'an object'}")
    return value
