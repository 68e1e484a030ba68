"""TikTok Events API 2.0, played: POST /open_api/{version}/event/track/."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from app.sandbox.bodies import InvalidJsonError, parse_json
from app.sandbox.calls import Answer, Call, Conversion, Endpoint, Judgement
from app.sandbox.platform import PlayedPlatform
from app.sandbox.tiktok.answers import (
    BAD_PARAMETER,
    BAD_VERSION,
    NO_PERMISSION,
    TOKEN_EMPTY,
    TOKEN_EXPIRED,
    TOKEN_INVALID,
    coded,
    not_found,
    partly_taken,
    taken,
)
from app.sandbox.tiktok.catalogue import CASES
from app.sandbox.tiktok.checks import Fault, faults, source_faults
from app.sandbox.tiktok.user import user_notes

VERSIONS = ("v1.3",)
"""Versions of the Business API that take events of this form."""
COPIES_RECOGNISED_FOR = timedelta(hours=48)
IN_FORCE = "sandbox-"
"""An access token that starts so is in force, unless it starts with one of these two."""
EXPIRED = "sandbox-expired"
WITHOUT_RIGHTS = "sandbox-without-rights"
UNKNOWN_SOURCE_ENDING = "404"
"""To an event source whose id ends so nobody has rights; to every other one everybody has."""
_EVENT_KEYS = frozenset(
    {"event", "event_time", "event_id", "user", "properties", "page", "lead", "app", "ad", "limited_data_use"}
)


def tiktok() -> PlayedPlatform:
    """The platform."""
    return PlayedPlatform(
        name="tiktok",
        title="TikTok",
        docs_url="https://business-api.tiktok.com/portal/docs?id=1771100865818625",
        read_on=date(2026, 11, 23),
        endpoints=(
            Endpoint(name="track", method="POST", path="/open_api/{version}/event/track/", handle=_track),
        ),
        cases=CASES,
        event_ids=_event_ids,
        not_found=lambda _call: not_found(),
        copies_recognised_for=COPIES_RECOGNISED_FOR,
    )


def _track(call: Call) -> Judgement:
    """In this order: version, token, form of the request, rights to the event source, events."""
    refusal = _version_refusal(call) or _token_refusal(call.headers.get("access-token", "").strip())
    if refusal is not None:
        return Judgement(answer=refusal)
    try:
        body: Any = parse_json(call.body)
    except InvalidJsonError as broken:
        return _refused(Fault("body", "not JSON."), str(broken))
    if not isinstance(body, dict):
        return _refused(Fault("body", "Invalid input type."))
    found = list(source_faults(body))
    if found:
        return _refused(*found)
    if body["event_source_id"].endswith(UNKNOWN_SOURCE_ENDING):
        return Judgement(answer=_no_permission(body["event_source_id"]))
    return _judged(body, list(faults(body.get("data"), body["event_source"], call.at)))


def _judged(body: dict[str, Any], found: list[Fault]) -> Judgement:
    events = body.get("data")
    refused = {fault.place: fault for fault in found}
    if None in refused or (isinstance(events, list) and len(refused) == len(events)):
        return _refused(*found)
    assert isinstance(events, list)
    good = [event for place, event in enumerate(events) if place not in refused]
    # Tests are shown in Events Manager and count nowhere.
    counted = [] if "test_event_code" in body else good
    failed = ((fault.place or 0, events[fault.place or 0].get("event_id"), str(fault)) for fault in found)
    return Judgement(
        answer=partly_taken(failed) if found else taken(),
        conversions=tuple(_conversion(event, body["event_source_id"]) for event in counted),
        problems=(
            *(str(fault) for fault in found),
            *(note for place, event in enumerate(events) for note in _notes(event, place, body)),
        ),
    )


def _refused(*found: Fault | str) -> Judgement:
    return Judgement(
        answer=coded(BAD_PARAMETER, str(found[0])), problems=tuple(str(fault) for fault in found)
    )


def _conversion(event: dict[str, Any], source_id: str) -> Conversion:
    properties, event_id = event.get("properties", {}), event.get("event_id")
    return Conversion(
        key=(event_id, event["event"], source_id) if event_id else None,
        value=properties.get("value"),
        currency=properties.get("currency"),
    )


def _notes(event: dict[str, Any], place: int, body: dict[str, Any]) -> Iterator[str]:
    """What the API takes without a word but ignores."""
    for name in event:
        if name not in _EVENT_KEYS:
            yield f"data.{place}.{name}: the API does not know this key and ignores it"
    for name, text in user_notes(event["user"], source=body["event_source"]):
        yield f"data.{place}.{name}: {text}"


def _version_refusal(call: Call) -> Answer | None:
    if call.path_params["version"] in VERSIONS:
        return None
    return coded(BAD_VERSION, "Invalid API version.")


def _token_refusal(token: str) -> Answer | None:
    if not token:
        return coded(
            TOKEN_EMPTY, "Access token is null, you should set it in http header with key Access-Token."
        )
    if token.startswith(EXPIRED):
        return coded(TOKEN_EXPIRED, "The access token has expired.")
    if token.startswith(WITHOUT_RIGHTS):
        return coded(NO_PERMISSION, "No permission to operate this event source.")
    if not token.startswith(IN_FORCE):
        return coded(TOKEN_INVALID, "Access token is incorrect or has been revoked.")
    return None


def _no_permission(source_id: str) -> Answer:
    message = (
        f"No permission to operate pixel code: {source_id}. You must be an admin or operator of this "
        "advertiser account."
    )
    return coded(NO_PERMISSION, message)


def _event_ids(body: Any) -> tuple[str, ...]:
    events = body.get("data") if isinstance(body, dict) else None
    if not isinstance(events, list):
        return ()
    ids = (event.get("event_id") for event in events if isinstance(event, dict))
    return tuple(item for item in ids if isinstance(item, str))
