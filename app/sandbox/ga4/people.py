"""What the validation server says of the parts about a person: consent, user_data, user_properties."""

from collections.abc import Iterator
from typing import Any

from app.sandbox.formats import is_sha256_hex
from app.sandbox.ga4.answers import ValidationMessage

MAX_USER_PROPERTIES = 25
_CONSENT = frozenset({"ad_user_data", "ad_personalization"})
_HASHED_LISTS = ("sha256_email_address", "sha256_phone_number")
_HASHED_PARTS = ("sha256_first_name", "sha256_last_name", "sha256_street")

Messages = Iterator[ValidationMessage]


def consent_messages(consent: Any) -> Messages:
    """What is wrong with the consent of a request; None: there is none."""
    if consent is None:
        return
    if not isinstance(consent, dict):
        yield ValidationMessage("consent", "VALUE_INVALID", "Must be an object.")
        return
    for name, value in consent.items():
        if name not in _CONSENT:
            yield ValidationMessage(f"consent.{name}", "VALUE_INVALID", f"Cannot find field: {name}")
        elif value not in ("GRANTED", "DENIED"):
            yield ValidationMessage(f"consent.{name}", "VALUE_INVALID", "Must be GRANTED or DENIED.")


def user_data_messages(user_data: Any) -> Messages:
    """What is wrong with the user-provided data of a request; None: there is none."""
    if user_data is None:
        return
    if not isinstance(user_data, dict):
        yield ValidationMessage("user_data", "VALUE_INVALID", "Must be an object.")
        return
    for name in _HASHED_LISTS:
        yield from _hash_messages(user_data, name, "user_data")
    addresses = user_data.get("address", [])
    for index, address in enumerate(addresses if isinstance(addresses, list) else [addresses]):
        path = f"user_data.address[{index}]"
        if not isinstance(address, dict):
            yield ValidationMessage(path, "VALUE_INVALID", "Must be an object.")
            continue
        for name in _HASHED_PARTS:
            yield from _hash_messages(address, name, path)


def user_properties_messages(properties: Any) -> Messages:
    """What is wrong with the user properties of a request; None: there are none."""
    if properties is None:
        return
    if not isinstance(properties, dict):
        yield ValidationMessage("user_properties", "VALUE_INVALID", "Must be an object.")
    elif len(properties) > MAX_USER_PROPERTIES:
        yield ValidationMessage(
            "user_properties",
            "EXCEEDED_MAX_ENTITIES",
            f"{len(properties)} user properties given, {MAX_USER_PROPERTIES} allowed.",
        )


def _hash_messages(holder: dict[str, Any], name: str, path: str) -> Messages:
    if name not in holder:
        return
    value = holder[name]
    items = value if isinstance(value, list) else [value]
    if not items or not all(is_sha256_hex(item) for item in items):
        yield ValidationMessage(f"{path}.{name}", "VALUE_INVALID", "Must be SHA-256 in lower-case hex.")
