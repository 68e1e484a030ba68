"""Meta Conversions API, played: POST /{version}/{dataset}/events."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from app.sandbox.bodies import InvalidJsonError
from app.sandbox.calls import Answer, Call, Conversion, Endpoint, Judgement
from app.sandbox.meta.answers import ended_version, graph_error, invalid_token, no_such_object, received
from app.sandbox.meta.catalogue import CASES
from app.sandbox.meta.checks import faults
from app.sandbox.meta.requests import read
from app.sandbox.meta.user_data import user_data_notes
from app.sandbox.platform import PlayedPlatform

VERSIONS = ("v25.0", "v26.0")
"""Versions of the Marketing API that answer; v24.0 ended on 2026-10-06 (its table of versions)."""
_ENDED = re.compile(r"v(?:[1-9]|1[0-9]|2[0-4])\.[0-9]{1,2}")
COPIES_RECOGNISED_FOR = timedelta(hours=48)
UNKNOWN_DATASET_ENDING = "404"
"""A dataset whose id ends so does not exist; every other number does."""
_DATASET = re.compile(r"[0-9]+")
_EVENT_KEYS = frozenset(
    {
        "event_name",
        "event_time",
        "event_id",
        "event_source_url",
        "action_source",
        "user_data",
        "custom_data",
        "app_data",
        "opt_out",
        "referrer_url",
        "customer_segmentation",
        "original_event_data",
        "attribution_data",
        "messaging_channel",
        "data_processing_options",
        "data_processing_options_country",
        "data_processing_options_state",
    }
)


def meta() -> PlayedPlatform:
    """The platform."""
    return PlayedPlatform(
        name="meta",
        title="Meta",
        docs_url="https://developers.facebook.com/docs/marketing-api/conversions-api/parameters",
        read_on=date(2026, 11, 23),
        endpoints=(
            Endpoint(name="events", method="POST", path="/{version}/{dataset_id}/events", handle=_events),
        ),
        cases=CASES,
        event_ids=_event_ids,
        not_found=_not_found,
        copies_recognised_for=COPIES_RECOGNISED_FOR,
    )


def _events(call: Call) -> Judgement:
    """All or nothing: one bad event refuses the complete request; the answer names the first fault only."""
    version = call.path_params["version"]
    if version not in VERSIONS:
        has_ended = _ENDED.fullmatch(version) is not None
        return Judgement(answer=ended_version(VERSIONS[-1]) if has_ended else _not_found(call))
    try:
        request = read(call)
    except InvalidJsonError as broken:
        return Judgement(answer=_bad_json(), problems=(str(broken),))
    dataset_id = call.path_params["dataset_id"]
    if not request.is_authorized:
        return Judgement(answer=invalid_token())
    if _DATASET.fullmatch(dataset_id) is None or dataset_id.endswith(UNKNOWN_DATASET_ENDING):
        return Judgement(answer=no_such_object(dataset_id))
    events: Any = request.parameters.get("data")
    found = list(faults(events, call.at))
    if found:
        return Judgement(answer=found[0].answer(), problems=tuple(str(fault) for fault in found))
    return _taken(events, dataset_id)


def _taken(events: list[dict[str, Any]], dataset_id: str) -> Judgement:
    return Judgement(
        answer=received(len(events)),
        conversions=tuple(_conversion(event, dataset_id) for event in events),
        problems=tuple(note for index, event in enumerate(events) for note in _notes(event, index)),
    )


def _conversion(event: dict[str, Any], dataset_id: str) -> Conversion:
    custom_data = event.get("custom_data", {})
    event_id = event.get("event_id")
    return Conversion(
        key=(event_id, event["event_name"], dataset_id) if event_id else None,
        value=custom_data.get("value"),
        currency=custom_data.get("currency"),
    )


def _notes(event: dict[str, Any], index: int) -> Iterator[str]:
    """What the API takes without a word but ignores."""
    path = f"$['data'][{index}]"
    for name in event:
        if name not in _EVENT_KEYS:
            yield f"{path}['{name}']: the API does not know this key and ignores it"
    yield from user_data_notes(event["user_data"], f"{path}['user_data']")


def _not_found(_call: Call) -> Answer:
    return graph_error(400, 2500, "Unknown path components")


def _bad_json() -> Answer:
    return graph_error(400, 100, "(#100) The request body is not valid JSON")


def _event_ids(body: Any) -> tuple[str, ...]:
    events = body.get("data") if isinstance(body, dict) else None
    if not isinstance(events, list):
        return ()
    ids = (event.get("event_id") for event in events if isinstance(event, dict))
    return tuple(item for item in ids if isinstance(item, str))
