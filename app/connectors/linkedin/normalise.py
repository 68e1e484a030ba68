"""LinkedIn's rules for what a person is recognised by. Each answers None when nothing is left.

Source: https://learn.microsoft.com/en-us/linkedin/marketing/integrations/ads-reporting/conversions-api-schema,
read 2026-11-23. LinkedIn takes malformed values without a word and then matches nobody.
"""

import re
import unicodedata

from app.connectors.hashing import is_hash, visible

_CLICK_ID = re.compile(r"[\x21-\x7e]{1,512}")
# Control characters, halves of surrogate pairs, and the invisible ones that pasting brings along ...
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})
# ... but these two belong to names in some scripts.
_JOINERS = frozenset("\u200c\u200d")


def email(value: str) -> str | None:
    """Before hashing: trimmed, in lower case, without invisible characters; dots and `+suffix` stay."""
    address = visible(value).strip().lower()
    local, _, domain = address.rpartition("@")
    return address if local and domain else None


def click_id(value: str) -> str | None:
    """`li_fat_id` as captured; None for what cannot have come from an address."""
    found = value.strip()
    return found if _CLICK_ID.fullmatch(found) else None


def name(value: str) -> str | None:
    """Of a person or a company, in clear: one line, letters as they are; None for a hash."""
    kept = "".join(" " if c.isspace() else c for c in value if c.isspace() or _is_seen(c))
    line = " ".join(unicodedata.normalize("NFC", kept).split())
    return line if any(c.isalnum() for c in line) and not is_hash(line) else None


def country(value: str) -> str | None:
    """ISO 3166-1 alpha-2 in upper case."""
    code = value.strip().upper()
    return code if re.fullmatch(r"[A-Z]{2}", code) else None


def _is_seen(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in _UNSEEN
