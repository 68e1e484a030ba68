"""What the Business API answers: 200 nearly always, the code in the body decides.

The envelope and the codes from "Return codes" (business-api.tiktok.com/portal/docs?id=1737172488964097, read
2026-11-23); texts are our own words in the style of those known. How a partial success names its events
could be read nowhere: the form here is an assumption.
"""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from app.sandbox.calls import Answer, json_answer, text_answer

OK = 0
PARTIAL = 20001
NO_PERMISSION = 40001
BAD_PARAMETER = 40002
BAD_VERSION = 40051
TOKEN_EXPIRED = 40102
TOKEN_EMPTY = 40104
TOKEN_INVALID = 40105


def coded(code: int, message: str, data: Any = None) -> Answer:
    """The envelope around everything."""
    body = {"code": code, "message": message, "request_id": _request_id(), "data": data or {}}
    return json_answer(200, body)


def taken() -> Answer:
    """All events were taken."""
    return coded(OK, "OK")


def partly_taken(failed: Iterable[tuple[int, Any, str]]) -> Answer:
    """Some were not taken: position, event id and reason of each."""
    events = [
        {"order_in_batch": place, "event_id": event_id, "error_code": BAD_PARAMETER, "error_msg": reason}
        for place, event_id, reason in failed
    ]
    return coded(PARTIAL, "Partially successful.", {"failed_events": events})


def not_found() -> Answer:
    """No such address: a missing slash at the end is enough."""
    return text_answer(404, "404 page not found", content_type="text/plain")


def _request_id() -> str:
    return f"20261123{uuid4().hex[:24].upper()}"
