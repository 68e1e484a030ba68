"""LinkedIn Conversions API, played: events, the look-up of conversion rules, and the token endpoint."""

from datetime import date
from math import isfinite
from typing import Any

from app.sandbox.bodies import InvalidJsonError, parse_json
from app.sandbox.calls import Answer, Call, Conversion, Endpoint, Handler, Judgement
from app.sandbox.linkedin.answers import (
    created,
    created_one,
    error,
    no_such_version,
    no_version,
    not_found,
    unprocessable,
)
from app.sandbox.linkedin.catalogue import CASES
from app.sandbox.linkedin.checks import notes, refusal, rule_of
from app.sandbox.linkedin.rules import find_rules, is_switched_off, read_rule
from app.sandbox.linkedin.schema import event_faults
from app.sandbox.linkedin.tokens import refused_bearer, token
from app.sandbox.platform import PlayedPlatform

VERSIONS = frozenset({"202512", *(f"2026{month:02d}" for month in range(1, 12))})
"""In force on the day the documentation was read, whatever day it is now: a demo must not end with one."""
MAX_EVENTS = 5_000


def linkedin() -> PlayedPlatform:
    """The platform."""
    return PlayedPlatform(
        name="linkedin",
        title="LinkedIn",
        docs_url="https://learn.microsoft.com/en-us/linkedin/marketing/integrations/ads-reporting/conversions-api",
        read_on=date(2026, 11, 23),
        endpoints=(
            Endpoint(name="events", method="POST", path="/rest/conversionEvents", handle=_events),
            Endpoint(name="rules", method="GET", path="/rest/conversions", handle=_look_up(find_rules)),
            Endpoint(
                name="rule", method="GET", path="/rest/conversions/{rule_id}", handle=_look_up(read_rule)
            ),
            Endpoint(name="token", method="POST", path="/token", handle=token),
        ),
        cases=CASES,
        event_ids=_event_ids,
        not_found=lambda _call: not_found("No virtual resource found"),
        # By event id and rule; how long is documented nowhere.
        copies_recognised_for=None,
    )


def _look_up(read: Any) -> Handler:
    def handle(call: Call) -> Judgement:
        return Judgement(answer=_refused_headers(call) or read(call))

    return handle


def _events(call: Call) -> Judgement:
    """All or nothing: one bad event refuses the complete request; every fault of form is named."""
    refused = _refused_headers(call)
    if refused is not None:
        return Judgement(answer=refused, problems=("the headers are refused",))
    try:
        body = parse_json(call.body)
    except InvalidJsonError as broken:
        return _refusal(error(400, "The request body is not valid JSON"), str(broken))
    in_batch = call.headers.get("x-restli-method", "").upper() == "BATCH_CREATE"
    events = _elements(body) if in_batch else [body]
    if not isinstance(events, list) or not 1 <= len(events) <= MAX_EVENTS:
        return _refusal(error(400, f"elements must be a list of 1 to {MAX_EVENTS} events"), "elements")
    faults = {index: list(event_faults(event, "")) for index, event in enumerate(events)}
    faults = {index: found for index, found in faults.items() if found}
    if faults:
        problems = (f"elements[{index}]{fault}" for index, found in faults.items() for fault in found)
        return _refusal(unprocessable(faults, in_batch=in_batch), *problems)
    answer = refusal(events, call.at)
    if answer is not None:
        return _refusal(answer, answer.body.decode())
    return Judgement(
        answer=created(len(events)) if in_batch else created_one(),
        conversions=tuple(_conversion(event) for event in events if not is_switched_off(rule_of(event))),
        problems=tuple(note for index, event in enumerate(events) for note in notes(event, index)),
    )


def _elements(body: Any) -> Any:
    return body.get("elements") if isinstance(body, dict) else None


def _refused_headers(call: Call) -> Answer | None:
    """The error for a call with a version, a token or a protocol that is not in force; None: all are."""
    version = call.headers.get("linkedin-version", "").strip()
    if not version:
        return no_version()
    if version not in VERSIONS:
        return no_such_version(version)
    refused = refused_bearer(call)
    if refused is not None:
        return refused
    if call.headers.get("x-restli-protocol-version") != "2.0.0":
        return error(400, "X-Restli-Protocol-Version must be 2.0.0", code="ILLEGAL_ARGUMENT")
    return None


def _refusal(answer: Answer, *problems: str) -> Judgement:
    return Judgement(answer=answer, problems=problems)


def _conversion(event: dict[str, Any]) -> Conversion:
    event_id, value = event.get("eventId"), event.get("conversionValue", {})
    return Conversion(
        key=(event_id, rule_of(event)) if event_id else None,
        value=_amount(value.get("amount")),
        currency=value.get("currencyCode"),
    )


def _amount(text: str | None) -> float | None:
    """The amount, if it is a number: LinkedIn takes any text."""
    try:
        found = float(text or "")
    except ValueError:
        return None
    return found if isfinite(found) else None


def _event_ids(body: Any) -> tuple[str, ...]:
    events = _elements(body) or [body]
    if not isinstance(events, list):
        return ()
    ids = (event.get("eventId") for event in events if isinstance(event, dict))
    return tuple(item for item in ids if isinstance(item, str))
