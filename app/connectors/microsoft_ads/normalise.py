"""Microsoft's rules for personal data before hashing. Each answers None when nothing is left.

Sources, read 2026-11-23: the vendor's SDK says of the phone that it is E.164. How an e-mail address is
normalised is said for its Conversions API only, and taken to be the same here:
https://learn.microsoft.com/en-us/advertising/guides/uet-conversion-api-integration.
"""

import re

from app.connectors.hashing import visible

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def email(value: str) -> str | None:
    """Without white space, in lower case; before the @ without dots and `+alias`, at every domain."""
    local, _, domain = "".join(visible(value).split()).lower().rpartition("@")
    local = local.partition("+")[0].replace(".", "")
    return f"{local}@{domain}" if local and domain else None


def phone(value: str) -> str | None:
    """E.164 with its plus sign; None for anything else, because a country cannot be guessed here."""
    number = value.strip()
    return number if _E164.fullmatch(number) else None
