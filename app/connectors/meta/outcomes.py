"""Meta's error catalogue, and how its answers are read.

Sources, read 2026-11-23:
https://developers.facebook.com/documentation/ads-commerce/marketing-api/error-reference and
https://developers.facebook.com/docs/graph-api/guides/error-handling. Most subcodes are not explained
anywhere: Meta's own words are shown with them.
"""

import re
from typing import Any

from app.connectors.base import Outcome, OutcomeKind
from app.connectors.catalogue import UNREADABLE, Entry, by_status, entries, of_events, outcome
from app.connectors.http import Answer
from app.connectors.meta.api import FACTS
from app.connectors.redaction import Redaction

_BUSY = "{title} is not available for the moment."
_LIMIT = "{title} takes no more requests for the moment."
_CREDENTIALS = (
    "{title} does not accept the access token. Create a new one in Events Manager and connect again."
)
_DATASET = (
    "{title} does not know the dataset, or the token may not write to it. Check datasetId and the token."
)
_RIGHTS = "The access token may not do this. Give its user access to the dataset in Meta's business settings."
_CONTENT = "{title} refused the content of the event."

CATALOGUE: dict[tuple[int, int | None], Entry] = {
    **entries(
        OutcomeKind.RETRY,
        {
            (1, None): _BUSY,
            (2, None): _BUSY,
            (4, None): _LIMIT,
            (17, None): _LIMIT,
            (341, None): _LIMIT,
            (613, None): _LIMIT,
            (80003, None): _LIMIT,
            (5000, None): _BUSY,
            (21009, None): _BUSY,
        },
    ),
    **entries(
        OutcomeKind.REJECTED,
        {
            (100, None): _CONTENT,
            (100, 2804003): "The event is older than the 7 days Meta takes.",
            (100, 2804001): _CONTENT,
            (100, 2804007): _CONTENT,
            (100, 2804009): _CONTENT,
            (100, 2804016): _CONTENT,
            (100, 2804017): _CONTENT,
            (100, 2804019): _CONTENT,
            (100, 2804048): _CONTENT,
            (105, None): _CONTENT,
        },
    ),
    **entries(
        OutcomeKind.CONFIGURATION,
        {
            (100, 33): _DATASET,
            (100, 34): _DATASET,
            (100, 38): _DATASET,
            (3, None): _RIGHTS,
            (10, None): _RIGHTS,
            (200, None): _RIGHTS,
            (368, None): "Meta has blocked this account for the moment because of its policies.",
        },
    ),
    **entries(OutcomeKind.AUTHENTICATION, {(102, None): _CREDENTIALS, (190, None): _CREDENTIALS}),
    **entries(
        OutcomeKind.API_SUNSET,
        {
            (
                2635,
                None,
            ): "This version of {title}'s API has ended. Set LEADWIRE_META_API_VERSION to a newer one."
        },
    ),
}
"""By code and subcode; None: any other subcode, or none."""

NOTHING_RECEIVED = "NOTHING_RECEIVED"
"""Our name for a success that counts no event."""

_TRANSIENT = Entry(kind=OutcomeKind.RETRY, text=_BUSY)
_NEW_CODE = Entry(kind=OutcomeKind.RETRY, text="{title} refused for a reason that is not known here.")
_DELIVERED = Entry(kind=OutcomeKind.DELIVERED, text="")
_NONE_RECEIVED = Entry(kind=OutcomeKind.RETRY, text="{title} answered that it received no event.")
_FEWER_RECEIVED = Entry(
    kind=OutcomeKind.AMBIGUOUS, text="{title} received fewer events than were sent, and does not say which."
)
"""Sent again within the 48 hours in which copies are recognised, in ever smaller requests."""

# $['data'][3]['event_time'], also with the quotation marks of a language; data[3].event_time
_INDEX = re.compile(r"(?<![A-Za-z_])(data['\"\u2018\u2019]?\]?\[)([0-9]{1,4})(?=\])")


def read(answer: Answer, redaction: Redaction, *, count: int = 1) -> Outcome:
    """What the answer means for the `count` events of the request."""
    body = answer.body if isinstance(answer.body, dict) else {}
    error = body.get("error")
    if isinstance(error, dict):
        whole = _refused(answer, error, redaction)
        return of_events(whole, dict.fromkeys(_blamed(whole, error, count), whole), count=count)
    if answer.status == 200 and not answer.is_html:  # noqa: PLR2004 - the only success of this method
        return _taken(answer, body, redaction, count)
    return by_status(answer, title=FACTS.title, redaction=redaction)


def _blamed(whole: Outcome, error: dict[str, Any], count: int) -> set[int]:
    """The events that are named as the reason why none was taken; Meta names the first.

    What is wrong with the dataset is wrong for each of them: none needs to be sent alone to find that out.
    """
    if whole.kind is OutcomeKind.CONFIGURATION:
        return set(range(count))
    if whole.kind is not OutcomeKind.REJECTED:
        return set()
    named = {int(match[2]) for match in _INDEX.finditer(_words(error) or "")}
    return {index for index in named if index < count}


def _words(error: dict[str, Any]) -> str | None:
    """What Meta says for people, else for developers."""
    texts = (error.get("error_user_msg"), error.get("message"))
    return next((text for text in texts if isinstance(text, str) and text), None)


def _taken(answer: Answer, body: dict[str, Any], redaction: Redaction, count: int) -> Outcome:
    received = body.get("events_received")
    if not isinstance(received, int):
        entry, code, known = UNREADABLE, "UNREADABLE", True
    elif received < 1:
        entry, code, known = _NONE_RECEIVED, NOTHING_RECEIVED, False
    elif received < count:
        entry, code, known = _FEWER_RECEIVED, "FEWER_RECEIVED", True
    else:
        entry, code, known = _DELIVERED, None, True
    request_id = body.get("fbtrace_id")
    return outcome(
        entry, answer, title=FACTS.title, redaction=redaction, code=code, request_id=request_id, known=known
    )


def _refused(answer: Answer, error: dict[str, Any], redaction: Redaction) -> Outcome:
    code, subcode = _whole(error.get("code")), _whole(error.get("error_subcode"))
    entry = None if code is None else CATALOGUE.get((code, subcode)) or CATALOGUE.get((code, None))
    if error.get("is_transient") is True:
        entry = _TRANSIENT
    if entry is None and code is None:
        return by_status(answer, title=FACTS.title, redaction=redaction)
    name = str(code) if subcode is None else f"{code}/{subcode}"
    return outcome(
        entry or _NEW_CODE,
        answer,
        title=FACTS.title,
        redaction=redaction,
        code=name,
        # Which place an event had in a request says nothing to anybody.
        said=_INDEX.sub(r"\g<1>0", _words(error) or ""),
        request_id=error.get("fbtrace_id"),
        known=entry is not None,
    )


def _whole(value: Any) -> int | None:
    """A code as a number; Meta writes numbers, some proxies write texts."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:  # noqa: PLR2004 - longer is no code
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
