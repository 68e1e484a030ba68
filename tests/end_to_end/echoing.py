"""Platforms that repeat in their errors what they were sent, in every place where a connector reads words."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

REFUSING = 400
TAKING = 200
UNAUTHORIZED = 401
PAGE = 502
MOVED = 302


@dataclass
class Echo:
    """Stands in front of the platforms: lets everything through, unless it was told a status to answer."""

    platforms: ASGIApp
    status: int | None = None
    turn: int = 0
    """Which of the values comes first: more than a few are cut off by whoever keeps them."""
    most_values: int = 0
    """In one request, so far."""
    echoed: set[str] = field(default_factory=set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_platform = scope["type"] == "http" and not scope["path"].endswith(("/requests", "/script"))
        if self.status is None or not is_platform:
            await self.platforms(scope, receive, send)
            return
        request = Request(scope, receive)
        answer = self._answer(request, await request.body())
        await answer(scope, receive, send)

    def _answer(self, request: Request, body: bytes) -> Response:
        values = [*_said(body), *request.headers.values(), str(request.url)]
        self.most_values = max(self.most_values, len(values))
        self.echoed.update(values)
        first = self.turn % len(values)
        values = values[first:] + values[:first]
        text = f"Invalid value: {values[0]} is not allowed, nor is {' '.join(values[1:])}"
        headers = {"location": f"/moved?to={values[0]}"} if self.status == MOVED else {}
        if self.status in {PAGE, MOVED}:
            page = f"<html><title>{text}</title></html>"
            return Response(page, self.status or 0, headers=_sendable(headers), media_type="text/html")
        if request.url.path.endswith("/token"):
            content = {"error": "invalid_grant", "error_description": text, "sent": values}
        else:
            content = _error(text, values, body.decode())
        return Response(json.dumps(content), self.status or 0, media_type="application/json")


def _said(body: bytes) -> list[str]:
    """Every text of a body of JSON or a form."""
    try:
        return list(_texts(json.loads(body)))
    except ValueError:
        return [value for _, value in parse_qsl(body.decode())]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def _error(text: str, values: list[str], raw: str) -> dict[str, Any]:
    """Every platform's error at once: each connector reads its own."""
    violation = {"field": "events.events[0].user_data", "description": text, "reason": "INVALID_FORMAT"}
    return {
        "error": {
            "code": 100,
            "message": text,
            "error_user_msg": text,
            "status": "INVALID_ARGUMENT",
            "details": [{"reason": values[0], "fieldViolations": [violation]}],
        },
        "message": text,
        "code": 40002,
        "data": {"failed_events": [{"error_code": 40002, "error_msg": text}]},
        "PartialErrors": [{"Code": 5602, "Index": 0, "Message": text, "ErrorCode": values[0]}],
        "elements": [{"status": 422, "error": {"message": text, "status": 422}}],
        "sent": values,
        "named": {value[:200]: True for value in values},
        "raw": raw,
    }


def _sendable(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if value.isprintable() and value.isascii()}
