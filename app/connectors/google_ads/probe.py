"""Whether the connection works: a request that Google checks and does not record.

`validateOnly` proves syntax, access and destination, and nothing is counted
(https://developers.google.com/data-manager/api/reference/rest/v1/events/ingest, read 2026-11-23).
"""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from app.connectors.base import Body, Outcome, OutcomeKind
from app.connectors.fields import narrowed
from app.connectors.google_ads.api import FACTS
from app.connectors.google_ads.client import Access, ingest, request_status
from app.connectors.google_ads.outcomes import CATALOGUE, read
from app.connectors.google_ads.payload import destination
from app.connectors.google_ads.settings import GoogleAdsSettings
from app.connectors.probing import as_probe, works

_NOBODYS_EMAIL = sha256(b"nobody@example.com").hexdigest()
_NOTHING = "leadwire-connection-test"
"""No click and no conversion of anybody."""
_NO_REQUEST = "00000000-0000-0000-0000-000000000000"
_TELLS_NOTHING = "INVALID_ARGUMENT"
_API_OFF = "SERVICE_DISABLED"

_TARGET_WORKS = (
    "Google Ads checked a made-up conversion for this conversion action and recorded nothing. Whether it "
    "finds real clicks and people is not checked."
)
_ACCESS_WORKS = (
    "Google accepts the connection. Whether it may write to the account is checked with a conversion action."
)


async def probe(access: Access, target: str | None) -> Outcome:
    """With a target a made-up event that is only validated, else a question after no request at all."""
    return await _account(access) if target is None else await _target(access, target)


async def _target(access: Access, target: str) -> Outcome:
    settings = narrowed(access.connection.settings, GoogleAdsSettings)
    told = await ingest(access, _made_up(target, settings, access.wire.clock()), renew=True)
    if isinstance(told, Outcome):
        return as_probe(told, title=FACTS.title)
    found = read(told.answer, told.redaction, validate_only=True)
    # A reason that lies in the made-up event says that all before it was in order.
    about_the_event = found.kind is OutcomeKind.REJECTED and found.code in CATALOGUE.keys() - {_TELLS_NOTHING}
    if found.kind is OutcomeKind.DELIVERED or about_the_event:
        return works(found, _TARGET_WORKS)
    return as_probe(found, title=FACTS.title)


async def _account(access: Access) -> Outcome:
    """Google answers INVALID_REQUEST_ID to who may ask; that it looks at the access first is inferred.

    Other refusals are about that request, which belongs to nobody, but those of the access itself.
    """
    told = await request_status(access, _NO_REQUEST, renew=True)
    if isinstance(told, Outcome):
        return as_probe(told, title=FACTS.title)
    found = read(told.answer, told.redaction, validate_only=True)
    refused = found.kind in {OutcomeKind.REJECTED, OutcomeKind.CONFIGURATION} and found.code in CATALOGUE
    about_the_request = found.code == "INVALID_REQUEST_ID" or (refused and found.code != _API_OFF)
    if found.kind is OutcomeKind.DELIVERED or about_the_request:
        return works(found, _ACCESS_WORKS)
    return as_probe(found, title=FACTS.title)


def _made_up(target: str, settings: GoogleAdsSettings, now: datetime) -> Body:
    """What real events carry, of nobody: with personal data, where the account's terms are needed for it."""
    event: dict[str, Any] = {
        "transactionId": _NOTHING,
        "eventTimestamp": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": settings.event_source,
    }
    if settings.user_data:
        event["userData"] = {"userIdentifiers": [{"emailAddress": _NOBODYS_EMAIL}]}
    else:
        event["adIdentifiers"] = {"gclid": _NOTHING}
    return {
        "destinations": [destination(target, settings)],
        "encoding": "HEX",
        "validateOnly": True,
        "events": [event],
    }
