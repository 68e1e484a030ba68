"""A receiver of one's own, played: POST /conversions, as strict as one should be."""

from collections import OrderedDict
from datetime import date, timedelta
from typing import Any

from app.sandbox.bodies import InvalidJsonError, parse_json
from app.sandbox.calls import Adjustment, Answer, Call, Conversion, Endpoint, Judgement
from app.sandbox.platform import PlayedPlatform
from app.sandbox.webhook.answers import received, refused
from app.sandbox.webhook.catalogue import CASES
from app.sandbox.webhook.checks import TEST_TYPE, faults
from app.sandbox.webhook.signatures import doubt

REMEMBERED = 100_000
"""Message ids, the newest; a real receiver keeps them for 30 days."""
_COPIES_RECOGNISED_FOR = timedelta(days=30)


def webhook() -> PlayedPlatform:
    """The receiver, which has seen nothing yet."""
    return PlayedPlatform(
        name="webhook",
        title="Webhook",
        docs_url="https://www.standardwebhooks.com",
        read_on=date(2026, 11, 23),
        endpoints=(
            Endpoint(name="conversions", method="POST", path="/conversions", handle=_Receiver().judge),
        ),
        cases=CASES,
        event_ids=_event_ids,
        not_found=_not_found,
        copies_recognised_for=_COPIES_RECOGNISED_FOR,
    )


class _Receiver:
    """Knows a copy by its webhook-id, and an event's restatement by its eventId."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    def judge(self, call: Call) -> Judgement:
        """First whether to believe the message, then whether it makes sense, then whether it is news."""
        refusal = _refusal(call)
        if refusal is not None:
            return refusal
        is_copy = self._is_copy(call.headers["webhook-id"])
        answer = received(is_copy=is_copy)
        message: Any = parse_json(call.body)
        if "test" in message or message["type"] == TEST_TYPE:
            return Judgement(answer=answer)
        told = message["data"]
        if told["kind"] == "SEND":
            # A copy is the book's to see.
            return Judgement(answer=answer, conversions=(_conversion(told),))
        # A late copy must not undo what was restated since.
        return Judgement(answer=answer, adjustments=() if is_copy else (_adjustment(told),))

    def _is_copy(self, message_id: str) -> bool:
        if message_id in self._seen:
            return True
        self._seen[message_id] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return False


def _refusal(call: Call) -> Judgement | None:
    if call.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return _judged(415, "content-type: not application/json")
    found = doubt(call.headers, call.body, call.at)
    if found is not None:
        return _judged(found.status, found.text)
    try:
        message: Any = parse_json(call.body)
    except InvalidJsonError as broken:
        return _judged(400, f"not JSON: {broken}")
    problems = tuple(faults(message, call.headers["webhook-id"]))
    return _judged(400, *problems) if problems else None


def _judged(status: int, *problems: str) -> Judgement:
    return Judgement(answer=refused(status, problems[0]), problems=problems)


def _conversion(told: dict[str, Any]) -> Conversion:
    """Its value in minor units."""
    return Conversion(
        key=(told["eventId"],),
        value=told.get("valueCents"),
        currency=told.get("currency"),
        copy_replaces=False,
    )


def _adjustment(told: dict[str, Any]) -> Adjustment:
    return Adjustment(
        key=(told["eventId"],),
        retracts=told["kind"] == "RETRACT",
        value=told.get("valueCents"),
        currency=told.get("currency"),
    )


def _not_found(_call: Call) -> Answer:
    return refused(404, "there is nothing here")


def _event_ids(body: Any) -> tuple[str, ...]:
    told = body.get("data") if isinstance(body, dict) else None
    event_id = told.get("eventId") if isinstance(told, dict) else None
    return (event_id,) if isinstance(event_id, str) else ()
