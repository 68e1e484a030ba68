"""Answers that GraphQL has no part in: one error in JSON, whatever went wrong."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from schema.masking import OVERLOADED, OVERLOADED_MESSAGE
from schema.media import JSON

BUG_MESSAGE = "Something went wrong on our side"
TOO_MANY_STREAMS = "Too many connections are open with this API key"

_RETRY_AFTER_S = 1
_CODES = {
    401: "UNAUTHENTICATED",
    403: "FORBIDDEN",
    408: "REQUEST_TIMEOUT",
    413: "PAYLOAD_TOO_LARGE",
    429: "RATE_LIMITED",
    500: "INTERNAL_SERVER_ERROR",
    503: OVERLOADED,
}


def error_response(
    status: int,
    message: str,
    media: str = JSON,
    *,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
    **extensions: str,
) -> Response:
    """An answer that is one error and nothing else. `code`: None: the one that goes with the status."""
    return JSONResponse(
        error_payload(message, code or _CODES.get(status, "BAD_USER_INPUT"), **extensions),
        status_code=status,
        headers={"content-type": f"{media}; charset=utf-8", "cache-control": "no-store", **(headers or {})},
    )


def error_payload(message: str, code: str, **extensions: str | int) -> dict[str, Any]:
    """A result that is one error and nothing else."""
    return {"errors": [{"message": message, "extensions": {"code": code, **extensions}}]}


def bug_payload(request_id: str) -> dict[str, Any]:
    """The result when it is our fault: nothing but the id under which the log tells more."""
    return error_payload(BUG_MESSAGE, "INTERNAL_SERVER_ERROR", requestId=request_id)


def bug_response(request_id: str, media: str = JSON) -> Response:
    """The answer when it is our fault."""
    return error_response(500, BUG_MESSAGE, media, requestId=request_id)


def overloaded_response(media: str = JSON) -> Response:
    """The answer when there is too much to do; nothing of the request was carried out."""
    return error_response(503, OVERLOADED_MESSAGE, media, headers={"Retry-After": str(_RETRY_AFTER_S)})
