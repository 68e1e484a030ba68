"""What became of accepted requests: in processing until the verdict is ripe, then decided for good.

From "Diagnostics" (developers.google.com/data-manager/api/devguides/diagnostics, read 2026-11-23):
available after about 30 minutes, kept about 50 days, counts by reason and never by row.
"""

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.sandbox.calls import Answer, Call, json_answer
from app.sandbox.google_ads.answers import Violation, refused_fields

RIPE_AFTER = timedelta(minutes=30)
KEPT_FOR = timedelta(days=50)
REMEMBERED = 100_000
"""Requests whose status can be asked for; older ones are forgotten."""


@dataclass(slots=True)
class _Accepted:
    at: datetime
    record_counts: list[tuple[dict[str, Any], int]]
    """Each destination with the number of its events."""
    reason: str | None = None
    """Why it failed, once that is decided."""


class Verdicts:
    """The requests that were accepted."""

    def __init__(self) -> None:
        self._accepted: OrderedDict[str, _Accepted] = OrderedDict()

    def remember(
        self, request_id: str, *, at: datetime, record_counts: list[tuple[dict[str, Any], int]]
    ) -> None:
        """Have a verdict ready later."""
        self._accepted[request_id] = _Accepted(at, record_counts)
        if len(self._accepted) > REMEMBERED:
            self._accepted.popitem(last=False)

    def answer(self, call: Call) -> Answer:
        """The status of the request the call asks about."""
        accepted = self._accepted.get(call.query.get("requestId", ""))
        if accepted is None:
            return refused_fields(
                [Violation("request_id", "INVALID_REQUEST_ID", "No request with a status has this id.")]
            )
        if call.at - accepted.at > KEPT_FOR:
            return refused_fields(
                [Violation("request_id", "REQUEST_TOO_OLD", "The status is kept for about 50 days.")]
            )
        if call.condemned_by is not None:
            accepted.reason = call.condemned_by
        shown = [_shown(accepted, item, _status(accepted, call)) for item in accepted.record_counts]
        return json_answer(200, {"requestStatusPerDestination": shown})


def restated(answer: Answer, *, status: str, errors: Sequence[str], warnings: Sequence[str]) -> Answer:
    """A status that says something else of every destination.

    Args:
        answer: what the platform would have said; an error stays as it is.
        status: a name of the RequestStatus enum.
        errors: short names of the ProcessingErrorReason enum, for one record each.
        warnings: short names of the ProcessingWarningReason enum, for one record each.
    """
    said = json.loads(answer.body)
    shown = said.get("requestStatusPerDestination")
    if shown is None:
        return answer
    infos = {
        **_counts("error", "PROCESSING_ERROR_REASON", errors),
        **_counts("warning", "PROCESSING_WARNING_REASON", warnings),
    }
    kept = ({name: item[name] for name in ("destination", "eventsIngestionStatus")} for item in shown)
    changed = [{**item, "requestStatus": status, **infos} for item in kept]
    return json_answer(answer.status, {"requestStatusPerDestination": changed})


def _counts(what: str, prefix: str, reasons: Sequence[str]) -> dict[str, Any]:
    counts = [{"recordCount": "1", "reason": f"{prefix}_{reason}"} for reason in reasons]
    return {f"{what}Info": {f"{what}Counts": counts}} if counts else {}


def _status(accepted: _Accepted, call: Call) -> str:
    if accepted.reason is not None:
        return "FAILED"
    ripe_after = RIPE_AFTER if call.verdict_after_s is None else timedelta(seconds=call.verdict_after_s)
    return "SUCCESS" if call.at - accepted.at >= ripe_after else "PROCESSING"


def _shown(accepted: _Accepted, record_count: tuple[dict[str, Any], int], status: str) -> dict[str, Any]:
    destination, count = record_count
    # 64-bit integers are strings in Google's JSON.
    shown = {
        "destination": destination,
        "requestStatus": status,
        "eventsIngestionStatus": {"recordCount": str(count)},
    }
    if accepted.reason is not None:
        shown["errorInfo"] = {"errorCounts": [{"recordCount": str(count), "reason": accepted.reason}]}
    return shown
