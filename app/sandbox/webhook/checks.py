"""What is wrong with a message, by docs/platforms/webhook.md: here the vendor is Leadwire itself."""

import re
from collections.abc import Iterator
from typing import Any

from app.sandbox.formats import is_currency, is_digits, is_filled

KINDS = ("SEND", "RESTATE", "RETRACT")
TEST_TYPE = "leadwire.test"
_TYPE = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_CONSENT = ("adStorage", "analyticsStorage", "adUserData", "adPersonalization")
_ANSWERS = ("GRANTED", "DENIED", None)


def faults(message: Any, message_id: str) -> Iterator[str]:
    """Everything that makes the receiver refuse the message."""
    if not isinstance(message, dict):
        yield "the message is not an object"
        return
    if message.get("id") != message_id:
        yield "id: not that of the header webhook-id"
    if not _is(message.get("type"), _TYPE):
        yield "type: missing, or not names with full stops between them"
    if not _is(message.get("timestamp"), _TIME):
        yield "timestamp: missing, or not as in 2026-11-23T12:00:00Z"
    if message.get("test", True) is not True:
        yield "test: true, or not there"
    told = message.get("data")
    if not isinstance(told, dict):
        yield "data: missing, or not an object"
    elif message.get("type") != TEST_TYPE:
        yield from _event_faults(told)


def _event_faults(told: dict[str, Any]) -> Iterator[str]:
    if not is_filled(told.get("eventId")):
        yield "data.eventId: missing"
    if told.get("kind") not in KINDS:
        yield f"data.kind: not one of {', '.join(KINDS)}"
    if not _is(told.get("occurredAt"), _TIME):
        yield "data.occurredAt: missing, or not as in 2026-11-23T12:00:00Z"
    yield from _value_faults(told)
    lead = told.get("lead")
    if not isinstance(lead, dict) or not is_digits(lead.get("id")):
        yield "data.lead.id: missing, or not digits"
    consent = told.get("consent")
    if not isinstance(consent, dict) or any(consent.get(name, 0) not in _ANSWERS for name in _CONSENT):
        yield "data.consent: not all four answers, each GRANTED, DENIED or null"
    yield from _texts_faults(told)


def _value_faults(told: dict[str, Any]) -> Iterator[str]:
    cents = told.get("valueCents")
    if "valueCents" in told and (not isinstance(cents, int) or isinstance(cents, bool)):
        yield "data.valueCents: not a whole number"
    if ("valueCents" in told) != ("currency" in told):
        yield "data.currency: goes with a value, and a value with it"
    elif "currency" in told and not is_currency(told["currency"]):
        yield "data.currency: not a code of ISO 4217"


def _texts_faults(told: dict[str, Any]) -> Iterator[str]:
    for name, needed in (("lead", True), ("attribution", True), ("person", False)):
        texts = told.get(name)
        if needed and texts is None:
            yield f"data.{name}: missing"
        elif name in told and not (isinstance(texts, dict) and all(map(is_filled, texts.values()))):
            yield f"data.{name}: not an object of texts"


def _is(value: Any, form: re.Pattern[str]) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None
