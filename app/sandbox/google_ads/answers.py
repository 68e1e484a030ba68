"""What the Data Manager API answers, in Google's error model.

Shapes from "Understand API errors"
(developers.google.com/data-manager/api/devguides/concepts/understand-errors, read 2026-11-23): with a
refused field, ErrorInfo says INVALID_ARGUMENT and the telling reason stands in BadRequest.fieldViolations.
The vendor does not publish which reasons come with which HTTP status; those about a field are answered as
such an error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from app.sandbox.calls import Answer, json_answer
from app.sandbox.google_ads.wire import Mismatch

DOMAIN = "datamanager.googleapis.com"
FRONT_DOMAIN = "googleapis.com"
"""Of errors that come from Google's front end; their reasons are those of google.api.ErrorReason."""

HTTP_STATUS: Mapping[str, int] = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "UNKNOWN": 500,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_TYPE = "type.googleapis.com/google.rpc."


@dataclass(frozen=True, slots=True)
class Violation:
    """One field with a bad value."""

    field: str
    """In snake_case with indexes: events.events[0].currency."""
    reason: str
    """A name of the ErrorReason enum."""
    description: str

    def __str__(self) -> str:
        """The violation for a person."""
        return f"{self.field}: {self.reason}: {self.description}"


def error(
    status: str,
    message: str,
    *,
    reason: str | None = None,
    domain: str = DOMAIN,
    violations: Sequence[Violation] = (),
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """An error of the API.

    Args:
        status: the canonical code, which also decides the HTTP status.
        message: for developers.
        reason: of ErrorInfo; None: the canonical code.
        domain: of ErrorInfo.
        violations: the fields concerned.
        headers: further ones.
    """
    request_id = f"t-{uuid4()}"
    details: list[dict[str, Any]] = [
        {
            "@type": f"{_TYPE}ErrorInfo",
            "reason": reason or status,
            "domain": domain,
            "metadata": {"requestId": request_id},
        },
        {"@type": f"{_TYPE}RequestInfo", "requestId": request_id},
    ]
    if violations:
        fields = [{"field": v.field, "description": v.description, "reason": v.reason} for v in violations]
        details.append({"@type": f"{_TYPE}BadRequest", "fieldViolations": fields})
    return _status(status, message, details, headers)


def refused_fields(violations: Sequence[Violation]) -> Answer:
    """Fields with bad values: the whole request fails, nothing of it is processed."""
    return error("INVALID_ARGUMENT", "There was a problem with the request.", violations=violations)


def refused_payload(found: Sequence[Mismatch]) -> Answer:
    """JSON that is not the message: the front end's error, without ErrorInfo."""
    message = "\n".join(item.description for item in found)
    fields = [{"field": item.path, "description": item.description} for item in found]
    return _status(
        "INVALID_ARGUMENT", message, [{"@type": f"{_TYPE}BadRequest", "fieldViolations": fields}], None
    )


def unauthenticated(reason: str) -> Answer:
    """No access token, or one that is not in force."""
    return error(
        "UNAUTHENTICATED",
        "The request has no valid OAuth 2 access token.",
        reason=reason,
        domain=FRONT_DOMAIN,
        headers={"www-authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'},
    )


def accepted(request_id: str) -> Answer:
    """Taken; the verdict comes later."""
    return json_answer(200, {"requestId": request_id})


def oauth_error(http_status: int, code: str, description: str) -> Answer:
    """An error of the token endpoint, as RFC 6749 section 5.2 has it."""
    return json_answer(http_status, {"error": code, "error_description": description})


def _status(
    status: str, message: str, details: list[dict[str, Any]], headers: Mapping[str, str] | None
) -> Answer:
    http_status = HTTP_STATUS[status]
    body = {"error": {"code": http_status, "message": message, "status": status, "details": details}}
    return json_answer(http_status, body, headers)
