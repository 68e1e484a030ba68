"""Error catalogues as tables: code -> what must happen next. Here the lines that hold for every platform."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from app.connectors.base import Outcome, OutcomeKind
from app.connectors.http import Answer, Unanswered
from app.connectors.redaction import Redaction

KeyT = TypeVar("KeyT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a catalogue."""

    kind: OutcomeKind
    text: str
    """For a marketer: what is wrong and what mends it; `{title}` is the platform. Empty: nothing to tell."""
    retry_after_s: float | None = None
    """With RETRY: the platform's own waiting time; None: the usual back-off."""


def entries(
    kind: OutcomeKind, texts: Mapping[KeyT, str], *, retry_after_s: float | None = None
) -> dict[KeyT, Entry]:
    """Lines of one kind."""
    return {code: Entry(kind=kind, text=text, retry_after_s=retry_after_s) for code, text in texts.items()}


BY_STATUS: Mapping[int, Entry] = {
    **entries(
        OutcomeKind.REJECTED,
        {
            400: "{title} refused the request.",
            413: "{title} refused the request because it is too large.",
            422: "{title} refused the request.",
        },
    ),
    **entries(
        OutcomeKind.AUTHENTICATION,
        {401: "{title} does not accept the credentials. Connect the integration again."},
    ),
    **entries(
        OutcomeKind.CONFIGURATION,
        {
            403: "{title} does not allow this. Check what the connected account may do.",
            404: "{title} does not know what this label is mapped to. Check the mapping and the settings.",
        },
    ),
    **entries(
        OutcomeKind.RETRY,
        {
            408: "{title} was too slow.",
            425: "{title} asks to try again later.",
            429: "{title} takes no more requests for the moment.",
        },
    ),
}
"""For answers in which the platform names no code of its own."""

_UNAVAILABLE = Entry(kind=OutcomeKind.RETRY, text="{title} is not available for the moment.")
_PAGE = Entry(kind=OutcomeKind.RETRY, text="A web page came instead of {title}'s answer, as in an outage.")
_STRANGE = Entry(kind=OutcomeKind.RETRY, text="{title} answered in a way that is not known here.")
UNREADABLE = Entry(
    kind=OutcomeKind.AMBIGUOUS,
    text="{title} answered, but not in a way that tells whether it has the conversion.",
)

# Front servers answer these themselves, with a page.
_MEANT_EVEN_BY_A_PAGE = frozenset({*range(300, 400), 413})
_SERVER_ERROR = 500


def by_status(answer: Answer, *, title: str, redaction: Redaction, speaks_json: bool = True) -> Outcome:
    """Judge an answer by its HTTP status alone. Where the API speaks JSON, a page is never its answer."""
    if answer.is_html and speaks_json and answer.status not in _MEANT_EVEN_BY_A_PAGE:
        entry, known = _PAGE, True
    elif answer.status >= _SERVER_ERROR:
        entry, known = _UNAVAILABLE, True
    else:
        entry, known = BY_STATUS.get(answer.status, _STRANGE), answer.status in BY_STATUS
    return outcome(entry, answer, title=title, redaction=redaction, code=f"HTTP_{answer.status}", known=known)


def outcome(
    entry: Entry,
    answer: Answer,
    *,
    title: str,
    redaction: Redaction,
    code: str | None,
    said: Any = None,
    request_id: Any = None,
    known: bool = True,
) -> Outcome:
    """An entry as the outcome of this answer. `said`: the platform's own words, added to ours."""
    words = redaction.text(said)
    parts = [entry.text.format(title=title), f"{title} says: {_ended(words)}" if words else ""]
    return Outcome(
        kind=entry.kind,
        http_status=answer.status,
        code=redaction.code(code),
        message=" ".join(part for part in parts if part) or None,
        request_id=short_id(request_id),
        response=redaction.json(answer.body),
        retry_after_s=_pause_s(entry, answer) if entry.kind is OutcomeKind.RETRY else None,
        known=known,
    )


def unanswered(failure: Unanswered, *, title: str) -> Outcome:
    """No answer: another attempt is safe only if the request was never written."""
    if failure.written:
        text = f"{title} did not answer, so it is not known whether it has the conversion."
        return Outcome(kind=OutcomeKind.AMBIGUOUS, code=failure.code, message=text)
    return Outcome(kind=OutcomeKind.RETRY, code=failure.code, message=f"{title} could not be reached.")


def of_events(whole: Outcome, events: Mapping[int, Outcome], *, count: int) -> Outcome:
    """What is said of single events beside what is said of all; of a request with one event, that one's."""
    if count == 1:
        return events.get(0, whole)
    return replace(whole, events=events)


def short_id(value: Any) -> str | None:
    """What a platform calls a request, if it can be one: bounded and without anything but visible ASCII."""
    if isinstance(value, str) and value.isascii() and value.isprintable() and len(value) <= 200:  # noqa: PLR2004 - far above any platform's
        return value or None
    return None


def _ended(words: str) -> str:
    """A sentence with its end: our own words may follow."""
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _pause_s(entry: Entry, answer: Answer) -> float | None:
    return answer.retry_after_s if answer.retry_after_s is not None else entry.retry_after_s
