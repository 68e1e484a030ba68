"""What is wrong with an event.

From "Conversions API parameters" (developers.facebook.com/docs/marketing-api/conversions-api/parameters) and
"Send CRM events" (.../conversions-api/conversion-leads-integration), read 2026-11-23. As strict as these,
which demand `client_user_agent` of a website event; the live service was seen to take one without.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.sandbox.calls import Answer
from app.sandbox.formats import is_currency, is_filled, is_number
from app.sandbox.meta.answers import BAD_PARAMETER, TOO_OLD, invalid_parameter
from app.sandbox.meta.user_data import user_data_faults

MAX_EVENTS = 1_000
ACTION_SOURCES = frozenset(
    {
        "email",
        "website",
        "app",
        "phone_call",
        "chat",
        "physical_store",
        "system_generated",
        "business_messaging",
        "other",
    }
)
_MAX_AGE = timedelta(days=7)
_MAX_AGE_IN_STORE = timedelta(days=62)
_TITLES = {BAD_PARAMETER: "Server Side Api Parameter Error", TOO_OLD: "Event Timestamp Too Old"}

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason to refuse the request."""

    path: str
    """As the vendor writes it: $['data'][0]['event_name']."""
    text: str
    subcode: int = BAD_PARAMETER

    def __str__(self) -> str:
        """The fault for a person."""
        return f"{self.path}: {self.text} (100/{self.subcode})"

    def answer(self) -> Answer:
        """The vendor's error."""
        title = _TITLES.get(self.subcode, "Invalid Customer Information")
        return invalid_parameter(self.subcode, title, f"The parameter {self.path} {self.text}")


def faults(events: Any, now: datetime) -> Iterator[Fault]:
    """Everything that makes the API refuse the request; it answers with the first."""
    if not isinstance(events, list) or not 1 <= len(events) <= MAX_EVENTS:
        yield Fault("$['data']", f"must be a list of 1 to {MAX_EVENTS} events")
        return
    for index, event in enumerate(events):
        path = f"$['data'][{index}]"
        if isinstance(event, dict):
            yield from _event_faults(event, path, now)
        else:
            yield Fault(path, "must be an object")


def _event_faults(event: Json, path: str, now: datetime) -> Iterator[Fault]:
    if not is_filled(event.get("event_name")):
        yield Fault(f"{path}['event_name']", "is required")
    if "event_id" in event and not is_filled(event["event_id"]):
        yield Fault(f"{path}['event_id']", "must be a string")
    source = event.get("action_source")
    if not isinstance(source, str) or source not in ACTION_SOURCES:
        yield Fault(f"{path}['action_source']", f"must be one of {', '.join(sorted(ACTION_SOURCES))}")
    yield from _time_faults(event, f"{path}['event_time']", now)
    for found, text, subcode in user_data_faults(event.get("user_data"), f"{path}['user_data']"):
        yield Fault(found, text, subcode)
    custom_data = event.get("custom_data", {})
    if isinstance(custom_data, dict):
        yield from _value_faults(event, custom_data, f"{path}['custom_data']")
        yield from _source_faults(event, custom_data, path)
    else:
        yield Fault(f"{path}['custom_data']", "must be an object")


def _time_faults(event: Json, path: str, now: datetime) -> Iterator[Fault]:
    seconds = event.get("event_time")
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        yield Fault(path, "must be a Unix time in whole seconds")
        return
    # Whole numbers only: a float has no room for every integer JSON has.
    age_s = int(now.timestamp()) - seconds
    max_age = _MAX_AGE_IN_STORE if event.get("action_source") == "physical_store" else _MAX_AGE
    if age_s < 0:
        yield Fault(path, "lies in the future")
    elif age_s > max_age.total_seconds():
        yield Fault(path, f"is more than {max_age.days} days ago", TOO_OLD)


def _value_faults(event: Json, custom_data: Json, path: str) -> Iterator[Fault]:
    value, currency = custom_data.get("value"), custom_data.get("currency")
    if event.get("event_name") == "Purchase" and value is None:
        yield Fault(f"{path}['value']", "is required for a purchase")
    if value is not None and not is_number(value):
        yield Fault(f"{path}['value']", "must be a number")
    if value is not None and currency is None:
        yield Fault(f"{path}['currency']", "is required beside a value")
    # The vendor takes lower case as well.
    if currency is not None and not (isinstance(currency, str) and is_currency(currency.upper())):
        yield Fault(f"{path}['currency']", "must be a currency code of ISO 4217")


def _source_faults(event: Json, custom_data: Json, path: str) -> Iterator[Fault]:
    if event.get("action_source") == "website":
        user_data = event.get("user_data")
        if not is_filled(event.get("event_source_url")):
            yield Fault(f"{path}['event_source_url']", "is required for website events")
        if not isinstance(user_data, dict) or not is_filled(user_data.get("client_user_agent")):
            yield Fault(f"{path}['user_data']['client_user_agent']", "is required for website events")
    if event.get("action_source") == "system_generated":
        if custom_data.get("event_source") != "crm":
            yield Fault(f"{path}['custom_data']['event_source']", "must be crm for events of a CRM")
        if not is_filled(custom_data.get("lead_event_source")):
            yield Fault(f"{path}['custom_data']['lead_event_source']", "is required for events of a CRM")
