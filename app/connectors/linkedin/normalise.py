"""LinkedIn's rules for what a person is recognised by. Each answers None when nothing is left.

Source: https://learn.microsoft.com/en-us/linkedin/marketing/integrations/ads-reporting/conversions-api-schema,
read 2026-11-23. LinkedIn takes malformed values without a word and then matches nobody.
"""

import re
import unicodedata

from app.connectors.hashing import is_hash

_CLICK_ID = re.compile(r"[\x21-\x7e]{1,512}")


def email(value: str) -> str | None:
    """Before hashing: trimmed, in lower case; dots and `+suffix` stay."""
    address = value.strip().lower()
    local, _, domain = address.rpartition("@")
    return address if local and domain else None


def click_id(value: str) -> str | None:
    """`li_fat_id` as captured; None for what cannot have come from an address."""
    found = value.strip()
    return found if _CLICK_ID.fullmatch(found) else None


def name(value: str) -> str | None:
    """Of a person or a company, in clear: one line, letters as they are; None for a hash."""
    kept = (
        " " if c.isspace() else c for c in value if c.isspace() or unicodedata.category(c) not in {"Cc", "Cs"}
    )
    line = " ".join("".join(kept).split())
    return line if any(c.isalnum() for c in line) and not is_hash(line) else None


def country(value: str) -> str | None:
    """ISO 3166-1 alpha-2 in upper case."""
    code = value.strip().upper()
    return code if re.fullmatch(r"[A-Z]{2}", code) else None
