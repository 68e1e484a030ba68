"""What became of a conversion that Google accepted.

Source: https://developers.google.com/data-manager/api/devguides/diagnostics and
.../reference/rest/v1/requestStatus/retrieve, read 2026-11-23. Each request carries one event, so what is
counted of its records is said of that event.
"""

from collections.abc import Iterator
from typing import Any

from app.connectors.base import Outcome, OutcomeKind, Verdict
from app.connectors.catalogue import Entry, outcome
from app.connectors.google_ads.api import FACTS
from app.connectors.google_ads.client import Access, request_status
from app.connectors.google_ads.outcomes import CATALOGUE, gravest, read, reason_name
from app.connectors.http import Answer
from app.connectors.probing import as_probe
from app.connectors.redaction import Redaction
from app.values import DeliveryKind

_OK = 200
_NO_STATUS = frozenset({"INVALID_REQUEST_ID", "REQUEST_TOO_OLD", "NOT_FOUND"})
"""There is no status: not yet, or not any more (it is kept for about 50 days)."""
_FAILED = frozenset({"FAILED", "FAILURE", "PARTIAL_SUCCESS"})
"""The reference says FAILED, the guide FAILURE."""

_COPIES = frozenset({"DUPLICATE_TRANSACTION_ID", "DUPLICATE_GCLID"})
_UNCHANGED = Entry(
    kind=OutcomeKind.REJECTED,
    text="{title} had this conversion already and does not say that it took the new value.",
)
"""The guide to adjustments says that a known transaction id is one, the reference that it is a copy."""

_COUNTED = Entry(kind=OutcomeKind.DELIVERED, text="")
_COUNTED_AND_WARNED = Entry(
    kind=OutcomeKind.DELIVERED, text="{title} has the conversion, but warns of something it ignored."
)
_PROCESSING = Entry(kind=OutcomeKind.ACCEPTED, text="{title} has not finished with the conversion.")
_UNKNOWN = Entry(
    kind=OutcomeKind.REJECTED, text="{title} refused the conversion when it looked at it more closely."
)
"""Not tried again: Google has looked at it, and what it found does not go away by itself."""


async def verdict(access: Access, request_id: str, kind: DeliveryKind) -> Verdict:
    """Ask for a request's status. What says nothing of the conversion is not final."""
    told = await request_status(access, request_id)
    if isinstance(told, Outcome):
        return Verdict(outcome=as_probe(told, title=FACTS.title), is_final=False)
    return judge(told.answer, told.redaction, request_id, kind)


def judge(answer: Answer, redaction: Redaction, request_id: str, kind: DeliveryKind) -> Verdict:
    """What a status says, or why there is none."""
    statuses = _statuses(answer)
    if not statuses:
        return Verdict(outcome=_without_status(answer, redaction, request_id), is_final=False)
    entry, code = _entry(statuses)
    if code in _COPIES and kind is not DeliveryKind.SEND:
        entry = _UNCHANGED
    found = outcome(entry, answer, title=FACTS.title, redaction=redaction, code=code, request_id=request_id)
    return Verdict(outcome=found, is_final=entry is not _PROCESSING)


def _without_status(answer: Answer, redaction: Redaction, request_id: str) -> Outcome:
    found = read(answer, redaction, validate_only=False)
    if found.code in _NO_STATUS:
        return outcome(
            _PROCESSING,
            answer,
            title=FACTS.title,
            redaction=redaction,
            code=found.code,
            request_id=request_id,
        )
    return as_probe(found, title=FACTS.title)


def _entry(statuses: list[dict[str, Any]]) -> tuple[Entry, str | None]:
    """Nothing is final before every destination is done; then what failed decides."""
    names = {status["requestStatus"] for status in statuses}
    if not names <= {"SUCCESS", *_FAILED}:
        return _PROCESSING, None
    failed = [status for status in statuses if status["requestStatus"] in _FAILED]
    reasons = [name for status in failed for name in _reasons(status, "error")]
    if reasons:
        code, entry = gravest([(name, CATALOGUE.get(name, _UNKNOWN)) for name in reasons])
        return entry, code
    if names & {"FAILED", "FAILURE"}:
        return _UNKNOWN, "FAILED"
    warned = [name for status in statuses for name in _reasons(status, "warning")]
    return (_COUNTED_AND_WARNED if warned else _COUNTED), None


def _statuses(answer: Answer) -> list[dict[str, Any]]:
    """One for each destination; none when this is no status, or one that cannot be read."""
    found = answer.body.get("requestStatusPerDestination") if isinstance(answer.body, dict) else None
    if answer.status != _OK or not isinstance(found, list):
        return []
    readable = all(isinstance(item, dict) and isinstance(item.get("requestStatus"), str) for item in found)
    return found if readable else []


def _reasons(status: dict[str, Any], what: str) -> Iterator[str]:
    """The reasons that are counted for at least one record."""
    info = status.get(f"{what}Info")
    counts = info.get(f"{what}Counts") if isinstance(info, dict) else None
    for count in counts if isinstance(counts, list) else []:
        # A 64-bit number is a text in Google's JSON, and left out when it is 0.
        if isinstance(count, dict) and str(count.get("recordCount", "0")) != "0":
            yield reason_name(count) or "UNSPECIFIED"
