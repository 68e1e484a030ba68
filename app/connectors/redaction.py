"""What may be kept and shown of requests and answers: bounded, without secrets and personal data."""

import json
import math
import re
from collections.abc import Collection, Iterator
from functools import cached_property
from typing import Any
from urllib.parse import quote, quote_plus

from app.connectors.base import Body

MASK = "[redacted]"
MAX_TEXT = 500
"""Characters of one text."""
_MAX_READ = 2 * MAX_TEXT
_MAX_DEPTH = 8
_MAX_ITEMS = 50
_LONGEST_NUMBER = 10**9

_SECRET_KEYS = frozenset(
    {"access_token", "refresh_token", "id_token", "client_secret", "api_secret", "authorization"}
)

# INVALID_GCLID, invalid_grant, 100/2804003
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,79}|[a-z][a-z_]{0,39}|[0-9]{1,9}(?:/[0-9]{1,9})?")

_EMAIL = re.compile(r"[^\s@<>\"'(),;:=&/]{1,320}(?:@|%40)[^\s@<>\"'(),;&/]{1,320}")

_RULES = (
    # `access_token=...`, `"api_secret": "..."`, `Bearer ...`
    (
        re.compile(
            r"(?i)\b((?:access_token|refresh_token|client_secret|api_secret)\W{1,4}|bearer\s+)[^\s\"'&,;]+"
        ),
        r"\1[redacted]",
    ),
    # Google's and Meta's tokens begin like this.
    (re.compile(r"\b(?:ya29\.|EAA|1//)[\w.-]{10,}"), "[token]"),
    # Any other long run of mixed characters; a SHA-256 is not a secret, error codes have no lower case.
    (re.compile(r"\b(?![0-9a-f]{64}\b)(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{40,}"), "[token]"),
    (_EMAIL, "[e-mail]"),
    (re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"), "[ip]"),
    (re.compile(r"(?i)(?<![\w:.])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])"), "[ip]"),
    (re.compile(r"(?<!\w)\+\d[\d\s().-]{5,}\d"), "[number]"),
    (re.compile(r"(?<![0-9A-Za-z])\d{7,}(?![0-9A-Za-z])"), "[number]"),
)


_TELLING = 3
"""Characters: shorter words are everywhere and say nothing of anybody."""


class Redaction:
    """Masks what a platform says: the connection's own secrets, tokens, addresses, long numbers."""

    def __init__(self, *secrets: str) -> None:
        self._secrets = [secret for secret in secrets if secret]
        self._exchange: tuple[Body, Body] | None = None

    def of_answer_to(self, body: Body, kept: Body) -> "Redaction":
        """One that masks, as well, what an answer repeats of a request.

        `kept`: the copy of it that is kept: what is masked or cut there must not come back.
        """
        found = Redaction(*self._secrets)
        found._exchange = body, kept
        return found

    @cached_property
    def _sent(self) -> re.Pattern[str] | None:
        # Compiled once a platform says anything: most say nothing.
        return _any_of(set(_differing(*self._exchange))) if self._exchange else None

    def text(self, value: Any) -> str | None:
        """One line of at most MAX_TEXT characters; None when the value is no text or nothing is left."""
        if not isinstance(value, str):
            return None
        line = _cleaned(value)
        for secret in self._secrets:
            line = line.replace(secret, MASK)
        if self._sent is not None:
            line = self._sent.sub(MASK, line)
        for pattern, mask in _RULES:
            line = pattern.sub(mask, line)
        return line[:MAX_TEXT] or None

    def code(self, value: str | None) -> str | None:
        """A code as platforms write them; UNKNOWN for anything else, which could be anything."""
        if value is None:
            return None
        known_form = _CODE.fullmatch(value) and not any(secret in value for secret in self._secrets)
        repeats = self._sent is not None and self._sent.search(value)
        return value if known_form and not repeats else "UNKNOWN"

    def json(self, value: Any, *, depth: int = 0) -> Any:
        """A JSON value that any database keeps."""
        if isinstance(value, dict | list) and depth >= _MAX_DEPTH:
            return MASK
        if isinstance(value, dict):
            return dict(self._pair(key, item, depth) for key, item in list(value.items())[:_MAX_ITEMS])
        if isinstance(value, list):
            return [self.json(item, depth=depth + 1) for item in value[:_MAX_ITEMS]]
        if isinstance(value, str):
            return self.text(value) or ""
        return _number(value)

    def _pair(self, key: Any, item: Any, depth: int) -> tuple[str, Any]:
        if str(key).lower() in _SECRET_KEYS:
            return str(key), MASK
        return self.text(str(key)) or "", self.json(item, depth=depth + 1)


def _differing(value: Any, kept: Any) -> Iterator[str]:
    """Every text that is another one, or none, in the copy that is kept."""
    if isinstance(value, dict):
        of_kept = kept if isinstance(kept, dict) else {}
        for key, item in value.items():
            yield from _differing(item, of_kept.get(key))
    elif isinstance(value, list):
        of_list = kept if isinstance(kept, list) else [None] * len(value)
        for item, twin in zip(value, of_list, strict=True):
            yield from _differing(item, twin)
    elif isinstance(value, str) and value != kept:
        yield value


def _any_of(texts: Collection[str]) -> re.Pattern[str] | None:
    """Finds any of these as whole words, in whatever case, also as JSON and addresses write them."""
    forms = {
        form
        for text in (" ".join(text.split()) for text in texts)
        if len(text) >= _TELLING
        for form in (
            text,
            json.dumps(text)[1:-1],
            quote(text, safe="", errors="replace"),
            quote_plus(text, errors="replace"),
        )
    }
    if not forms:
        return None
    # The longest first: another may be a part of it.
    longest_first = sorted(forms, key=len, reverse=True)
    return re.compile(rf"(?i)(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")


def masked(body: Body, *, keys: frozenset[str], urls: frozenset[str] = frozenset()) -> Body:
    """A copy of a request's body: `keys` masked, `urls` cut before their query, e-mail addresses masked.

    Only for bodies we built ourselves: it is not bounded.
    """
    return {key: _masked(key, value, keys, urls) for key, value in body.items()}


def _masked(key: str, value: Any, keys: frozenset[str], urls: frozenset[str]) -> Any:
    if key in keys:
        return MASK
    if isinstance(value, dict):
        return masked(value, keys=keys, urls=urls)
    if isinstance(value, list):
        return [_masked(key, item, keys, urls) for item in value]
    if not isinstance(value, str):
        return value
    if key in urls:
        value = re.split(r"[?#]", value, maxsplit=1)[0]
    return _EMAIL.sub("[e-mail]", value)


def _cleaned(value: str) -> str:
    """Without characters that a database or a line cannot hold, and not longer than can be searched."""
    head = value[:_MAX_READ]
    if len(value) > _MAX_READ:
        # The last run of characters is cut: of half an e-mail address or half a secret nothing would tell.
        head = re.sub(r"\S*\Z", "", head)
    printable = "".join(c if c.isprintable() else " " for c in head)
    return " ".join(printable.encode("utf-8", "replace").decode().split())


def _number(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= _LONGEST_NUMBER:
        return "[number]"
    return value
