"""LinkedIn's error catalogue, and how its answers are read.

Sources, read 2026-11-23, all below https://learn.microsoft.com/en-us/linkedin/:
shared/api-guide/concepts/error-handling, marketing/versioning (426) and
marketing/integrations/ads-reporting/conversions-api. What is wrong with single events is documented nowhere;
the forms of those texts were reported by implementers: `Index: 0, ERROR :: /path :: text` with 422 and
`text, indices [0, 2] (0-indexed)` with 400.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.connectors.base import Outcome, OutcomeKind
from app.connectors.catalogue import UNREADABLE, Entry, by_status, entries, of_events, outcome
from app.connectors.http import Answer
from app.connectors.linkedin.api import FACTS
from app.connectors.redaction import Redaction

_CREDENTIALS = "{title} does not accept the access token. Create a new one and connect the integration again."
_RULE = (
    "{title} does not know the conversion rule, or the token's user may not use its ad account. Check what "
    "the label is mapped to, and the user's role in the ad account."
)
_NEXT_VERSION = (
    "{title} has ended this version of its API. Set LEADWIRE_LINKEDIN_API_VERSION to a newer one, such as "
    "last month's (YYYYMM), and restart."
)

CATALOGUE: dict[str, Entry] = {
    **entries(
        OutcomeKind.AUTHENTICATION,
        {
            "INVALID_ACCESS_TOKEN": _CREDENTIALS,
            "REVOKED_ACCESS_TOKEN": "The access to {title} was revoked. Connect the integration again.",
            "EXPIRED_ACCESS_TOKEN": "The access token for {title} has ended. Create a new one and connect "
            "the integration again.",
            "EMPTY_ACCESS_TOKEN": _CREDENTIALS,
        },
    ),
    **entries(
        OutcomeKind.CONFIGURATION,
        {
            "ACCESS_DENIED": "The access token may not do this. It needs the scopes rw_conversions and "
            "r_ads.",
            "VERSION_MISSING": "{title} was asked without a version. Set LEADWIRE_LINKEDIN_API_VERSION.",
            "NO_AD_ACCOUNTS": _RULE,
            "INVALID_CONVERSION": _RULE,
            "WRONG_CONVERSION_METHOD": "The conversion rule is not one for the Conversions API. Create a "
            "rule whose source is the Conversions API, and map the label to it.",
        },
    ),
    **entries(
        OutcomeKind.REJECTED,
        {"INVALID_TIME": "{title} takes conversions of the last 90 days only, and none of the future."},
    ),
    **entries(OutcomeKind.RETRY, {"TOO_MANY_REQUESTS": "{title} takes no more requests for the moment."}),
    **entries(OutcomeKind.API_SUNSET, {"NONEXISTENT_VERSION": _NEXT_VERSION, "HTTP_426": _NEXT_VERSION}),
}
"""By LinkedIn's `code`; where it gives none, by the names below that we give to its texts."""

_SERVICE_CODES = {
    65600: "INVALID_ACCESS_TOKEN",
    65601: "REVOKED_ACCESS_TOKEN",
    65602: "EXPIRED_ACCESS_TOKEN",
    65604: "EMPTY_ACCESS_TOKEN",
}
_TEXTS = (
    (re.compile(r"(?i)no ad accounts found"), "NO_AD_ACCOUNTS"),
    (re.compile(r"(?i)method should be CONVERSIONS_API"), "WRONG_CONVERSION_METHOD"),
    (re.compile(r"ERROR :: /conversion ::"), "INVALID_CONVERSION"),
    (re.compile(r"(?i)conversion time should be within"), "INVALID_TIME"),
)
_INDEX = re.compile(r"Index: ([0-9]{1,6}), ")
_INDICES = re.compile(r"indices \[([0-9, ]{1,50000})\]")
_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,79}")
_NUMBERS = ("status", "serviceErrorCode")
_QUOTED = re.compile(r'"[^"]*"')
_NO_TYPE = " cannot be coerced"
_COERCED = re.compile(rf"(ERROR :: \S+ ::) .*{_NO_TYPE}")
_JUDGED_BY_TEXT = frozenset({400, 403, 422})

_DELIVERED = Entry(kind=OutcomeKind.DELIVERED, text="")
_CONTENT = Entry(kind=OutcomeKind.REJECTED, text="{title} refused the content of the event.")


def read(answer: Answer, redaction: Redaction, *, count: int) -> Outcome:
    """What the answer means for the `count` events that were sent."""
    if 200 <= answer.status < 300 and not answer.is_html:  # noqa: PLR2004 - what HTTP calls a success
        return _taken(answer, redaction, count)
    return refused(answer, redaction, count=count)


def refused(answer: Answer, redaction: Redaction, *, count: int = 1) -> Outcome:
    """What an answer that is no success means: nothing was taken; the events it names are the reason."""
    code = _code(answer)
    if code is None:
        return by_status(_keepable(answer), title=FACTS.title, redaction=redaction)
    text = _without_values(_error(answer).get("message"))
    whole = _judged(answer, text, code, redaction)
    named = {} if code in CATALOGUE and answer.status not in _JUDGED_BY_TEXT else _by_index(text)
    events = {
        index: _judged(answer, own, _code_of_text(own) or f"HTTP_{answer.status}", redaction)
        for index, own in named.items()
        if index < count
    }
    return of_events(whole, events, count=count)


