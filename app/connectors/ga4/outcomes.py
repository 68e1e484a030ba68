"""How Google Analytics' answers are read. There is no catalogue: it only tells that it received the request.

Sources, read 2026-11-23: https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference,
"Transport": 2xx when the request was received, whatever becomes of it; a wrong secret gets 2xx as well.
.../ga4/validating-events: what the validation server finds.
"""

from typing import Any

from app.connectors.base import Outcome, OutcomeKind
from app.connectors.catalogue import UNREADABLE, Entry, by_status, outcome
from app.connectors.ga4.api import FACTS
from app.connectors.http import Answer
from app.connectors.redaction import Redaction

_DELIVERED = Entry(kind=OutcomeKind.DELIVERED, text="")
_UNUSABLE_NAME = Entry(
    kind=OutcomeKind.CONFIGURATION,
    text="{title} would drop the event this label is mapped to. Check its name.",
)
_UNUSABLE = Entry(kind=OutcomeKind.REJECTED, text="{title} would drop the event.")


def read(answer: Answer, redaction: Redaction) -> Outcome:
    """What the answer means for this event."""
    if 200 <= answer.status < 300:  # noqa: PLR2004 - any 2xx
        return outcome(_DELIVERED, answer, title=FACTS.title, redaction=redaction, code=None)
    # Its errors come from a front end that writes pages: a page says no less than its status.
    return by_status(answer, title=FACTS.title, redaction=redaction, speaks_json=False)


def read_validation(answer: Answer, redaction: Redaction) -> Outcome:
    """What the validation server finds: nothing, a name that cannot be used, or anything else."""
    found = answer.body.get("validationMessages") if isinstance(answer.body, dict) else None
    if not 200 <= answer.status < 300 or answer.is_html:  # noqa: PLR2004 - any 2xx
        return by_status(answer, title=FACTS.title, redaction=redaction)
    if not isinstance(found, list):
        return outcome(UNREADABLE, answer, title=FACTS.title, redaction=redaction, code="UNREADABLE")
    if not found:
        return outcome(_DELIVERED, answer, title=FACTS.title, redaction=redaction, code=None)
    first = found[0] if isinstance(found[0], dict) else {}
    entry = _UNUSABLE_NAME if _is_about_the_name(first) else _UNUSABLE
    code, said = first.get("validationCode"), first.get("description")
    name = code if isinstance(code, str) else "UNKNOWN"
    return outcome(entry, answer, title=FACTS.title, redaction=redaction, code=name, said=said)


def _is_about_the_name(found: dict[str, Any]) -> bool:
    path, code = str(found.get("fieldPath")), str(found.get("validationCode"))
    return path.endswith("name") or code.startswith("NAME_")
