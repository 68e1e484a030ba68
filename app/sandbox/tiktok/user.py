"""What is wrong with an event's user.

From "Events API" (business-api.tiktok.com/portal/docs?id=1771100865818625, read 2026-11-23): which fields are
SHA-256, which also take a list, which are plain.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from app.sandbox.formats import is_filled, is_sha256_hex

_HASHED_LISTS = ("email", "phone", "external_id")
_HASHED = ("first_name", "last_name", "zip_code")
_PLAIN = ("ttclid", "ttp", "ip", "user_agent", "locale", "city", "state", "country", "idfa", "idfv", "gaid")
KNOWN = frozenset({*_HASHED_LISTS, *_HASHED, *_PLAIN})
_MATCHES_ALONE = {
    "crm": frozenset({"email", "phone", "external_id", "ttclid"}),
    "offline": frozenset({"email", "phone"}),
}
_MATCHES_ON_THE_WEB = frozenset({"email", "phone", "external_id", "ttclid", "ttp"})

Found = tuple[str, str]
"""The field below the event, and what is wrong with it."""


def user_faults(user: Any, *, source: str, has_lead_id: bool) -> Iterator[Found]:
    """Everything that makes the API refuse the event."""
    if not isinstance(user, dict):
        yield "user", "Missing data for required field."
        return
    for name in user:
        if not _is_well_formed(name, user[name]):
            what = "not a valid string." if name in _PLAIN else "Not a SHA-256 hash in lower-case hex."
            yield f"user.{name}", what
    needed = _MATCHES_ALONE.get(source)
    if needed is not None and not (needed & user.keys() or has_lead_id):
        yield "user", f"At least one of {', '.join(sorted(needed))} is required."


def user_notes(user: Mapping[str, Any], *, source: str) -> Iterator[Found]:
    """What the API takes without a word but cannot use."""
    for name in user:
        if name not in KNOWN:
            yield f"user.{name}", "the API does not know this key and ignores it"
    if source == "web" and not (_MATCHES_ON_THE_WEB & user.keys() or {"ip", "user_agent"} <= user.keys()):
        yield "user", "an anonymous event, which can be matched with nobody"


def _is_well_formed(name: str, value: Any) -> bool:
    if name in _HASHED_LISTS:
        # An empty list is as wrong as an empty value.
        items = (value or [None]) if isinstance(value, list) else [value]
        return all(is_sha256_hex(item) for item in items)
    if name in _HASHED:
        return is_sha256_hex(value)
    return name not in _PLAIN or is_filled(value)
