"""Reading a request: JSON or form, and the access token in any of the places the Graph API takes it from."""

from dataclasses import dataclass
from typing import Any

from app.sandbox.bodies import InvalidJsonError, is_form, parse_form, parse_json
from app.sandbox.calls import Call

IN_FORCE = "sandbox-"
"""An access token that starts so is in force."""


@dataclass(frozen=True, slots=True)
class EventsRequest:
    """What a POST to /events carries."""

    access_token: str | None
    parameters: dict[str, Any]
    """All others, `data` parsed."""

    @property
    def is_authorized(self) -> bool:
        """Whether the token is in force."""
        return self.access_token is not None and self.access_token.startswith(IN_FORCE)


def read(call: Call) -> EventsRequest:
    """The request in a call.

    Raises:
        InvalidJsonError: the body, or `data` in a form, is not JSON.
    """
    form = is_form(call.headers.get("content-type", ""))
    body: Any = parse_form(call.body) if form else parse_json(call.body or b"{}")
    if not isinstance(body, dict):
        msg = "the body is not an object"
        raise InvalidJsonError(msg)
    parameters = {**call.query, **body}
    if isinstance(parameters.get("data"), str):
        parameters["data"] = parse_json(parameters["data"].encode("utf-8", "surrogatepass"))
    token = parameters.pop("access_token", None) or _bearer(call)
    return EventsRequest(token if isinstance(token, str) else None, parameters)


def _bearer(call: Call) -> str | None:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
