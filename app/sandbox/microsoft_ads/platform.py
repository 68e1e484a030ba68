"""Microsoft Ads, played: conversions, adjustments, goals and tokens put together."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from app.sandbox.bodies import InvalidJsonError, parse_json
from app.sandbox.calls import Adjustment, Call, Conversion, Endpoint, Judgement
from app.sandbox.microsoft_ads import answers
from app.sandbox.microsoft_ads.answers import Fault, applied, refused
from app.sandbox.microsoft_ads.catalogue import CASES
from app.sandbox.microsoft_ads.checks import (
    MAX_ITEMS,
    adjustment_faults,
    conversion_faults,
    ignored_keys,
    instant,
)
from app.sandbox.microsoft_ads.goals import PAUSED, Goals
from app.sandbox.microsoft_ads.tokens import refused_call, token
from app.sandbox.platform import PlayedPlatform
from app.sandbox.transport_cases import not_found_page

CONVERSIONS = "OfflineConversions"
ADJUSTMENTS = "OfflineConversionAdjustments"
_API = "/CampaignManagement/v13"


def microsoft_ads() -> PlayedPlatform:
    """The platform, with nothing applied yet."""
    service = _Service()
    return PlayedPlatform(
        name="microsoft_ads",
        title="Microsoft Ads",
        docs_url="https://learn.microsoft.com/en-us/advertising/campaign-management-service/applyofflineconversions",
        read_on=date(2026, 11, 23),
        endpoints=(
            Endpoint(name="apply", method="POST", path=f"{_API}/{CONVERSIONS}/Apply", handle=service.apply),
            Endpoint(name="adjust", method="POST", path=f"{_API}/{ADJUSTMENTS}/Apply", handle=service.adjust),
            Endpoint(
                name="goals", method="POST", path=f"{_API}/ConversionGoals/QueryByIds", handle=service.goals
            ),
            Endpoint(name="token", method="POST", path="/token", handle=token),
        ),
        cases=CASES,
        event_ids=_event_ids,
        not_found=not_found_page,
        # By click id, goal and time; no end is named.
        copies_recognised_for=None,
    )


class _Service:
    """The API with the goals it knows."""

    def __init__(self) -> None:
        self._goals = Goals()

    def goals(self, call: Call) -> Judgement:
        """POST ConversionGoals/QueryByIds, for all goals of the account."""
        stopped = refused_call(call)
        if stopped is not None:
            return Judgement(answer=stopped)
        body = _object(call.body)
        if body is None or "OfflineConversion" not in str(body.get("ConversionGoalTypes")).split(","):
            return Judgement(answer=refused(201), problems=("ask for ConversionGoalTypes OfflineConversion",))
        return Judgement(answer=answers.goals(self._goals.shown()))

    def apply(self, call: Call) -> Judgement:
        """POST OfflineConversions/Apply: takes what is right and names what is not."""
        items = _items(call, CONVERSIONS)
        if isinstance(items, Judgement):
            return items
        faults = _first_of_each(call, conversion_faults(items, call.at, self._goals.has))
        taken = _without(items, faults)
        return Judgement(
            answer=applied(faults),
            conversions=tuple(_conversion(item) for item in taken if item["ConversionName"] != PAUSED),
            problems=_problems(items, faults, CONVERSIONS),
        )

    def adjust(self, call: Call) -> Judgement:
        """POST OfflineConversionAdjustments/Apply. One without an original is taken, and changes nothing."""
        items = _items(call, ADJUSTMENTS)
        if isinstance(items, Judgement):
            return items
        faults = _first_of_each(call, adjustment_faults(items, call.at, self._goals.has))
        return Judgement(
            answer=applied(faults),
            adjustments=tuple(_adjustment(item) for item in _without(items, faults)),
            problems=_problems(items, faults, ADJUSTMENTS),
        )


def _items(call: Call, kind: str) -> list[Any] | Judgement:
    stopped = refused_call(call)
    if stopped is not None:
        return Judgement(answer=stopped)
    body = _object(call.body)
    if body is None:
        return Judgement(answer=refused(100), problems=("the body is not an object of JSON",))
    items = body.get(kind)
    if not isinstance(items, list) or not items:
        return Judgement(answer=refused(5600), problems=(f"{kind} must be a list that is not empty",))
    if len(items) > MAX_ITEMS:
        return Judgement(answer=refused(5601), problems=(f"{len(items)} given, {MAX_ITEMS} allowed",))
    return items


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        value = parse_json(body)
    except InvalidJsonError:
        return None
    return value if isinstance(value, dict) else None


def _first_of_each(call: Call, faults: Any) -> list[Fault]:
    """What was ordered comes first and is about the first item."""
    ordered = [] if call.condemned_by is None else [Fault(0, int(call.condemned_by))]
    found: dict[int, Fault] = {}
    for fault in (*ordered, *faults):
        found.setdefault(fault.index, fault)
    return list(found.values())


def _without(items: Sequence[Any], faults: Sequence[Fault]) -> list[dict[str, Any]]:
    bad = {fault.index for fault in faults}
    return [item for index, item in enumerate(items) if index not in bad]


def _problems(items: list[Any], faults: Sequence[Fault], kind: str) -> tuple[str, ...]:
    paused = f"'{PAUSED}' is paused: what is sent under its name is taken and not counted"
    notes = [paused for item in _without(items, faults) if item["ConversionName"] == PAUSED]
    return (*(str(fault) for fault in faults), *ignored_keys(items, kind), *notes)


def _key(item: dict[str, Any]) -> tuple[str, ...]:
    """By what a copy, and an adjustment, finds the first: whoever it is, the goal and the time."""
    names = ("MicrosoftClickId", "HashedEmailAddress", "HashedPhoneNumber")
    who = next(item[name] for name in names if item.get(name))
    at = instant(item["ConversionTime"])
    return (who, item["ConversionName"], at.isoformat() if at else "")


def _conversion(item: dict[str, Any]) -> Conversion:
    return Conversion(
        key=_key(item),
        value=item.get("ConversionValue"),
        currency=item.get("ConversionCurrencyCode"),
        # The first is used, all others are ignored.
        copy_replaces=False,
    )


def _adjustment(item: dict[str, Any]) -> Adjustment:
    return Adjustment(
        key=_key(item),
        retracts=item["AdjustmentType"] == "Retract",
        value=item.get("AdjustmentValue"),
        currency=item.get("AdjustmentCurrencyCode"),
    )


def _event_ids(body: Any) -> tuple[str, ...]:
    """The service has none: by click id and time its conversions are told apart."""
    items = body.get(CONVERSIONS) or body.get(ADJUSTMENTS) if isinstance(body, dict) else None
    found = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return tuple(f"{item.get('MicrosoftClickId')} {item.get('ConversionTime')}" for item in found)
