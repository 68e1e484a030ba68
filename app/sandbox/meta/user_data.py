"""What is wrong with an event's user_data.

From "Customer information parameters" (.../conversions-api/parameters/customer-information-parameters, read
2026-11-23): which keys are hashed, what is unhashed, and that some keys alone are too broad to match anybody.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.sandbox.formats import is_filled, is_sha256_hex
from app.sandbox.meta.answers import BAD_LEAD_ID, BAD_PARAMETER, TOO_LITTLE_CUSTOMER_DATA

HASHED = ("em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country")
UNHASHED = (
    "client_ip_address",
    "client_user_agent",
    "fbc",
    "fbp",
    "subscription_id",
    "fb_login_id",
    "madid",
    "anon_id",
    "ctwa_clid",
    "page_id",
    "page_scoped_user_id",
)
_ENOUGH_ALONE = (
    "em",
    "ph",
    "external_id",
    "fbc",
    "fbp",
    "lead_id",
    "client_ip_address",
    "subscription_id",
    "fb_login_id",
    "madid",
    "anon_id",
    "ctwa_clid",
    "page_scoped_user_id",
)
KNOWN = frozenset({*HASHED, *UNHASHED, "external_id", "lead_id"})
_LEAD_ID = re.compile(r"[0-9]{15,17}")
_FBC = re.compile(r"fb\.[0-9]\.[0-9]{13}\.\S+")
_FBP = re.compile(r"fb\.[0-9]\.[0-9]{13}\.[0-9]+(\.\S+)?")

Json = Mapping[str, Any]
Found = tuple[str, str, int]
"""Path, text, subcode."""


def user_data_faults(user_data: Any, path: str) -> Iterator[Found]:
    """Everything that makes the API refuse the event."""
    if not isinstance(user_data, dict):
        yield path, "is required", BAD_PARAMETER
        return
    for name in HASHED:
        if name in user_data and not all(is_sha256_hex(item) for item in _items(user_data[name])):
            yield f"{path}['{name}']", "must be SHA-256 in lower-case hex", BAD_PARAMETER
    for name in ("external_id", *UNHASHED):
        if name in user_data and not all(is_filled(item) for item in _items(user_data[name])):
            yield f"{path}['{name}']", "must be a string", BAD_PARAMETER
    if "lead_id" in user_data and not _is_lead_id(user_data["lead_id"]):
        yield f"{path}['lead_id']", "must have 15 to 17 digits", BAD_LEAD_ID
    if not _is_enough(user_data):
        yield path, "is too little to match anybody", TOO_LITTLE_CUSTOMER_DATA


def user_data_notes(user_data: Json, path: str) -> Iterator[str]:
    """What the API takes without a word but cannot use."""
    for name in user_data:
        if name not in KNOWN:
            yield f"{path}['{name}']: the API does not know this key and ignores it"
    for name, form in (("fbc", _FBC), ("fbp", _FBP)):
        value = user_data.get(name)
        if isinstance(value, str) and form.fullmatch(value) is None:
            yield f"{path}['{name}']: not in the form fb.<n>.<milliseconds>.<id>"


def _items(value: Any) -> list[Any]:
    """A key takes one value or a list; an empty list is as wrong as an empty value."""
    return (value or [None]) if isinstance(value, list) else [value]


def _is_lead_id(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return False
    return _LEAD_ID.fullmatch(str(value)) is not None


def _is_enough(user_data: Json) -> bool:
    whole_name = bool(user_data.get("fn") and user_data.get("ln"))
    return whole_name or any(user_data.get(name) for name in _ENOUGH_ALONE)
