"""How a receiver's answers are read.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, "Delivery
success and failure", read 2026-11-23: 2xx is a success, 410 asks to send no more, redirects are not followed,
and whatever else fails is tried again. So are 400 and 422, for which platforms are believed: a receiver of
one's own is often wrong for an afternoon, and what is refused for good would be lost with it. What a person
must mend (signature, address) holds the webhook instead, and it goes on by itself.
"""

from collections.abc import Mapping

from app.connectors.base import Outcome, OutcomeKind
from app.connectors.catalogue import Entry, entries, outcome, unanswered
from app.connectors.http import Answer, Unanswered
from app.connectors.redaction import Redaction
from app.connectors.webhook.addresses import Refused
from app.connectors.webhook.api import FACTS

_MOVED = (
    "The webhook's address answers with a redirect, which is not followed: it would carry the message "
    "elsewhere. Enter the address it leads to."
)
_REFUSED = "The webhook refused the message. It is tried again until it is taken or 30 days are over."

CATALOGUE: Mapping[int, Entry] = {
    **entries(
        OutcomeKind.AUTHENTICATION,
        {401: "The webhook does not accept the signature. Give both sides the same signing secret."},
    ),
    **entries(
        OutcomeKind.CONFIGURATION,
        {
            **dict.fromkeys(range(300, 400), _MOVED),
            403: "The webhook does not allow this. Check its address and what stands in front of it.",
            404: "There is nothing at the webhook's address. Check the address.",
            410: "The webhook says that it wants no more messages. Check its address, or disconnect it.",
        },
    ),
    **entries(
        OutcomeKind.RETRY,
        {
            408: "The webhook was too slow.",
            425: "The webhook asks to try again later.",
            429: "The webhook takes no more requests for the moment.",
            **dict.fromkeys(range(500, 600), "The webhook is not available for the moment."),
        },
    ),
}
"""By HTTP status; any other 4xx: refused, and tried again."""

_TAKEN = Entry(kind=OutcomeKind.DELIVERED, text="")
_ANOTHER_REFUSAL = Entry(kind=OutcomeKind.RETRY, text=_REFUSED)
_STRANGE = Entry(kind=OutcomeKind.RETRY, text="The webhook answered in a way that is not known here.")


def read(answer: Answer, redaction: Redaction) -> Outcome:
    """What the answer means for this message. Only its status counts: any 2xx is a yes, whatever it says."""
    entry = _entry(answer.status)
    said = answer.body.get("message", answer.body.get("error")) if isinstance(answer.body, dict) else None
    return outcome(
        entry,
        answer,
        title=FACTS.title,
        redaction=redaction,
        code=None if entry is _TAKEN else f"HTTP_{answer.status}",
        said=None if entry is _TAKEN else said,
        known=entry is not _STRANGE,
    )


def _entry(status: int) -> Entry:
    if 200 <= status < 300:  # noqa: PLR2004 - any 2xx
        return _TAKEN
    if status in CATALOGUE:
        return CATALOGUE[status]
    return _ANOTHER_REFUSAL if 400 <= status < 500 else _STRANGE  # noqa: PLR2004 - any 4xx


def not_asked(failure: Unanswered) -> Outcome:
    """No answer, or no address to ask."""
    found = unanswered(failure, title=FACTS.title)
    if failure.code == "NAME_NOT_RESOLVED":
        return Outcome(
            kind=found.kind, code=found.code, message="The name in the webhook's address cannot be resolved."
        )
    return found


def refused(refusal: Refused) -> Outcome:
    """An address that may not be used: nothing was sent."""
    return Outcome(kind=OutcomeKind.CONFIGURATION, code="ADDRESS_REFUSED", message=refusal.reason)
