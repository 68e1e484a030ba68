"""What is wrong with a request.

From "Events API" (business-api.tiktok.com/portal/docs?id=1771100865818625) and "How to postback signals
through Events API" (ads.tiktok.com/help/article/how-to-postback-signals-through-events-api), read 2026-11-23.
The time limits are weak: partners say that offline events are taken for 28 days; the others are assumptions.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.sandbox.formats import is_currency, is_digits, is_filled, is_number
from app.sandbox.tiktok.user import user_faults

MAX_EVENTS = 1_000
SOURCES = frozenset({"web", "app", "offline", "crm"})
MAX_AGES = {
    "web": timedelta(days=7),
    "app": timedelta(days=7),
    "offline": timedelta(days=28),
    "crm": timedelta(days=28),
}

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason to refuse."""

    field: str
    text: str
    place: int | None = None
    """Of the event alone, which leaves the others as they are; None: of the whole request."""

    def __str__(self) -> str:
        """As the API says it."""
        return f"Invalid value for {self.field}: {self.text}"


def source_faults(body: Json) -> Iterator[Fault]:
    """What is wrong with where the events are said to come from."""
    source, source_id = body.get("event_source"), body.get("event_source_id")
    if not isinstance(source, str) or source not in SOURCES:
        yield Fault("event_source", f"Must be one of: {', '.join(sorted(SOURCES))}.")
    # A pixel code with offline events was seen to be refused like this.
    if not is_filled(source_id) or (source == "offline" and not is_digits(source_id)):
        yield Fault("event_source_id", "not a valid string.")
    if "test_event_code" in body and not is_filled(body["test_event_code"]):
        yield Fault("test_event_code", "not a valid string.")


def faults(events: Any, source: str, now: datetime) -> Iterator[Fault]:
    """What is wrong with the events: malformed ones refuse the request, the times of one only itself."""
    if not isinstance(events, list) or not 1 <= len(events) <= MAX_EVENTS:
        yield Fault("data", f"Length must be between 1 and {MAX_EVENTS}.")
        return
    for place, event in enumerate(events):
        if isinstance(event, dict):
            yield from _shape_faults(event, f"data.{place}", source)
            yield from _time_faults(event, place, source, now)
        else:
            yield Fault(f"data.{place}", "Invalid input type.")


def _shape_faults(event: Json, path: str, source: str) -> Iterator[Fault]:
    if not is_filled(event.get("event")):
        yield Fault(f"{path}.event", "Missing data for required field.")
    if "event_id" in event and not is_filled(event["event_id"]):
        yield Fault(f"{path}.event_id", "not a valid string.")
    if "limited_data_use" in event and not isinstance(event["limited_data_use"], bool):
        yield Fault(f"{path}.limited_data_use", "not a valid boolean.")
    lead = event.get("lead")
    has_lead_id = isinstance(lead, dict) and is_filled(lead.get("lead_id"))
    for name, text in user_faults(event.get("user"), source=source, has_lead_id=has_lead_id):
        yield Fault(f"{path}.{name}", text)
    yield from _value_faults(event.get("properties", {}), f"{path}.properties")
    yield from _place_faults(event, path, source)


def _value_faults(properties: Any, path: str) -> Iterator[Fault]:
    if not isinstance(properties, dict):
        yield Fault(path, "Invalid input type.")
        return
    if "value" in properties and not is_number(properties["value"]):
        yield Fault(f"{path}.value", "not a valid number.")
    if "value" in properties and "currency" not in properties:
        yield Fault(f"{path}.currency", "Missing data for required field.")
    if "currency" in properties and not is_currency(properties["currency"]):
        yield Fault(f"{path}.currency", "not a currency code of ISO 4217.")


def _place_faults(event: Json, path: str, source: str) -> Iterator[Fault]:
    page, lead = event.get("page", {}), event.get("lead", {})
    if not isinstance(page, dict) or (source == "web" and not is_filled(page.get("url"))):
        yield Fault(f"{path}.page.url", "Missing data for required field.")
    if not isinstance(lead, dict) or (source == "crm" and not is_filled(lead.get("lead_event_source"))):
        yield Fault(f"{path}.lead.lead_event_source", "Missing data for required field.")


def _time_faults(event: Json, place: int, source: str, now: datetime) -> Iterator[Fault]:
    path, seconds = f"data.{place}.event_time", event.get("event_time")
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        yield Fault(path, "not a valid integer.")
        return
    # Whole numbers only: a float has no room for every integer JSON has.
    age_s = int(now.timestamp()) - seconds
    if age_s < 0:
        yield Fault(path, "lies in the future.", place)
    elif age_s > MAX_AGES[source].total_seconds():
        yield Fault(path, f"is more than {MAX_AGES[source].days} days ago.", place)
