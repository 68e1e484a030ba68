"""What callers send, as JSON: read strictly, whichever way it came."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isinf
from typing import Any, Final, NoReturn
from urllib.parse import parse_qsl

NO_DOCUMENT: Final = "The request must have a `query`, or a `documentId`"


class BadPayloadError(ValueError):
    """It cannot be read. The text is for the caller, and quotes nothing of what was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRequest:
    """An operation as it was asked for."""

    query: str | None
    variables: dict[str, Any] | None
    operation_name: str | None
    document_id: str | None = None
    """Of a document that the server knows: its SHA-256, after `sha256:` or bare, or the id in a manifest."""


def read_object(body: str | bytes, called: str = "The body") -> dict[str, Any]:
    """The JSON object that `body` is; BadPayloadError, which names it as it is `called`."""
    try:
        text = body if isinstance(body, str) else body.decode()
        value = _DECODER.decode(text)
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
        document_id=_document_id(values),
    )


def read_address(query: bytes) -> OperationRequest:
    """The operation in an address, from what is behind its question mark; BadPayloadError."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=10)
    except ValueError as error:
        raise BadPayloadError("The address must be percent-encoded UTF-8") from error
    values: dict[str, Any] = dict(pairs)
    if len(values) != len(pairs):
        raise BadPayloadError("The address must name nothing twice")
    for name in ("variables", "extensions"):
        text = values.pop(name, "")
        if text:
            values[name] = read_object(text, f"`{name}`")
    return read_operation(values)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    if isinf(value):
        raise ValueError("1e400 is JSON, but no number that could be kept")
    return value


# json.loads() would make one for every body.
_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


def _part(values: Mapping[str, Any], name: str, kind: type) -> Any:
    value = values.get(name)
    if value is not None and not isinstance(value, kind):
        raise BadPayloadError(f"`{name}` must be {'a string' if kind is str else 'an object'}")
    return value


def _document_id(values: Mapping[str, Any]) -> str | None:
    """As GraphQL over HTTP names it, or as Apollo's clients do; None: the document comes in full."""
    given: str | None = _part(values, "documentId", str)
    extensions = _part(values, "extensions", dict)
    persisted = extensions.get("persistedQuery") if extensions else None
    if given is not None or persisted is None:
        return given
    sha256 = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    if not isinstance(sha256, str):
        raise BadPayloadError("`extensions.persistedQuery` must have a `sha256Hash` that is a string")
    return sha256
