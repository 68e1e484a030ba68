"""What is wrong with a well-formed ingest request: destinations and events.

From the reference of IngestEventsRequest and its ErrorReason enum
(developers.google.com/data-manager/api/reference, read 2026-11-23), for Google Ads destinations only. Three
rules stand on reports of implementers, not on the reference: `eventSource` is demanded for Google Ads, a
transaction id of digits only is refused unless `validateOnly`, and a value needs a currency.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from app.sandbox.formats import is_currency, is_digits
from app.sandbox.google_ads.answers import Violation
from app.sandbox.google_ads.messages import ENCODING, EVENT_SOURCE
from app.sandbox.google_ads.user_data import user_data_violations
from app.sandbox.google_ads.wire import Enum, instant

MAX_DESTINATIONS = 10
MAX_EVENTS = 2_000
MAX_AGE = timedelta(days=90)
UNKNOWN_ACTION_ENDING = "404"
"""A conversion action whose id ends so does not exist; every other number does."""
_CLICK_IDS = ("gclid", "gbraid", "wbraid", "sessionAttributes", "mobileDeviceId")

Json = Mapping[str, Any]


def violations(request: Json, now: datetime) -> Iterator[Violation]:
    """Everything that makes the API refuse the request, which fits the message already."""
    destinations, events = _list(request, "destinations"), _list(request, "events")
    yield from _count("destinations", len(destinations), MAX_DESTINATIONS, "TOO_MANY_DESTINATIONS")
    yield from _count("events", len(events), MAX_EVENTS, "TOO_MANY_EVENTS")
    references = [item.get("reference") for item in destinations]
    for index, destination in enumerate(destinations):
        path = f"destinations[{index}]"
        yield from _destination_violations(destination, path)
        reference = destination.get("reference")
        if reference and reference in references[:index]:
            yield Violation(
                f"{path}.reference",
                "DUPLICATE_DESTINATION_REFERENCE",
                "Another destination has this reference.",
            )
    encoding = chosen(request.get("encoding"), ENCODING)
    for index, event in enumerate(events):
        path = f"events.events[{index}]"
        yield from _event_violations(event, path, now)
        yield from _reference_violations(event, path, references)
        yield from user_data_violations(
            event, path, encoding=encoding, encrypted=bool(request.get("encryptionInfo"))
        )
        if not request.get("validateOnly") and is_digits(event.get("transactionId")):
            yield Violation(f"{path}.transaction_id", "INVALID_FORMAT", "Digits alone are not accepted.")
    if encoding is None and any(_identifiers(event) for event in events):
        yield _missing("encoding")


def chosen(value: Any, enum: Enum) -> str | None:
    """The name of an enum's value; None: unset or unspecified."""
    name = enum.values[value] if isinstance(value, int) else value
    return None if name in {None, enum.values[0]} else name


def _destination_violations(destination: Json, path: str) -> Iterator[Violation]:
    yield from _account_violations(destination.get("operatingAccount"), f"{path}.operating_account")
    if destination.get("loginAccount"):
        yield from _account_violations(destination["loginAccount"], f"{path}.login_account")
    if destination.get("linkedAccount"):
        yield Violation(
            f"{path}.linked_account",
            "LINKED_ACCOUNT_ONLY_ALLOWED_WITH_DATA_PARTNER_LOGIN_ACCOUNT",
            "Only a data partner has linked accounts.",
        )
    action = destination.get("productDestinationId")
    field = f"{path}.product_destination_id"
    if not action:
        yield _missing(field)
    elif not is_digits(action):
        yield Violation(field, "INVALID_NUMBER_FORMAT", "String is not a valid number.")
    elif action.endswith(UNKNOWN_ACTION_ENDING):
        yield Violation(field, "INVALID_CONVERSION_ACTION_ID", "The account has no such conversion action.")


def _account_violations(account: Json | None, path: str) -> Iterator[Violation]:
    if not account:
        yield _missing(path)
        return
    kinds = {account.get("accountType"), account.get("product")} - {None}
    if not kinds:
        yield _missing(f"{path}.account_type")
    elif not kinds <= {"GOOGLE_ADS", 1}:
        yield Violation(
            f"{path}.account_type", "INVALID_DESTINATION", "Only Google Ads accounts are played here."
        )
    if not account.get("accountId"):
        yield _missing(f"{path}.account_id")
    elif not is_digits(account["accountId"]):
        yield Violation(f"{path}.account_id", "INVALID_NUMBER_FORMAT", "String is not a valid number.")


def _event_violations(event: Json, path: str, now: datetime) -> Iterator[Violation]:
    yield from _time_violations(event.get("eventTimestamp"), f"{path}.event_timestamp", now)
    if chosen(event.get("eventSource"), EVENT_SOURCE) is None:
        yield _missing(f"{path}.event_source")
    currency = event.get("currency")
    if event.get("conversionValue") is not None and not currency:
        yield _missing(f"{path}.currency")
    if currency and not is_currency(currency):
        yield Violation(f"{path}.currency", "INVALID_CURRENCY_CODE", "Not a currency of ISO 4217.")
    ad_identifiers = event.get("adIdentifiers") or {}
    if not any(ad_identifiers.get(name) for name in _CLICK_IDS) and not _identifiers(event):
        yield Violation(path, "NO_IDENTIFIERS_PROVIDED", "The event has neither ad nor user identifiers.")


def _time_violations(timestamp: str | None, field: str, now: datetime) -> Iterator[Violation]:
    if not timestamp:
        yield _missing(field)
    elif not now - MAX_AGE <= instant(timestamp) <= now:
        yield Violation(field, "EVENT_TIME_INVALID", "In the future, or more than 90 days ago.")


def _reference_violations(event: Json, path: str, references: list[Any]) -> Iterator[Violation]:
    for index, reference in enumerate(event.get("destinationReferences") or []):
        if reference not in references:
            yield Violation(
                f"{path}.destination_references[{index}]",
                "INVALID_DESTINATION",
                "No destination has this reference.",
            )


def _identifiers(event: Json) -> list[Any]:
    return (event.get("userData") or {}).get("userIdentifiers") or []


def _list(request: Json, name: str) -> list[Json]:
    return request.get(name) or []


def _count(field: str, count: int, most: int, reason: str) -> Iterator[Violation]:
    if count == 0:
        yield _missing(field)
    elif count > most:
        yield Violation(field, reason, f"{count} given, {most} allowed.")


def _missing(field: str) -> Violation:
    return Violation(field, "REQUIRED_FIELD_MISSING", "Required field is missing.")
