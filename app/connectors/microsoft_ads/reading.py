"""How Microsoft's answers are read: errors of single conversions, and errors of the whole request.

Shapes from the vendor's own models (package msads 13.0.30.1: BatchError, OperationError, AdApiError,
ApiFaultDetail, AdApiFaultDetail) and the page of ApplyOfflineConversions, read 2026-11-23.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from app.connectors.base import Outcome, OutcomeKind
from app.connectors.catalogue import UNREADABLE, Entry, by_status, of_events, outcome
from app.connectors.http import Answer
from app.connectors.microsoft_ads.api import FACTS
from app.connectors.microsoft_ads.outcomes import CATALOGUE, GRAVITY, TOKEN_EXPIRED
from app.connectors.redaction import Redaction

_DELIVERED = Entry(kind=OutcomeKind.DELIVERED, text="")
_NEW_CODE = Entry(kind=OutcomeKind.RETRY, text="{title} refused for a reason that is not known here.")
_OF_ALL = ("Errors", "OperationErrors")
"""Errors of the whole request, in AdApiFaultDetail and in ApiFaultDetail."""
_OF_ONE = "BatchErrors"
"""Errors of single items that were the reason to take none."""
_OK = 200
_SPEAKS_BY_STATUS = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class Error:
    """One error, whichever of the vendor's models it came in."""

    code: int | None
    words: Any
    index: int | None
    """Of the item in the request; None: it names none."""


def read(answer: Answer, redaction: Redaction, *, count: int) -> Outcome:
    """What the answer means for the `count` conversions, or adjustments, of the request."""
    body = answer.body if isinstance(answer.body, dict) else {}
    if faults(body):
        return _refused(answer, body, redaction, count)
    if answer.status != _OK or not isinstance(answer.body, dict):
        return unread(answer, redaction)
    partial = body.get("PartialErrors")
    # Null and absent are the same in the vendor's model: nothing went wrong.
    if partial is not None and not isinstance(partial, list):
        return _told(UNREADABLE, "UNREADABLE", answer, redaction)
    return _taken(answer, _errors(partial), redaction, count)


def unread(answer: Answer, redaction: Redaction) -> Outcome:
    """What is to be made of an answer without any code."""
    if answer.status == _OK and not answer.is_html:
        return _told(UNREADABLE, "UNREADABLE", answer, redaction)
    return by_status(answer, title=FACTS.title, redaction=redaction)


def wants_new_token(answer: Answer) -> bool:
    """Whether it was the access token that was refused."""
    body = answer.body if isinstance(answer.body, dict) else {}
    return answer.status == 401 or any(error.code == TOKEN_EXPIRED for error in faults(body))  # noqa: PLR2004 - RFC 9110


def faults(body: dict[str, Any]) -> list[Error]:
    """The errors for which the whole request was refused."""
    return [error for name in (*_OF_ALL, _OF_ONE) for error in _errors(body.get(name))]


def _taken(answer: Answer, errors: list[Error], redaction: Redaction, count: int) -> Outcome:
    """Everything was taken but what the errors name."""
    named: defaultdict[int, list[Error]] = defaultdict(list)
    nameless = []
    for error in errors:
        if error.index is not None and error.index < count:
            named[error.index].append(error)
        else:
            nameless.append(error)
    # Where it is not known which an error is about, as if none had been taken: a copy does no harm.
    taken = _told(_DELIVERED, None, answer, redaction)
    whole = _of(nameless, answer, redaction) if nameless else taken
    events = {index: _of(found, answer, redaction) for index, found in named.items()}
    return of_events(whole, events, count=count)


def _refused(answer: Answer, body: dict[str, Any], redaction: Redaction, count: int) -> Outcome:
    """Nothing was taken; what is said of single items lets the others be sent again without them."""
    whole = _of(faults(body), answer, redaction)
    if any(_errors(body.get(name)) for name in _OF_ALL):
        return whole
    items = [error for error in faults(body) if error.index is not None and error.index < count]
    events = {
        index: _of([error for error in items if error.index == index], answer, redaction)
        for index in {error.index for error in items if error.index is not None}
    }
    return of_events(whole, events, count=count)


def _of(errors: list[Error], answer: Answer, redaction: Redaction) -> Outcome:
    """What several errors of the same thing come to: the gravest of those that are known."""
    known = [(error, CATALOGUE[error.code]) for error in errors if error.code in CATALOGUE]
    if known:
        error, entry = min(known, key=lambda pair: GRAVITY.index(pair[1].kind))
        return _told(entry, str(error.code), answer, redaction, said=error.words)
    if answer.status in _SPEAKS_BY_STATUS:
        return by_status(answer, title=FACTS.title, redaction=redaction)
    code = next((str(error.code) for error in errors if error.code is not None), "UNKNOWN")
    return _told(_NEW_CODE, code, answer, redaction, said=errors[0].words, known=False)


def _told(
    entry: Entry,
    code: str | None,
    answer: Answer,
    redaction: Redaction,
    *,
    said: Any = None,
    known: bool = True,
) -> Outcome:
    request_id = answer.body.get("TrackingId") if isinstance(answer.body, dict) else None
    return outcome(
        entry,
        answer,
        title=FACTS.title,
        redaction=redaction,
        code=code,
        said=said,
        request_id=request_id,
        known=known,
    )


def _errors(value: Any) -> list[Error]:
    items = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    return [Error(_whole(item.get("Code")), item.get("Message"), _whole(item.get("Index"))) for item in items]


def _whole(value: Any) -> int | None:
    """A number from 0; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:  # noqa: PLR2004 - longer is no code
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
