"""SHA-256 as every ad platform wants it. What is hashed is each platform's own affair (its normalise.py)."""

import hashlib
import re
import unicodedata
from collections.abc import Callable

Rule = Callable[[str], str | None]
"""One platform's normalisation of one field; None: nothing is left."""

_HASH = re.compile(r"[0-9a-fA-F]{64}")
_UNSEEN = frozenset({"Cc", "Cf"})


def is_hash(value: str) -> bool:
    """Whether somebody hashed this value before it came here: 64 hexadecimal digits."""
    return _HASH.fullmatch(value) is not None


def visible(value: str) -> str:
    """Without control characters, byte order marks and zero-width spaces, which pasting brings along."""
    if value.isascii() and value.isprintable():
        return value
    return "".join(character for character in value if unicodedata.category(character) not in _UNSEEN)


def hashed(value: str | None, normalise: Rule) -> str | None:
    """The normalised value's SHA-256 in lower-case hex; a hash stays itself, in lower case.

    Hashed in Unicode's composed form (NFC), so that a name typed on another system hashes the same.
    None when there is no value or nothing is left of it: the hash of an empty text would match everybody
    whose value is empty, and so would that of a dash. Also None for text that UTF-8 cannot write (half a
    surrogate pair).
    """
    if value is None:
        return None
    if is_hash(value.strip()):
        return value.strip().lower()
    normal = normalise(value)
    if normal is None or not any(character.isalnum() for character in normal):
        return None
    try:
        return hashlib.sha256(unicodedata.normalize("NFC", normal).encode()).hexdigest()
    except UnicodeEncodeError:
        return None
