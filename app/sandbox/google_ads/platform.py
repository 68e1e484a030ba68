"""Google Ads through the Data Manager API, played: the ingest, status and token endpoints put together."""

from datetime import date
from typing import Any
from uuid import uuid4

from app.sandbox.bodies import InvalidJsonError, parse_json
from app.sandbox.calls import Call, Conversion, Endpoint, Judgement
from app.sandbox.google_ads.answers import Violation, accepted, refused_fields, refused_payload
from app.sandbox.google_ads.catalogue import CASES
from app.sandbox.google_ads.checks import violations
from app.sandbox.google_ads.messages import INGEST_EVENTS_REQUEST
from app.sandbox.google_ads.tokens import refused_bearer, token
from app.sandbox.google_ads.verdicts import Verdicts
from app.sandbox.google_ads.wire import Mismatch, mismatches
from app.sandbox.platform import PlayedPlatform
from app.sandbox.transport_cases import not_found_page


def google_ads() -> PlayedPlatform:
    """The platform, with nothing accepted yet."""
    service = _Service()
    return PlayedPlatform(
        name="google_ads",
        title="Google Ads",
        docs_url="https://developers.google.com/data-manager/api/reference/rest/v1/events/ingest",
        read_on=date(2026, 11, 23),
        endpoints=(
            Endpoint(name="ingest", method="POST", path="/v1/events:ingest", handle=service.ingest),
            Endpoint(name="status", method="GET", path="/v1/requestStatus:retrieve", handle=service.status),
            Endpoint(name="token", method="POST", path="/token", handle=token),
        ),
        cases=CASES,
        event_ids=_event_ids,
        not_found=not_found_page,
        # The same transaction id at the same destination is the same conversion, for ever.
        copies_recognised_for=None,
        gives_verdicts=True,
    )


class _Service:
    """The API with what it has accepted."""

    def __init__(self) -> None:
        self._verdicts = Verdicts()

    def status(self, call: Call) -> Judgement:
        """GET /v1/requestStatus:retrieve."""
        return Judgement(answer=refused_bearer(call) or self._verdicts.answer(call))

    def ingest(self, call: Call) -> Judgement:
        """POST /v1/events:ingest. Fail-fast: one bad record fails the whole request."""
        refused = refused_bearer(call)
        if refused is not None:
            return Judgement(answer=refused)
        try:
            request = parse_json(call.body)
        except InvalidJsonError as broken:
            return _refused_payload([Mismatch("", f"Invalid JSON payload received. {broken}")])
        misfits = list(mismatches(request, INGEST_EVENTS_REQUEST))
        if misfits:
            return _refused_payload(misfits)
        found = list(violations(request, call.at))
        if found:
            return _refused_fields(found)
        return self._accept(request, call)

    def _accept(self, request: dict[str, Any], call: Call) -> Judgement:
        request_id = str(uuid4())
        if request.get("validateOnly"):
            # Proves syntax and destination; nothing is counted and there is no status.
            return Judgement(answer=accepted(request_id))
        counts = [(item, len(_events_for(request, item))) for item in request["destinations"]]
        self._verdicts.remember(request_id, at=call.at, record_counts=counts)
        conversions = tuple(
            _conversion(event, item)
            for item in request["destinations"]
            for event in _events_for(request, item)
        )
        return Judgement(answer=accepted(request_id), conversions=conversions)


def _events_for(request: dict[str, Any], destination: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        event
        for event in request["events"]
        if not event.get("destinationReferences")
        or destination.get("reference") in event["destinationReferences"]
    ]


def _conversion(event: dict[str, Any], destination: dict[str, Any]) -> Conversion:
    transaction_id = event.get("transactionId")
    place = (destination["operatingAccount"]["accountId"], destination["productDestinationId"])
    return Conversion(
        key=(transaction_id, *place) if transaction_id else None,
        value=event.get("conversionValue"),
        currency=event.get("currency"),
    )


def _refused_payload(misfits: list[Mismatch]) -> Judgement:
    return Judgement(answer=refused_payload(misfits), problems=tuple(item.description for item in misfits))


def _refused_fields(found: list[Violation]) -> Judgement:
    return Judgement(answer=refused_fields(found), problems=tuple(str(item) for item in found))


def _event_ids(body: Any) -> tuple[str, ...]:
    events = body.get("events") if isinstance(body, dict) else None
    if not isinstance(events, list):
        return ()
    ids = (event.get("transactionId") for event in events if isinstance(event, dict))
    return tuple(item for item in ids if isinstance(item, str))
