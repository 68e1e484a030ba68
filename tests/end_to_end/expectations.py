"""What becomes of a conversion in each way a platform can fail, by the connectors' own catalogues."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.connectors.base import OutcomeKind as K
from app.connectors.base import PlatformFacts
from app.connectors.catalogue import Entry
from app.connectors.google_ads.outcomes import CATALOGUE as GOOGLE_ADS
from app.connectors.linkedin.outcomes import CATALOGUE as LINKEDIN
from app.connectors.meta.outcomes import CATALOGUE as META
from app.connectors.microsoft_ads.outcomes import CATALOGUE as MICROSOFT_ADS
from app.connectors.oauth import ERRORS as OAUTH
from app.connectors.tiktok.outcomes import CATALOGUE as TIKTOK
from app.connectors.webhook.outcomes import CATALOGUE as WEBHOOK
from app.sandbox.cases import Case
from app.sandbox.platform import PlayedPlatform
from app.sandbox.registry import PLATFORMS
from app.values import Platform

PLAYED: Mapping[Platform, PlayedPlatform] = {
    Platform(played.name.upper()): played for played in (make() for make in PLATFORMS)
}


@dataclass(frozen=True, slots=True)
class Expected:
    """How an attempt must end."""

    kind: K
    code: str | None
    """None: it went well."""


def state_after(kind: K, facts: PlatformFacts) -> str:
    """What a first attempt that ended so makes of its delivery, in a window that is far from closing."""
    if kind is K.AMBIGUOUS:
        return "SCHEDULED" if facts.resend_safe_for > timedelta(0) else "UNCONFIRMED"
    return _STATES[kind]


_STATES = {
    K.DELIVERED: "DELIVERED",
    K.ACCEPTED: "ACCEPTED",
    K.RETRY: "SCHEDULED",
    K.REJECTED: "REJECTED",
    **dict.fromkeys((K.AUTHENTICATION, K.API_SUNSET, K.CONFIGURATION), "HELD"),
}
PAUSES = {K.AUTHENTICATION: "AUTHENTICATION", K.API_SUNSET: "API_SUNSET"}
"""What stops the whole integration, and the reason it then shows."""


def cases_at(platform: Platform, endpoint: str) -> list[Case]:
    """The cases of a platform's catalogue that can strike there."""
    played = PLAYED[platform]
    return [case for case in played.cases.values() if endpoint in played.endpoints_of(case)]


def unplayed(platform: Platform) -> set[Any]:
    """Lines of the connector's catalogue that no case of the sandbox brings about."""
    catalogue, key = _CATALOGUES[platform]
    return set(catalogue) - {key(name) for name in PLAYED[platform].cases}


def expected(platform: Platform, case: Case) -> Expected:
    """How an attempt must end that the case struck where conversions are sent.

    KeyError: neither the connector's catalogue nor a table here knows the case.
    """
    own = SPECIAL.get(platform, {}).get(case.name)
    if own is not None:
        return own
    found = next(_catalogued(platform, case.name), None)
    return found or _TRANSPORT[case.name]


def expected_of_token(case: Case) -> Expected:
    """How an attempt must end that the case struck where access tokens are fetched."""
    code = case.name.lower()
    if code in OAUTH:
        return Expected(OAUTH[code].kind, code)
    # The conversion has not been written, so it is never uncertain and never refused.
    return _TOKEN_TRANSPORT[case.name]


def _catalogued(platform: Platform, name: str) -> Iterator[Expected]:
    catalogue, key = _CATALOGUES[platform]
    for code in (key(name), *_FALLBACKS.get(platform, lambda _: ())(name)):
        entry = catalogue.get(code)
        if entry is not None:
            yield Expected(entry.kind, _CODES.get(platform, str)(name))


def _number(name: str) -> int | None:
    return int(name) if name.isdigit() else None


def _graph_code(name: str) -> tuple[int, int | None] | None:
    parts = [_number(part) for part in name.split("/")]
    return None if parts[0] is None else (parts[0], parts[1] if len(parts) > 1 else None)


def _without_subcode(name: str) -> Iterator[tuple[int, None]]:
    found = _graph_code(name)
    if found is not None:
        yield found[0], None


_CATALOGUES: Mapping[Platform, tuple[Mapping[Any, Entry], Callable[[str], Any]]] = {
    Platform.GOOGLE_ADS: (GOOGLE_ADS, str),
    Platform.META: (META, _graph_code),
    Platform.GA4: ({}, str),
    Platform.MICROSOFT_ADS: (MICROSOFT_ADS, _number),
    Platform.LINKEDIN: (LINKEDIN, str),
    Platform.TIKTOK: (TIKTOK, _number),
    Platform.WEBHOOK: (WEBHOOK, _number),
}
"""Each connector's catalogue, and how a case's name stands in it."""
_FALLBACKS: Mapping[Platform, Callable[[str], Iterator[Any]]] = {Platform.META: _without_subcode}
_CODES: Mapping[Platform, Callable[[str], str]] = {Platform.WEBHOOK: "HTTP_{}".format}

