"""Google's rules for personal data before hashing. Each answers None when nothing is left.

Source: https://developers.google.com/data-manager/api/devguides/concepts/formatting, read 2026-11-23. The
API's protocol definition also asks for names without punctuation, the guide does not; as the guide's own
formatting library, we keep it: a double name is matched with its hyphen.
"""

import re

from app.connectors.hashing import is_hash, visible

_DOTLESS_DOMAINS = frozenset({"gmail.com", "googlemail.com"})
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_PREFIX = re.compile(r"(?:mr|mrs|ms|dr)\.?(?:\s+|$)")
_SUFFIX = re.compile(r"(?:,\s*|\s+)(?:jr|sr|2nd|3rd|ii|iii|iv|v|vi|cpa|dc|dds|vm|jd|md|phd)\.?$")


def email(value: str) -> str | None:
    """Without any white space, in lower case; at Gmail also without dots and `+suffix` before the @."""
    local, at, domain = "".join(visible(value).split()).lower().rpartition("@")
    if domain in _DOTLESS_DOMAINS:
        local = local.partition("+")[0].replace(".", "")
    return f"{local}{at}{domain}" if local and domain else None


def phone(value: str) -> str | None:
    """E.164 with its plus sign; None for anything else, because a country cannot be guessed here."""
    number = value.strip()
    return number if _E164.fullmatch(number) else None


def given_name(value: str) -> str | None:
    """Trimmed, in lower case, without Mr, Mrs, Ms, Dr."""
    name = value.lower().strip()
    while match := _PREFIX.match(name):
        name = name[match.end() :]
    return name or None


def family_name(value: str) -> str | None:
    """Trimmed, in lower case, without generational and academic suffixes."""
    name = value.lower().strip()
    while match := _SUFFIX.search(name):
        name = name[: match.start()].rstrip()
    return name or None


def region_code(value: str) -> str | None:
    """ISO 3166-1 alpha-2 in upper case, not hashed."""
    code = value.strip().upper()
    return code if re.fullmatch(r"[A-Z]{2}", code) else None


def postal_code(value: str) -> str | None:
    """Trimmed, not hashed; None for a hash, for which Google would refuse the whole event."""
    code = value.strip()
    return code if code and not is_hash(code) else None
