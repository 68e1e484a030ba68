"""TikTok's rules for personal data before hashing. Each answers None when nothing is left.

Sources, read 2026-11-23: https://business-api.tiktok.com/portal/docs?id=1771100865818625 (which fields are
hashed, E.164) and the connector that TikTok's own engineers keep in github.com/segmentio/action-destinations,
tiktok-conversions (names, postal codes, external ids, of which the page says little).
"""

import re
import unicodedata

from app.connectors.hashing import visible

_E164 = re.compile(r"\+?([1-9][0-9]{6,14})")


def email(value: str) -> str | None:
    """Trimmed, in lower case, without invisible characters; nothing else may be changed."""
    address = visible(value).strip().lower()
    local, _, domain = address.rpartition("@")
    return address if local and domain else None


def phone(value: str) -> str | None:
    """E.164 with its plus sign; None for anything else."""
    match = _E164.fullmatch(value.strip())
    return f"+{match.group(1)}" if match else None


def name(value: str) -> str | None:
    """In lower case, without punctuation and white space; letters of every script stay as they are."""
    return (
        "".join(c for c in value.lower() if unicodedata.category(c)[0] not in "PZ" and not _is_control(c))
        or None
    )


def postal_code(value: str) -> str | None:
    """In lower case, without white space; dashes stay."""
    return "".join(c for c in value.lower() if not c.isspace() and not _is_control(c)) or None


def external_id(value: str) -> str | None:
    """Trimmed, in lower case."""
    return value.strip().lower() or None


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc"