def _taken(answer: Answer, redaction: Redaction, count: int) -> Outcome:
    elements = _error(answer).get("elements")
    statuses = [_status(element) for element in elements] if isinstance(elements, list) else []
    kept = _keepable(answer)
    if len(statuses) != count or None in statuses:
        return outcome(UNREADABLE, kept, title=FACTS.title, redaction=redaction, code="UNREADABLE")
    whole = outcome(_DELIVERED, kept, title=FACTS.title, redaction=redaction, code=None)
    events = {
        index: _element(answer, element, redaction)
        for index, element in enumerate(elements or [])
        if not 200 <= element["status"] < 300  # noqa: PLR2004 - as above
    }
    return of_events(whole, events, count=count)


def _element(answer: Answer, element: dict[str, Any], redaction: Redaction) -> Outcome:
    """What is said of one event in an answer that took others."""
    said = element.get("error")
    own = replace(answer, status=element["status"], body=said if isinstance(said, dict) else element)
    return replace(refused(own, redaction), http_status=answer.status)


def _judged(answer: Answer, text: str, code: str, redaction: Redaction) -> Outcome:
    kept = _keepable(answer)
    return outcome(
        CATALOGUE.get(code, _CONTENT),
        replace(kept, body={**_error(kept), "message": text}) if text else kept,
        title=FACTS.title,
        redaction=redaction,
        code=code,
        said=text,
    )


def _code(answer: Answer) -> str | None:
    """The code that decides; None: the status does, and LinkedIn's own words tell nothing."""
    if answer.status == 426:  # noqa: PLR2004 - LinkedIn's for a version that has ended
        return "NONEXISTENT_VERSION" if _error(answer).get("code") == "NONEXISTENT_VERSION" else "HTTP_426"
    error = _error(answer)
    named, service = error.get("code"), error.get("serviceErrorCode")
    if isinstance(named, str) and named in CATALOGUE:
        return named
    if isinstance(service, int) and service in _SERVICE_CODES:
        return _SERVICE_CODES[service]
    if answer.status not in _JUDGED_BY_TEXT or not isinstance(error.get("message"), str):
        return None
    return _code_of_text(error["message"]) or (None if answer.status == 403 else f"HTTP_{answer.status}")  # noqa: PLR2004 - never about an event's content


def _code_of_text(text: str) -> str | None:
    return next((code for pattern, code in _TEXTS if pattern.search(text)), None)


def _by_index(text: str) -> Mapping[int, str]:
    """What is said of each event. Lines without an index go on about the event of the line before."""
    said: defaultdict[int, list[str]] = defaultdict(list)
    current: int | None = None
    for line in text.splitlines():
        start = _INDEX.match(line)
        listed = _INDICES.search(line)
        if listed:
            for number in {int(digits) for digits in listed[1].replace(",", " ").split() if len(digits) < 7}:  # noqa: PLR2004 - far above any batch
                said[number].append(line)
            continue
        if start:
            current = int(start[1])
        if current is not None and line.strip():
            said[current].append(line[start.end() :] if start else line)
    return {index: "\n".join(lines) for index, lines in said.items()}


def _keepable(answer: Answer) -> Answer:
    """The same with no more in it than is stored: names are in the request, and any field could repeat one.

    What is said of one event is stored with each that shared its request.
    """
    return replace(answer, body=_kept(answer.body))


def _kept(said: Any) -> Any:
    if not isinstance(said, dict):
        return None
    numbers = {key: said[key] for key in _NUMBERS if isinstance(said.get(key), int)}
    code, elements = said.get("code"), said.get("elements")
    return {
        **numbers,
        **({"code": code} if isinstance(code, str) and _CODE.fullmatch(code) else {}),
        **({"message": _without_values(said["message"])} if isinstance(said.get("message"), str) else {}),
        **({"elements": [_kept(element) for element in elements]} if isinstance(elements, list) else {}),
    }


def _without_values(message: Any) -> str:
    """LinkedIn's validators repeat what they refuse: `"x" is not an enum symbol`, `x cannot be coerced`."""
    lines = message.splitlines() if isinstance(message, str) else []
    return "\n".join(_without_value(line) for line in lines)


def _without_value(line: str) -> str:
    line = _QUOTED.sub('"..."', line)
    # Without this look a long line without the words would be searched from each of its starts.
    return _COERCED.sub(rf"\1 ...{_NO_TYPE}", line) if _NO_TYPE in line else line


def _error(answer: Answer) -> dict[str, Any]:
    return answer.body if isinstance(answer.body, dict) else {}


def _status(element: Any) -> int | None:
    status = element.get("status") if isinstance(element, dict) else None
    return status if isinstance(status, int) and not isinstance(status, bool) else None
