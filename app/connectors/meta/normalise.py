"""Meta's rules for personal data before hashing. Each answers None when nothing is left.

Source:
https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters,
read 2026-11-23. Where that page is silent (spaces within names) we do as Meta's own parameter builder does.
"""

import re
import unicodedata

from app.connectors.hashing import visible
from app.connectors.meta.us_states import US_STATES

_E164 = re.compile(r"\+?([1-9][0-9]{6,14})")


def email(value: str) -> str | None:
    """Trimmed, in lower case, without invisible characters; dots and `+suffix` stay."""
    address = visible(value).strip().lower()
    local, _, domain = address.rpartition("@")
    return address if local and domain else None


def phone(value: str) -> str | None:
    """Digits with the country code, without a plus sign; None for anything but E.164."""
    match = _E164.fullmatch(value.strip())
    return match.group(1) if match else None


def name(value: str) -> str | None:
    """In lower case, without punctuation and spaces; letters of every script stay as they are."""
    return _without(value, "PSZ") or None


def city(value: str) -> str | None:
    """In lower case, letters only, of every script."""
    return _letters(value) or None


def state(value: str, *, country: str | None) -> str | None:
    """In the United States the two-letter code, elsewhere the name; in lower case, letters only."""
    iso = (country or "").strip().upper()
    # ISO 3166-2, as many address forms store it: US-CA.
    region = value.strip()[len(iso) + 1 :] if iso and value.strip().upper().startswith(f"{iso}-") else value
    letters = _letters(region)
    if iso == "US":
        letters = US_STATES.get(letters, letters)
    return letters or None


def postal_code(value: str, *, country: str | None) -> str | None:
    """In lower case, without spaces and dashes; in the United States the first five digits."""
    code = "".join(c for c in value.lower() if not c.isspace() and unicodedata.category(c) != "Pd")
    if country is not None and country.strip().upper() == "US":
        code = code[:5]
    return code or None


def country(value: str) -> str | None:
    """ISO 3166-1 alpha-2 in lower case."""
    code = value.strip().lower()
    return code if re.fullmatch(r"[a-z]{2}", code) else None


def external_id(value: str) -> str | None:
    """In lower case, without white space, as Meta's parameter builder hashes it on the website."""
    return "".join(value.split()).lower() or None


def _without(value: str, kinds: str) -> str:
    """Drops characters by the first letter of their Unicode category; control characters always."""
    lower = value.lower()
    return "".join(
        c for c in lower if unicodedata.category(c)[0] not in kinds and unicodedata.category(c) != "Cc"
    )


def _letters(value: str) -> str:
    # Marks belong to the letters before them in many scripts.
    return "".join(c for c in value.lower() if unicodedata.category(c)[0] in "LM")
