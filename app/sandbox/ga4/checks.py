"""What the validation server says of a request.

From "Measurement Protocol reference" and "Limitations"
(developers.google.com/analytics/devguides/collection/protocol/ga4, read 2026-11-23). Like the real one it
does not look at the api_secret or the measurement_id.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.sandbox.bodies import InvalidJsonError, parse_json
from app.sandbox.formats import is_filled
from app.sandbox.ga4.answers import ValidationMessage
from app.sandbox.ga4.events import event_messages, string_length_message
from app.sandbox.ga4.people import consent_messages, user_data_messages, user_properties_messages

MAX_BODY_BYTES = 130_000
MAX_EVENTS = 25
MAX_AGE = timedelta(hours=72)
MAX_USER_ID = 256
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_KEYS = frozenset(
    {
        "client_id",
        "app_instance_id",
        "user_id",
        "timestamp_micros",
        "user_properties",
        "user_data",
        "consent",
        "non_personalized_ads",
        "user_location",
        "ip_override",
        "device",
        "user_agent",
        "validation_behavior",
        "events",
    }
)

Json = Mapping[str, Any]
Messages = Iterator[ValidationMessage]


def validation_messages(body: bytes, now: datetime) -> Messages:
    """Everything that is wrong with a body."""
    if len(body) >= MAX_BODY_BYTES:
        yield ValidationMessage("body", "VALUE_OUT_OF_BOUNDS", "The body must be smaller than 130 kB.")
    try:
        request = parse_json(body)
    except InvalidJsonError as broken:
        yield ValidationMessage("body", "VALUE_INVALID", f"Unable to parse the JSON payload: {broken}")
        return
    if isinstance(request, dict):
        yield from _request_messages(request, now)
    else:
        yield ValidationMessage("body", "VALUE_INVALID", "The JSON payload must be an object.")


def _request_messages(request: Json, now: datetime) -> Messages:
    for name in request:
        if name not in _KEYS:
            yield ValidationMessage(name, "VALUE_INVALID", f"Cannot find field: {name}")
    yield from _client_messages(request)
    if "user_id" in request:
        yield from string_length_message(request["user_id"], "user_id", MAX_USER_ID)
    yield from time_messages(request, "timestamp_micros", now)
    yield from consent_messages(request.get("consent"))
    yield from user_data_messages(request.get("user_data"))
    yield from user_properties_messages(request.get("user_properties"))
    yield from _events_messages(request.get("events"), now)


def _client_messages(request: Json) -> Messages:
    if is_filled(request.get("app_instance_id")):
        return
    client_id = request.get("client_id")
    if not client_id:
        yield ValidationMessage("client_id", "VALUE_REQUIRED", "Measurement requires a client_id.")
    elif not is_filled(client_id):
        yield ValidationMessage("client_id", "VALUE_INVALID", "client_id must be a string.")
    elif request.get("validation_behavior") == "ENFORCE_RECOMMENDATIONS" and not _is_two_numbers(client_id):
        yield ValidationMessage(
            "client_id", "VALUE_INVALID", "client_id should be in <number>.<number> format."
        )


def _is_two_numbers(client_id: str) -> bool:
    parts = client_id.split(".")
    return len(parts) == len(("number", "number")) and all(
        part.isascii() and part.isdigit() for part in parts
    )


def _events_messages(events: Any, now: datetime) -> Messages:
    if not isinstance(events, list) or not events:
        yield ValidationMessage("events", "VALUE_REQUIRED", "Measurement requires a list of events.")
        return
    if len(events) > MAX_EVENTS:
        yield ValidationMessage(
            "events", "EXCEEDED_MAX_ENTITIES", f"{len(events)} events given, {MAX_EVENTS} allowed."
        )
    for index, event in enumerate(events):
        path = f"events[{index}]"
        if isinstance(event, dict):
            yield from event_messages(event, path)
            yield from time_messages(event, f"{path}.timestamp_micros", now)
        else:
            yield ValidationMessage(path, "VALUE_INVALID", "An event must be an object.")


def time_messages(holder: Json, path: str, now: datetime) -> Messages:
    """What is wrong with a timestamp_micros of a request or an event."""
    if "timestamp_micros" not in holder:
        return
    micros = holder["timestamp_micros"]
    if not isinstance(micros, int) or isinstance(micros, bool):
        yield ValidationMessage(path, "VALUE_INVALID", "Must be a Unix time in microseconds.")
        return
    # Whole numbers only: a float has no room for every integer JSON has.
    age_micros = (now - _EPOCH) // _MICROSECOND - micros
    if not 0 <= age_micros <= MAX_AGE // _MICROSECOND:
        yield ValidationMessage(path, "VALUE_INVALID", "In the future, or more than 72 hours ago.")
