"""What is wrong with an event's user data: how many identifiers, which parts, hashed and encoded how.

From the reference of UserData and "Format user data" (developers.google.com/data-manager/api, read
2026-11-23). Encrypted values cannot be looked into, so only their parts are checked.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.sandbox.formats import is_sha256_hex
from app.sandbox.google_ads.answers import Violation

MAX_IDENTIFIERS = 10
_SHA256_BYTES = 32
_REGION = re.compile(r"[A-Z]{2}")
_ADDRESS_PARTS = {
    "givenName": "given_name",
    "familyName": "family_name",
    "regionCode": "region_code",
    "postalCode": "postal_code",
}

Json = Mapping[str, Any]


def user_data_violations(
    event: Json, path: str, *, encoding: str | None, encrypted: bool
) -> Iterator[Violation]:
    """Everything wrong with one event's user data.

    Args:
        event: as it came in, fitting its message.
        path: the event's, for the fields named.
        encoding: HEX, BASE64, or None: not said.
        encrypted: whether the values are encrypted on top.
    """
    identifiers = (event.get("userData") or {}).get("userIdentifiers") or []
    field = f"{path}.user_data.user_identifiers"
    if len(identifiers) > MAX_IDENTIFIERS:
        yield Violation(
            field, "TOO_MANY_USER_IDENTIFIERS", f"{len(identifiers)} given, {MAX_IDENTIFIERS} allowed."
        )
    for index, identifier in enumerate(identifiers):
        place = f"{field}[{index}]"
        yield from _missing_parts(identifier, place)
        if encoding is not None and not encrypted:
            for value in _hashed(identifier):
                yield from _hash_violations(value, place, encoding)


def _missing_parts(identifier: Json, place: str) -> Iterator[Violation]:
    if not any(identifier.get(name) for name in ("emailAddress", "phoneNumber", "address")):
        yield Violation(place, "REQUIRED_FIELD_MISSING", "The identifier is empty.")
    address = identifier.get("address")
    if not address:
        return
    for name, wire_name in _ADDRESS_PARTS.items():
        if not address.get(name):
            yield Violation(
                f"{place}.address.{wire_name}", "REQUIRED_FIELD_MISSING", "Required field is missing."
            )
    region = address.get("regionCode")
    if region and _REGION.fullmatch(region) is None:
        yield Violation(f"{place}.address.region_code", "INVALID_REGION_CODE", "Not ISO 3166-1 alpha-2.")
    if is_sha256_hex(address.get("postalCode")):
        yield Violation(f"{place}.address.postal_code", "INVALID_POSTAL_CODE", "Postal codes are not hashed.")


def _hashed(identifier: Json) -> list[str]:
    address = identifier.get("address") or {}
    values = (
        identifier.get("emailAddress"),
        identifier.get("phoneNumber"),
        address.get("givenName"),
        address.get("familyName"),
    )
    return [value for value in values if value]


def _hash_violations(value: str, place: str, encoding: str) -> Iterator[Violation]:
    try:
        digest = bytes.fromhex(value) if encoding == "HEX" else base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        yield Violation(place, f"INVALID_{encoding}_ENCODING", f"The {encoding} encoded value is malformed.")
        return
    if len(digest) != _SHA256_BYTES:
        yield Violation(place, "INVALID_SHA256_FORMAT", "The SHA256 encoded value is malformed.")
