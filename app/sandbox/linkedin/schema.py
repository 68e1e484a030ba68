"""The fields of an event and their types, as LinkedIn's validator judges them: unknown ones are refused.

From "Conversions API Schema" (learn.microsoft.com/en-us/linkedin/marketing/integrations/ads-reporting/
conversions-api-schema, read 2026-11-23).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Fault = str
"""`/path :: text`."""
Check = Callable[[Any, str], Iterator[Fault]]
"""What is wrong with a value at a path."""

_MAX_LONG = 2**63
ID_TYPES = frozenset(
    {
        "SHA256_EMAIL",
        "LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID",
        "ACXIOM_ID",
        "PLAINTEXT_IP_ADDRESS",
        "GOOGLE_AID",
    }
)
_RULE = re.compile(r"urn:lla:llaPartnerConversion:[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object."""

    check: Check
    is_required: bool = False


def _text(value: Any, path: str) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield f"{path} :: {_shown(value)} cannot be coerced to String"


def _milliseconds(value: Any, path: str) -> Iterator[Fault]:
    # Whole numbers only: JSON has integers of any size, a Long has 63 bits.
    if not isinstance(value, int) or isinstance(value, bool) or not -_MAX_LONG <= value < _MAX_LONG:
        yield f"{path} :: {_shown(value)} cannot be coerced to Long"


def _rule(value: Any, path: str) -> Iterator[Fault]:
    if not isinstance(value, str) or not value.startswith("urn:lla:llaPartnerConversion:"):
        yield f"{path} :: Invalid Urn format. Invalid prefix."
    elif not _RULE.fullmatch(value):
        yield f"{path} :: Invalid Urn format."


def _id_type(value: Any, path: str) -> Iterator[Fault]:
    if not isinstance(value, str) or value not in ID_TYPES:
        yield f'{path} :: "{_shown(value)}" is not an enum symbol'


def _record(fields: Mapping[str, Field]) -> Check:
    def check(value: Any, path: str) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield f"{path or '/'} :: {_shown(value)} is not backed by a DataMap"
            return
        for name, field in fields.items():
            if name in value:
                yield from field.check(value[name], f"{path}/{name}")
            elif field.is_required:
                yield f"{path}/{name} :: field is required but not found and has no default value"
        for name in value:
            if name not in fields:
                yield f"{path}/{_shown(name)} :: unrecognized field found but not allowed"

    return check


def _array(item: Check, *, most: int | None = None) -> Check:
    def check(value: Any, path: str) -> Iterator[Fault]:
        if not isinstance(value, list):
            yield f"{path} :: {_shown(value)} is not backed by a DataList"
            return
        if most is not None and len(value) > most:
            yield f"{path} :: has more than {most} items"
        for index, entry in enumerate(value):
            yield from item(entry, f"{path}/{index}")

    return check


_VALUE = _record({"currencyCode": Field(_text, is_required=True), "amount": Field(_text, is_required=True)})
_USER_ID = _record({"idType": Field(_id_type, is_required=True), "idValue": Field(_text, is_required=True)})
_USER_INFO = _record(
    {
        "firstName": Field(_text, is_required=True),
        "lastName": Field(_text, is_required=True),
        "title": Field(_text),
        "companyName": Field(_text),
        "countryCode": Field(_text),
    }
)
_USER = _record(
    {
        "userIds": Field(_array(_USER_ID), is_required=True),
        "userInfo": Field(_USER_INFO),
        "externalIds": Field(_array(_text, most=1)),
        "lead": Field(_text),
    }
)
event_faults: Check = _record(
    {
        "conversion": Field(_rule, is_required=True),
        "conversionHappenedAt": Field(_milliseconds, is_required=True),
        "conversionValue": Field(_VALUE),
        "user": Field(_USER, is_required=True),
        "eventId": Field(_text),
    }
)
"""What is wrong with an event; the path of the event itself is empty."""


def _shown(value: Any) -> str:
    return f"{value}"[:40]
