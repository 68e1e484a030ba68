"""What one platform received: the newest requests for reading, and the counts."""

from collections import deque
from datetime import datetime
from typing import Any

from app.sandbox.bodies import InvalidJsonError, is_form, masked, parse_form, parse_json
from app.sandbox.calls import Call, Judgement
from app.sandbox.counting import ConversionCount
from app.sandbox.platform import PlayedPlatform

KEPT = 1_000
"""Requests kept for reading."""
KEPT_BYTES = 64 * 1024
"""Of a body or an answer: beyond it only the size is kept."""


class Ledger:
    """The book of one platform."""

    def __init__(self, platform: PlayedPlatform) -> None:
        self._platform = platform
        self.clear()

    def clear(self) -> None:
        """Forget everything; counts start again at zero."""
        self._requests: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._others: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._conversions = ConversionCount(self._platform.copies_recognised_for)
        self._last_id = 0
        self.received = 0

    def record(
        self, call: Call, judgement: Judgement, *, endpoint: str, method: str, address: str, scripted: str
    ) -> None:
        """Write down a request and count its conversions.

        Args:
            call: the request.
            judgement: what became of it.
            endpoint: the endpoint's name; empty: the platform has none at this address.
            method: the HTTP method.
            address: path and query, secrets already masked.
            scripted: what was ordered for this request; empty: nothing.
        """
        self._last_id += 1
        parsed = _parsed(call.body, call.headers.get("content-type", ""))
        first_ids = [
            self._conversions.add(conversion, at=call.at, request_id=self._last_id)
            for conversion in judgement.conversions
        ]
        for adjustment in judgement.adjustments:
            self._conversions.adjust(adjustment)
        entry = {
            "id": self._last_id,
            "receivedAt": _iso(call.at),
            "endpoint": endpoint or None,
            "method": method,
            "path": address,
            "body": masked(parsed) if len(call.body) <= KEPT_BYTES else _left_out(call.body),
            "status": judgement.answer.status,
            "response": _shown(judgement.answer.body),
            "eventIds": list(self._platform.event_ids(parsed)),
        }
        duplicate_of = next((first for first in first_ids if first is not None), None)
        optional = {"duplicateOf": duplicate_of, "problems": list(judgement.problems), "scripted": scripted}
        entry.update({name: item for name, item in optional.items() if item})
        if endpoint == self._platform.home.name:
            self.received += 1
            self._requests.appendleft(entry)
        else:
            self._others.appendleft(entry)

    @property
    def conversions(self) -> int:
        """Conversions as the platform counts them."""
        return self._conversions.total

    def shown(self, limit: int = KEPT) -> dict[str, Any]:
        """Everything as JSON, newest first.

        Args:
            limit: how many requests at most.
        """
        return {
            "received": self.received,
            "conversions": self.conversions,
            "requests": list(self._requests)[:limit],
            "otherCalls": list(self._others)[:limit],
            "counted": self._conversions.shown(),
        }


def _parsed(body: bytes, content_type: str) -> Any:
    if not body:
        return None
    try:
        # Whatever the header says: curl calls everything a form that is not told otherwise.
        return parse_json(body)
    except InvalidJsonError:
        return _unfolded(parse_form(body)) if is_form(content_type) else body.decode("utf-8", "replace")


def _unfolded(form: dict[str, str]) -> dict[str, Any]:
    """Meta's form carries the events as JSON in a field."""
    try:
        return {**form, "data": parse_json(form["data"].encode())}
    except (KeyError, InvalidJsonError):
        return dict(form)


def _shown(answer: bytes) -> Any:
    # Size first: an answer may be told to be huge.
    return masked(_parsed(answer, "")) if len(answer) <= KEPT_BYTES else _left_out(answer)


def _left_out(body: bytes) -> dict[str, Any]:
    return {"leftOut": True, "bytes": len(body)}


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
