"""How Google Analytics' answers are read. There is no catalogue: it only tells that it received the request.

Source: https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference, "Transport", read
2026-11-23: 2xx when the request was received, whatever becomes of it; a wrong secret gets 2xx as well.
"""

from app.connectors.base import Outcome, OutcomeKind
from app.connectors.catalogue import Entry, by_status, outcome
from app.connectors.ga4.api import FACTS
from app.connectors.http import Answer
from app.connectors.redaction import Redaction

_DELIVERED = Entry(kind=OutcomeKind.DELIVERED, text="")


def read(answer: Answer, redaction: Redaction) -> Outcome:
    """What the answer means for this event."""
    if 200 <= answer.status < 300:  # noqa: PLR2004 - any 2xx
        return outcome(_DELIVERED, answer, title=FACTS.title, redaction=redaction, code=None)
    # Its errors come from a front end that writes pages: a page says no less than its status.
    return by_status(answer, title=FACTS.title, redaction=redaction, speaks_json=False)
