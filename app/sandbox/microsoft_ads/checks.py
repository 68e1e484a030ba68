"""What is wrong with a conversion or an adjustment, each on its own.

From the pages of OfflineConversion and OfflineConversionAdjustment
(learn.microsoft.com/en-us/advertising/campaign-management-service, read 2026-11-23). As strict as the list of
error codes: the live service was seen to take a name that no goal has, and to count nothing. For a value that
is no SHA-256 the list has no line; here it is ApiInputValidationError.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.sandbox.formats import is_currency, is_filled, is_number, is_sha256_hex
from app.sandbox.microsoft_ads.answers import Fault

MAX_ITEMS = 1_000
_WINDOW = timedelta(days=90)
_CLICK = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|\+00:00)", re.ASCII)
_HASHES = ("HashedEmailAddress", "HashedPhoneNumber")
_SHARED = frozenset({"ConversionName", "ConversionTime", "MicrosoftClickId", *_HASHES})
KEYS = {
    "OfflineConversions": _SHARED
    | {
        "ConversionValue",
        "ConversionCurrencyCode",
        "ExternalAttributionCredit",
        "ExternalAttributionModel",
    },
    "OfflineConversionAdjustments": _SHARED
    | {"AdjustmentTime", "AdjustmentType", "AdjustmentValue", "AdjustmentCurrencyCode"},
}
"""What is known of an item; anything else is ignored without a word."""

Json = Mapping[str, Any]
HasGoal = Callable[[str], bool]
Found = tuple[int, str | None]
"""A code and the element it is about."""


def conversion_faults(items: list[Any], now: datetime, has_goal: HasGoal) -> Iterator[Fault]:
    """Everything wrong with the conversions of a request."""
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            yield Fault(index, 5602)
            continue
        for code, field in (*_identity(item, now, has_goal), *_conversion_value(item)):
            yield Fault(index, code, field)


def adjustment_faults(items: list[Any], now: datetime, has_goal: HasGoal) -> Iterator[Fault]:
    """Everything wrong with the adjustments of a request."""
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            yield Fault(index, 5602)
            continue
        found = (*_identity(item, now, has_goal), *_adjustment_time(item, now), *_adjustment_value(item))
        for code, field in found:
            yield Fault(index, code, field)


def ignored_keys(items: list[Any], kind: str) -> Iterator[str]:
    """What the service takes without a word and ignores."""
    for index, item in enumerate(items):
        for name in item if isinstance(item, dict) else ():
            if name not in KEYS[kind]:
                yield f"[{index}].{name}: the service does not know this element and ignores it"


def instant(value: Any) -> datetime | None:
    """The time in UTC; None: not in a form the service takes."""
    if not isinstance(value, str) or _TIME.fullmatch(value) is None:
        return None
    try:
        # Python reads six digits of a second, the vendor writes seven.
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d", r"\1", value)).astimezone(UTC)
    except ValueError:
        return None


def _identity(item: Json, now: datetime, has_goal: HasGoal) -> Iterator[Found]:
    name = item.get("ConversionName")
    if not is_filled(name):
        yield 5605, "ConversionName"
    elif not has_goal(str(name)):
        yield 5606, "ConversionName"
    click = item.get("MicrosoftClickId")
    if not click and not any(item.get(field) for field in _HASHES):
        yield 5603, "MicrosoftClickId"
    elif click and not (isinstance(click, str) and _CLICK.fullmatch(click)):
        yield 5604, "MicrosoftClickId"
    for field in _HASHES:
        if item.get(field) is not None and not is_sha256_hex(item[field]):
            yield 201, field
    yield from _conversion_time(item, now)


def _conversion_time(item: Json, now: datetime) -> Iterator[Found]:
    given = item.get("ConversionTime")
    at = instant(given)
    if not given:
        yield 5608, "ConversionTime"
    elif at is None:
        yield 5607, "ConversionTime"
    elif at > now:
        yield 5614, "ConversionTime"
    elif at < now - _WINDOW:
        yield 5609, "ConversionTime"


def _conversion_value(item: Json) -> Iterator[Found]:
    value, currency = item.get("ConversionValue"), item.get("ConversionCurrencyCode")
    if value is not None and not _is_amount(value):
        yield 5610, "ConversionValue"
    if currency is not None and not is_currency(currency):
        yield 5611, "ConversionCurrencyCode"


def _adjustment_time(item: Json, now: datetime) -> Iterator[Found]:
    given = item.get("AdjustmentTime")
    at, converted_at = instant(given), instant(item.get("ConversionTime"))
    if not given:
        yield 5619, "AdjustmentTime"
    elif at is None:
        yield 5621, "AdjustmentTime"
    elif at > now:
        yield 5622, "AdjustmentTime"
    elif converted_at is not None and at < converted_at:
        yield 5620, "AdjustmentTime"
    elif at < now - _WINDOW:
        yield 5623, "AdjustmentTime"


def _adjustment_value(item: Json) -> Iterator[Found]:
    kind, value = item.get("AdjustmentType"), item.get("AdjustmentValue")
    currency = item.get("AdjustmentCurrencyCode")
    if kind == "Retract":
        if value is not None:
            yield 5624, "AdjustmentValue"
    elif kind != "Restate":
        yield 5618, "AdjustmentType"
    elif value is None:
        yield 5625, "AdjustmentValue"
    elif not _is_amount(value):
        yield 5610, "AdjustmentValue"
    elif not currency:
        yield 5626, "AdjustmentCurrencyCode"
    elif not is_currency(currency):
        yield 5611, "AdjustmentCurrencyCode"


def _is_amount(value: Any) -> bool:
    return is_number(value) and value >= 0