_TRANSPORT: Mapping[str, Expected] = {
    "HTML": Expected(K.RETRY, "HTTP_502"),
    "HTML_OK": Expected(K.RETRY, "HTTP_200"),
    **dict.fromkeys(("TRUNCATED", "EMPTY", "HUGE"), Expected(K.AMBIGUOUS, "UNREADABLE")),
    "REDIRECT": Expected(K.RETRY, "HTTP_302"),
    "HTTP_413": Expected(K.REJECTED, "HTTP_413"),
    **{
        f"HTTP_{status}": Expected(K.RETRY, f"HTTP_{status}")
        for status in (403, 404, 408, 425, 429, 500, 503, 504)
    },
}
"""Between any client and any platform that speaks JSON: a page is not the platform's own answer."""
_TOKEN_TRANSPORT: Mapping[str, Expected] = {
    **{name: Expected(K.RETRY, code.code) for name, code in _TRANSPORT.items()},
    **dict.fromkeys(("HTML_OK", "TRUNCATED", "EMPTY", "HUGE"), Expected(K.RETRY, "HTTP_200")),
}
_TAKEN = Expected(K.DELIVERED, None)
_BY_STATUS_ALONE = {
    **dict.fromkeys(("HTML_OK", "TRUNCATED", "EMPTY", "HUGE"), _TAKEN),
    **{f"HTTP_{status}": Expected(K.CONFIGURATION, f"HTTP_{status}") for status in (403, 404)},
}
SPECIAL: Mapping[Platform, Mapping[str, Expected]] = {
    Platform.GOOGLE_ADS: {
        # The request's own reason says more than its status.
        "INTERNAL": Expected(K.RETRY, "INTERNAL_ERROR"),
        "RATE_LIMITED": Expected(K.RETRY, "RESOURCE_EXHAUSTED"),
    },
    Platform.META: {
        "TRANSIENT": Expected(K.RETRY, "99999"),
        "RATE_LIMITED": Expected(K.RETRY, "4"),
        # Of one event: it is judged as usual, and it is the one that is missing.
        "UNNAMED": _TAKEN,
        "FEWER_RECEIVED": Expected(K.RETRY, "NOTHING_RECEIVED"),
    },
    # No answer of its own says anything about a conversion.
    Platform.GA4: _BY_STATUS_ALONE,
    Platform.MICROSOFT_ADS: {
        "RATE_LIMITED": Expected(K.RETRY, "117"),
        "NEW_CODE": Expected(K.RETRY, "9999"),
    },
    Platform.LINKEDIN: {
        "INTERNAL_SERVER_ERROR": Expected(K.RETRY, "HTTP_500"),
        "SERVICE_UNAVAILABLE": Expected(K.RETRY, "HTTP_503"),
        "GATEWAY_TIMEOUT": Expected(K.RETRY, "HTTP_504"),
        "RATE_LIMITED": Expected(K.RETRY, "TOO_MANY_REQUESTS"),
        "UNPROCESSABLE": Expected(K.REJECTED, "HTTP_422"),
        "ELEMENTS_REFUSED": Expected(K.REJECTED, "HTTP_422"),
    },
    Platform.TIKTOK: {
        "RATE_LIMITED": Expected(K.RETRY, "40100"),
        "49999": Expected(K.RETRY, "49999"),
        "40002_EVENT_SOURCE": Expected(K.CONFIGURATION, "40002"),
        # Each event has a code of its own there.
        "20001": Expected(K.REJECTED, "40002"),
        "20001_UNNAMED": Expected(K.AMBIGUOUS, "20001"),
    },
    Platform.WEBHOOK: {
        **_BY_STATUS_ALONE,
        # What a receiver of one's own does not take is offered again.
        **{str(status): Expected(K.RETRY, f"HTTP_{status}") for status in (400, 405, 409, 415, 422)},
        "HTTP_413": Expected(K.RETRY, "HTTP_413"),
        "REDIRECT": Expected(K.CONFIGURATION, "HTTP_302"),
    },
}
"""What the catalogues do not tell, because the code is another, or there is none."""

_OURS_AND_THEIRS = re.compile(r"(.+?\.)(?: [A-Z][A-Za-z ]+ says: (.+[.!?]))?")
_NOT_FOR_PEOPLE = re.compile(r"[{}]|\bNone\b|\"\s*:|<[a-z]|Traceback|\b[A-Z]+_[A-Z_]+\b")
_MEANT_FOR_PEOPLE = re.compile(r"LEADWIRE_[A-Z_]+|\bCONVERSIONS_API\b")


def is_understandable(text: str | None) -> bool:
    """Whether a marketer can read it: whole sentences, no code alone, nothing of a program's inside."""
    parts = _OURS_AND_THEIRS.fullmatch(text or "")
    if parts is None:
        return False
    ours, theirs = parts[1], parts[2] or ""
    is_sentence = len(ours.split()) >= 4 and (ours[0].isupper() or ours[0] == "'")
    return is_sentence and not _NOT_FOR_PEOPLE.search(_MEANT_FOR_PEOPLE.sub("", f"{ours} {theirs}"))
