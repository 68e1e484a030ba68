"""How TikTok can be told to fail: by its return codes.

Codes from "Return codes" (business-api.tiktok.com/portal/docs?id=1737172488964097, read 2026-11-23); 51021 is
known from implementers alone.
"""

import json
from typing import Any

from app.sandbox.bodies import InvalidJsonError, parse_json
from app.sandbox.calls import Answer, Call
from app.sandbox.cases import Case, Distort, Refuse, catalogue
from app.sandbox.tiktok.answers import PARTIAL, coded, partly_taken
from app.sandbox.transport_cases import RETRY_AFTER_S, TRANSPORT_CASES, rate_limited_with

_HOME = ("track",)
_OTHER_CODE = 49_999

_SERVICE = {
    40016: "Requests made too frequently.",
    40100: "Too many requests. Please retry in some time.",
    40132: "The request QPS is limited by event_source_id's value.",
    40133: "Advertiser's QPS reaches QPS limit for current path, request is temporarily restricted.",
    40202: "Write or update entity conflict.",
    40700: "Internal service validation error.",
    50000: "System error.",
    50002: "Error processing request on TikTok side. Please see error message for details.",
    51021: "Too many requests.",
    51305: "Satellite service error.",
    60001: "The system is in maintenance.",
    _OTHER_CODE: "A code that no page lists.",
}
_ACCESS = {
    40101: "Invalid parameter values for authentication.",
    40102: "The access token has expired.",
    40104: "Access token is null, you should set it in http header with key Access-Token.",
    40105: "Access token is incorrect or has been revoked.",
    40106: "The core user is invalid.",
    40113: "The app has been blocked or does not exist.",
    40001: "No permission to operate this event source.",
    40007: "The event source does not exist.",
    40118: "The app or advertiser is not on the allowlist for accessing the feature.",
    40119: "Developer and advertisers do not belong to the same company.",
    40124: "The developer profile is not filled in and approved.",
    40125: "The developer doesn't have the permission.",
    40300: "The advertiser does not exist or has been deleted.",
    40301: "The advertiser cannot be matched.",
    41000: "The client IP is on the banned country list.",
}
_VERSION = {
    40006: "The specified API version is incompatible with the provided parameters.",
    40008: "The interface (endpoint) has not been implemented.",
    40010: "The domain is not supported in the current version of API.",
    40051: "Invalid API version.",
    41001: "The interface is offline.",
}
_EVENTS = {
    40000: "The parameters provided are invalid.",
    40002: "Invalid value for data.0.event_id: not a valid string.",
    40011: "Too many IDs are provided in a single request.",
}


def _coded(code: int, message: str, *, name: str | None = None) -> Case:
    return Case(
        name=name or str(code),
        says=f"200, code {code}: {message}",
        behaviour=Refuse(lambda _call: coded(code, message)),
        endpoints=_HOME,
    )


def _name_all(call: Call) -> Answer:
    try:
        body: Any = parse_json(call.body)
    except InvalidJsonError:
        body = {}
    events = body.get("data") if isinstance(body, dict) else None
    ids = [
        event.get("event_id") if isinstance(event, dict) else None
        for event in (events if isinstance(events, list) else [])
    ]
    return partly_taken((place, event_id, "not taken.") for place, event_id in enumerate(ids))


def _without_names(answer: Answer) -> Answer:
    """The same judgement, but as a partial success that names nobody."""
    if json.loads(answer.body)["code"] not in {0, PARTIAL}:
        return answer
    return coded(PARTIAL, "Partially successful.")


_PARTIAL = (
    Case(
        name="20001",
        says="200, code 20001: partially successful, but each event of the request is named as failed",
        behaviour=Refuse(_name_all),
        endpoints=_HOME,
    ),
    Case(
        name="20001_UNNAMED",
        says="200, code 20001: the request is judged as usual, but what was not taken is not named",
        behaviour=Distort(_without_names),
        endpoints=_HOME,
    ),
)
_LIMITED = Case(
    name="RATE_LIMITED",
    says=f"200, code 40100, Retry-After: {RETRY_AFTER_S}",
    behaviour=Refuse(lambda _call: rate_limited_with(coded(40100, _SERVICE[40100]))),
    endpoints=_HOME,
)
_SOURCE = _coded(40002, "Invalid value for event_source_id: not a valid string.", name="40002_EVENT_SOURCE")

CASES = catalogue(
    [_coded(code, message) for code, message in _SERVICE.items()],
    [_coded(code, message) for code, message in _ACCESS.items()],
    [_coded(code, message) for code, message in _VERSION.items()],
    [_coded(code, message) for code, message in _EVENTS.items()],
    [_LIMITED, _SOURCE, *_PARTIAL],
    TRANSPORT_CASES,
)
