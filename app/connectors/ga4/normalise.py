"""Analytics' rules for personal data before hashing, and for its own ids. None: nothing is left.

Source: https://developers.google.com/analytics/devguides/collection/ga4/uid-data, read 2026-11-23, which
points to the rules of Google Ads.
"""

import re

from app.connectors.hashing import visible

_DOTLESS_DOMAINS = frozenset({"gmail.com", "googlemail.com"})
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_COOKIE = re.compile(r"GA[0-9]+\.[0-9]+\.([0-9]+\.[0-9]+)")


def email(value: str) -> str | None:
    """Without white space, in lower case; at Gmail also without dots and `+suffix` before the @."""
    local, at, domain = "".join(visible(value).split()).lower().rpartition("@")
    if domain in _DOTLESS_DOMAINS:
        local = local.partition("+")[0].replace(".", "")
    return f"{local}{at}{domain}" if local and domain else None


def phone(value: str) -> str | None:
    """E.164 with its plus sign."""
    number = value.strip()
    return number if _E164.fullmatch(number) else None


def client_id(value: str) -> str | None:
    """The client id; also out of the whole value of the cookie `_ga` (GA1.1.<client id>)."""
    text = value.strip()
    match = _COOKIE.fullmatch(text)
    return match.group(1) if match else text or None
