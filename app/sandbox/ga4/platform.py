"""Google Analytics 4 Measurement Protocol, played: the collecting endpoint and its validation twin."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from app.sandbox.bodies import parse_json
from app.sandbox.calls import Call, Conversion, Endpoint, Judgement
from app.sandbox.ga4.answers import collected, validated
from app.sandbox.ga4.catalogue import CASES
from app.sandbox.ga4.checks import validation_messages
from app.sandbox.platform import PlayedPlatform
from app.sandbox.transport_cases import not_found_page

_ID_PARAMETERS = ("event_id", "transaction_id")


def ga4() -> PlayedPlatform:
    """The platform."""
    return PlayedPlatform(
        name="ga4",
        title="Google Analytics 4",
        docs_url="https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference",
        read_on=date(2026, 11, 23),
        endpoints=(
            Endpoint(name="collect", method="POST", path="/mp/collect", handle=_collect),
            Endpoint(name="debug", method="POST", path="/debug/mp/collect", handle=_debug),
        ),
        cases=CASES,
        event_ids=_event_ids,
        not_found=not_found_page,
        # It recognises no copies at all.
        copies_recognised_for=timedelta(0),
    )


def _collect(call: Call) -> Judgement:
    """204 whatever comes. What the validation twin says is kept, and such a request counts nothing."""
    problems = (*(str(item) for item in validation_messages(call.body, call.at)), *_address_problems(call))
    return Judgement(
        answer=collected(), conversions=() if problems else _conversions(call.body), problems=problems
    )


def _debug(call: Call) -> Judgement:
    """The validation server: says what is wrong, counts nothing."""
    messages = list(validation_messages(call.body, call.at))
    return Judgement(answer=validated(messages), problems=tuple(str(item) for item in messages))


def _address_problems(call: Call) -> Iterator[str]:
    """What nobody ever says: without these the real one drops everything in silence."""
    if not call.query.get("api_secret"):
        yield "api_secret: missing, so the request is dropped in silence"
    if not call.query.get("measurement_id", "").startswith("G-") and not call.query.get("firebase_app_id"):
        yield "measurement_id: missing or not G-..., so the request is dropped in silence"


def _conversions(body: bytes) -> tuple[Conversion, ...]:
    events = parse_json(body)["events"]
    return tuple(_conversion(event.get("params", {})) for event in events)


def _conversion(params: dict[str, Any]) -> Conversion:
    return Conversion(key=None, value=params.get("value"), currency=params.get("currency"))


def _event_ids(body: Any) -> tuple[str, ...]:
    events = body.get("events") if isinstance(body, dict) else None
    if not isinstance(events, list):
        return ()
    return tuple(item for event in events for item in _ids(event))


def _ids(event: Any) -> list[str]:
    params = event.get("params") if isinstance(event, dict) else None
    if not isinstance(params, dict):
        return []
    return [params[name] for name in _ID_PARAMETERS if isinstance(params.get(name), str)][:1]
