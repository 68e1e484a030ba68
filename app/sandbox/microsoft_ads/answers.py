"""What the Campaign Management service and the token endpoint answer.

Shapes from the vendor's models (AdApiFaultDetail, ApiFaultDetail, BatchError in its REST SDK) and its pages
of ApplyOfflineConversions and of OAuth errors (learn.microsoft.com/en-us/advertising, read 2026-11-23).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from app.sandbox.calls import Answer, json_answer
from app.sandbox.microsoft_ads.codes import HTTP_STATUS, described

_FROM_THE_DOOR = range(200)
"""Errors of signing in and of the service are AdApiErrors; those of the operation come in another model."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with one item."""

    index: int
    code: int
    field: str | None = None
    """The element's name; None: the item as a whole."""

    def __str__(self) -> str:
        """The fault for a person."""
        name, text = described(self.code)
        place = f"[{self.index}].{self.field}" if self.field else f"[{self.index}]"
        return f"{place}: {self.code} {name}: {text}"

    def shown(self) -> dict[str, Any]:
        """The vendor's BatchError."""
        return {
            **_error(self.code),
            "Details": None,
            "FieldPath": self.field,
            "ForwardCompatibilityMap": None,
            "Index": self.index,
            "Type": "BatchError",
        }


def applied(faults: Sequence[Fault]) -> Answer:
    """Everything was taken but what is listed."""
    return json_answer(200, {"PartialErrors": [fault.shown() for fault in faults]})


def goals(found: Sequence[Mapping[str, Any]]) -> Answer:
    """The account's conversion goals."""
    return json_answer(200, {"ConversionGoals": list(found), "PartialErrors": []})


def refused(code: int, headers: Mapping[str, str] | None = None) -> Answer:
    """The request as a whole is refused."""
    error = _error(code)
    if code in _FROM_THE_DOOR:
        errors = {"Errors": [{**error, "Detail": None}], "Type": "AdApiFaultDetail"}
    else:
        of_all = [{**error, "Details": None}]
        errors = {"BatchErrors": [], "OperationErrors": of_all, "Type": "ApiFaultDetail"}
    return json_answer(HTTP_STATUS.get(code, 400), {"TrackingId": str(uuid4()), **errors}, headers)


def oauth_error(http_status: int, code: str, number: int, text: str) -> Answer:
    """An error of the token endpoint, as Microsoft Entra words it."""
    return json_answer(
        http_status,
        {
            "error": code,
            "error_description": f"AADSTS{number}: {text}",
            "error_codes": [number],
            "trace_id": str(uuid4()),
            "correlation_id": str(uuid4()),
        },
    )


def _error(code: int) -> dict[str, Any]:
    name, text = described(code)
    return {"Code": code, "ErrorCode": name, "Message": text}
