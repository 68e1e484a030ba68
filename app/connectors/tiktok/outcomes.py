"""TikTok's return codes: what each of them means for an event.

Source: https://business-api.tiktok.com/portal/docs?id=1737172488964097, read 2026-11-23. The API answers 200
to almost everything; the code in the body decides, also where it and the HTTP status disagree (same portal,
id=1749734684478466). Codes that only concern ads, files or logins are left out.
"""

import re
from typing import Any

from app.connectors.base import Outcome, OutcomeKind
from app.connectors.catalogue import UNREADABLE, Entry, by_status, entries, of_events, outcome
from app.connectors.http import Answer
from app.connectors.redaction import Redaction
from app.connectors.tiktok.api import FACTS
from app.connectors.tiktok.partial import named_events

OK = 0
PARTIAL = 20001
MAINTENANCE_PAUSE_S = 900.0
"""No page says how long: often enough to lose little, seldom enough to be no burden."""

_LIMIT = "{title} takes no more requests for the moment."
_BUSY = "{title} is not available for the moment."
_CONTENT = "{title} refused the content of the event."
_TOKEN = "{title} does not accept the access token. Create a new one in Events Manager and connect again."  # noqa: S105 - words
_RIGHTS = "The access token may not report events for this event source. Check eventSourceId and the token."
_VERSION = "{title} does not answer to this version of its API. Set another one for this installation."

SOURCE = Entry(
    kind=OutcomeKind.CONFIGURATION,
    text="{title} does not accept eventSourceId: with web a pixel code, otherwise the id of an event set.",
)
CATALOGUE: dict[int, Entry] = {
    **entries(
        OutcomeKind.RETRY,
        {
            40016: _LIMIT,
            40100: _LIMIT,
            40132: f"{_LIMIT} It says so of this event source: its access token may be in use elsewhere too.",
            40133: _LIMIT,
            40202: "{title} was changing the same thing at that moment.",
            40700: _BUSY,
            50000: _BUSY,
            50002: "{title} failed while it processed the event.",
            51021: _LIMIT,  # known from implementers alone
            51305: _BUSY,
        },
    ),
    **entries(OutcomeKind.RETRY, {60001: "{title} is in maintenance."}, retry_after_s=MAINTENANCE_PAUSE_S),
    **entries(OutcomeKind.REJECTED, {40000: _CONTENT, 40002: _CONTENT, 40011: _CONTENT}),
    **entries(
        OutcomeKind.CONFIGURATION,
        {
            40001: _RIGHTS,
            # Of all that a request names only the event source could be gone.
            40007: "{title} does not know this event source. Check eventSourceId.",
            40118: "{title} has not enabled this for the advertiser or the app.",
            40119: _RIGHTS,
            40124: "{title} has not approved the profile of the developer who created the access token.",
            40125: _RIGHTS,
            40300: "{title} does not know the advertiser any more.",
            40301: "{title} does not know the advertiser.",
            41000: "{title} takes no requests from the country this server is in.",
        },
    ),
    **entries(
        OutcomeKind.AUTHENTICATION,
        {
            40101: _TOKEN,
            40102: "The access token has expired. Create a new one in Events Manager and connect again.",
            40104: _TOKEN,
            40105: _TOKEN,
            40106: _TOKEN,
            40113: "{title} has blocked the app of the access token, or does not know it any more.",
        },
    ),
    **entries(
        OutcomeKind.API_SUNSET,
        {40006: _VERSION, 40008: _VERSION, 40010: _VERSION, 40051: _VERSION, 41001: _VERSION},
    ),
}
_NOT_FOR_EVER = frozenset({50002})
"""Can also stand for something in one event, which would fail for ever: attempts are capped lower."""
_CONTENT_CODES = frozenset({40000, 40002})
# The message is the only place where TikTok names a field. `lead_event_source` is another one.
_NAMES_SOURCE = re.compile(r"(?<![\w.])event_source(?:_id)?\b")

_DELIVERED = Entry(kind=OutcomeKind.DELIVERED, text="")
_UNNAMED = Entry(kind=OutcomeKind.RETRY, text="{title} took some of the events and does not say which.")
_NEW_CODE = Entry(kind=OutcomeKind.RETRY, text="{title} refused for a reason that is not known here.")


def read(answer: Answer, redaction: Redaction, event_ids: list[str]) -> Outcome:
    """What the answer means. `event_ids`: of the events in the request, in their order."""
    body = answer.body if isinstance(answer.body, dict) else {}
    code = _whole(body.get("code"))
    if code == PARTIAL:
        return _partial(answer, body, redaction, event_ids)
    if code is not None:
        return _coded(answer, body, redaction, code)
    if answer.status == 200 and not answer.is_html:  # noqa: PLR2004 - as almost every answer
        return outcome(UNREADABLE, answer, title=FACTS.title, redaction=redaction, code="UNREADABLE")
    return by_status(answer, title=FACTS.title, redaction=redaction)


def _coded(answer: Answer, body: dict[str, Any], redaction: Redaction, code: int) -> Outcome:
    said = body.get("message")
    entry = _DELIVERED if code == OK else _entry(code, said)
    return outcome(
        entry or _NEW_CODE,
        answer,
        title=FACTS.title,
        redaction=redaction,
        code=None if code == OK else str(code),
        # With a success it says OK.
        said=None if code == OK else said,
        request_id=body.get("request_id"),
        known=entry is not None and code not in _NOT_FOR_EVER,
    )


def _entry(code: int, said: Any) -> Entry | None:
    if code in _CONTENT_CODES and isinstance(said, str) and _NAMES_SOURCE.search(said[:1000]):
        return SOURCE
    return CATALOGUE.get(code)


def _partial(answer: Answer, body: dict[str, Any], redaction: Redaction, event_ids: list[str]) -> Outcome:
    """Some were taken: all but those that are named.

    When names cannot be trusted, RETRY with an unknown code has the request taken apart until each event has
    an answer of its own. What was taken is recognised, as this happens within seconds of the first copy.
    """
    named = named_events(body.get("data"), event_ids)
    if named is None:
        entry = _UNNAMED if len(event_ids) > 1 else UNREADABLE
        return outcome(
            entry,
            answer,
            title=FACTS.title,
            redaction=redaction,
            code=str(PARTIAL),
            request_id=body.get("request_id"),
            known=len(event_ids) == 1,
        )
    whole = _coded(answer, body, redaction, OK)
    events = {
        place: _refused(answer, body, redaction, code=_whole(code), said=said)
        for place, (code, said) in named.items()
    }
    return of_events(whole, events, count=len(event_ids))


def _refused(
    answer: Answer, body: dict[str, Any], redaction: Redaction, *, code: int | None, said: Any
) -> Outcome:
    """One event that was not taken: refused, unless its own code is known to mean something else."""
    entry = None if code is None else _entry(code, said)
    return outcome(
        entry or Entry(kind=OutcomeKind.REJECTED, text=_CONTENT),
        answer,
        title=FACTS.title,
        redaction=redaction,
        code=str(PARTIAL if code is None else code),
        said=said,
        request_id=body.get("request_id"),
    )


def _whole(value: Any) -> int | None:
    """A code as a number; TikTok writes numbers, some proxies write texts."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:  # noqa: PLR2004 - longer is no code
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
