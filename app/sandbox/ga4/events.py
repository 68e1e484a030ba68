"""What the validation server says of one event: its name, its parameters, value and currency."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.sandbox.formats import is_currency, is_filled, is_number
from app.sandbox.ga4.answers import ValidationMessage
from app.sandbox.ga4.names import RESERVED_EVENTS, RESERVED_PARAMETERS, name_fault

MAX_PARAMETERS = 25
MAX_VALUE_LENGTH = 100
_LONGER: Mapping[str, int] = {"page_location": 1_000, "page_referrer": 420, "page_title": 300}
_EVENT_KEYS = frozenset({"name", "params", "timestamp_micros"})

Json = Mapping[str, Any]
Messages = Iterator[ValidationMessage]


def event_messages(event: Json, path: str) -> Messages:
    """Everything that is wrong with one event."""
    for key in event:
        if key not in _EVENT_KEYS:
            yield ValidationMessage(f"{path}.{key}", "VALUE_INVALID", f"Cannot find field: {key}")
    name = event.get("name")
    if not is_filled(name):
        yield ValidationMessage(f"{path}.name", "VALUE_REQUIRED", "An event requires a name.")
    else:
        yield from _name_messages(str(name), f"{path}.name", RESERVED_EVENTS)
    params = event.get("params", {})
    if isinstance(params, dict):
        yield from _params_messages(params, f"{path}.params")
    else:
        yield ValidationMessage(f"{path}.params", "VALUE_INVALID", "Parameters must be an object.")


def string_length_message(value: Any, path: str, most: int) -> Messages:
    """What is wrong with a string of limited length."""
    if not isinstance(value, str):
        yield ValidationMessage(path, "VALUE_INVALID", "Must be a string.")
    elif len(value) > most:
        yield ValidationMessage(path, "VALUE_OUT_OF_BOUNDS", f"Longer than {most} characters.")


def _params_messages(params: Json, path: str) -> Messages:
    if len(params) > MAX_PARAMETERS:
        yield ValidationMessage(
            path, "EXCEEDED_MAX_ENTITIES", f"{len(params)} parameters given, {MAX_PARAMETERS} allowed."
        )
    for name, value in params.items():
        yield from _name_messages(name, f"{path}.{name}", RESERVED_PARAMETERS)
        if isinstance(value, str):
            yield from string_length_message(value, f"{path}.{name}", _LONGER.get(name, MAX_VALUE_LENGTH))
        elif isinstance(value, dict) or value is None:
            yield ValidationMessage(f"{path}.{name}", "VALUE_INVALID", "Must be a string or a number.")
    yield from _money_messages(params, path)


def _money_messages(params: Json, path: str) -> Messages:
    value, currency = params.get("value"), params.get("currency")
    if "value" in params and not is_number(value):
        yield ValidationMessage(f"{path}.value", "VALUE_INVALID", "Must be a number.")
    if "value" in params and currency is None:
        yield ValidationMessage(f"{path}.currency", "VALUE_REQUIRED", "A value requires a currency.")
    if currency is not None and not is_currency(currency):
        yield ValidationMessage(f"{path}.currency", "VALUE_INVALID", "Not a currency code of ISO 4217.")


def _name_messages(name: str, path: str, reserved: frozenset[str]) -> Messages:
    fault = name_fault(name, reserved=reserved)
    if fault is not None:
        yield ValidationMessage(path, *fault)
