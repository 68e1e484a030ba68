"""A sandbox to talk to: in process, or behind a real server on the loopback address."""

import base64
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp

from app.sandbox.webhook.signatures import SECRET as WEBHOOK_SECRET

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SHA = "0123456789abcdef" * 4


class SteppingClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


class RecordedSleep:
    """Waits nothing and remembers how long it was asked to."""

    def __init__(self) -> None:
        self.delays_s: list[float] = []

    async def __call__(self, delay_s: float) -> None:
        self.delays_s.append(delay_s)


@asynccontextmanager
async def served(app: ASGIApp, *, http: Any = "auto") -> AsyncIterator[str]:
    """The application behind uvicorn on a free port; gives its address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_config=None, http=http)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        host, port = server.servers[0].sockets[0].getsockname()
        yield f"http://{host}:{port}"
    finally:
        await server.shutdown()


async def book(client: httpx.AsyncClient, platform: str) -> dict[str, Any]:
    """What a platform has received."""
    answer = await client.get(f"/{platform}/requests")
    assert answer.status_code == 200
    return answer.json()


async def script(client: httpx.AsyncClient, platform: str, **order: Any) -> None:
    """Give an order that is accepted."""
    answer = await client.post(f"/{platform}/script", json=order)
    assert answer.status_code == 200, answer.text


def google_event(**changes: Any) -> dict[str, Any]:
    """An event the Data Manager API takes, with changes; None takes a field away."""
    event = {
        "eventTimestamp": "2026-11-23T11:00:00Z",
        "eventSource": "WEB",
        "transactionId": "lead-42-won",
        "conversionValue": 10.5,
        "currency": "EUR",
        "adIdentifiers": {"gclid": "Cj0KCQ"},
        "userData": {"userIdentifiers": [{"emailAddress": SHA}, {"phoneNumber": SHA}]},
    }
    return _changed(event, changes)


def google_request(*events: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A request the Data Manager API takes, with changes; None takes a field away."""
    request = {
        "destinations": [
            {
                "operatingAccount": {"accountType": "GOOGLE_ADS", "accountId": "1234567890"},
                "productDestinationId": "987654",
            }
        ],
        "encoding": "HEX",
        "consent": {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_DENIED"},
        "validateOnly": False,
        "events": list(events) or [google_event()],
    }
    return _changed(request, changes)


def meta_event(**changes: Any) -> dict[str, Any]:
    """A CRM event the Conversions API takes, with changes; None takes a field away."""
    event = {
        "event_name": "Qualified",
        "event_time": int(START.timestamp()) - 60,
        "event_id": "lead-42-qualified",
        "action_source": "system_generated",
        "user_data": {
            "lead_id": 123456789012345,
            "em": [SHA],
            "ph": SHA,
            "fbc": "fb.1.1795395600000.AbC-d_e",
        },
        "custom_data": {
            "event_source": "crm",
            "lead_event_source": "Leadwire",
            "value": 10.5,
            "currency": "EUR",
        },
    }
    return _changed(event, changes)


def website_event(**changes: Any) -> dict[str, Any]:
    """A website event the Conversions API takes, with changes; None takes a field away."""
    event = {
        "action_source": "website",
        "event_source_url": "https://www.example.com/thanks",
        "user_data": {"client_user_agent": "Mozilla/5.0", "client_ip_address": "192.0.2.7", "em": [SHA]},
        "custom_data": {},
        **changes,
    }
    return meta_event(**event)


def ga4_request(*events: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A request the Measurement Protocol takes, with changes; None takes a field away."""
    request = {
        "client_id": "123.456",
        "timestamp_micros": int(START.timestamp() - 60) * 1_000_000,
        "consent": {"ad_user_data": "GRANTED", "ad_personalization": "DENIED"},
        "events": list(events) or [ga4_event()],
    }
    return _changed(request, changes)


def ga4_event(name: str = "close_convert_lead", **params: Any) -> dict[str, Any]:
    """An event with a value; further or other parameters as given."""
    return {"name": name, "params": {"value": 10.5, "currency": "EUR", "session_id": "1795395000", **params}}


def linkedin_event(**changes: Any) -> dict[str, Any]:
    """An event LinkedIn's Conversions API takes, with changes; None takes a field away."""
    event = {
        "conversion": "urn:lla:llaPartnerConversion:104012",
        "conversionHappenedAt": int(START.timestamp() - 60) * 1000,
        "conversionValue": {"currencyCode": "EUR", "amount": "10.50"},
        "eventId": "lead-42-won",
        "user": {
            "userIds": [
                {"idType": "SHA256_EMAIL", "idValue": SHA},
                {"idType": "LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID", "idValue": "0f1e2d3c-4b5a"},
            ],
            "userInfo": {
                "firstName": "Alex",
                "lastName": "Zeta",
                "companyName": "Example",
                "countryCode": "NL",
            },
        },
    }
    return _changed(event, changes)


def tiktok_event(**changes: Any) -> dict[str, Any]:
    """A stage of a CRM the Events API takes, with changes; None takes a field away."""
    event = {
        "event": "Qualified",
        "event_time": int(START.timestamp()) - 60,
        "event_id": "lead-42-qualified",
        "user": {"email": SHA, "phone": [SHA], "ttclid": "E.C.P.AbC"},
        "lead": {"lead_event_source": "Leadwire"},
        "properties": {"value": 10.5, "currency": "EUR"},
    }
    return _changed(event, changes)


def tiktok_request(*events: Any, **changes: Any) -> dict[str, Any]:
    """A request the Events API takes, with changes; None takes a field away."""
    request = {
        "event_source": "crm",
        "event_source_id": "7000000000000000001",
        "data": list(events) or [tiktok_event()],
    }
    return _changed(request, changes)


def webhook_message(**changes: Any) -> dict[str, Any]:
    """A message about a sale, with changes of what is told; None takes a field away."""
    told = {
        "eventId": "lead-42-won",
        "kind": "SEND",
        "occurredAt": "2026-11-23T11:00:00Z",
        "valueCents": 1050,
        "currency": "EUR",
        "lead": {"id": "42", "uniqueIdentifier": "crm-42"},
        "attribution": {"gclid": "Cj0KCQ"},
        "consent": {
            "adStorage": "GRANTED",
            "analyticsStorage": None,
            "adUserData": "GRANTED",
            "adPersonalization": "DENIED",
        },
    }
    message = {"id": "msg_1", "type": "lead.won", "timestamp": "2026-11-23T11:00:00Z"}
    return {**message, "data": _changed(told, changes)}


def signed(body: bytes, *, message_id: str = "msg_1", at: datetime = START) -> dict[str, str]:
    """The headers of a message to the webhook's receiver."""
    seconds = str(int(at.timestamp()))
    key = base64.b64decode(WEBHOOK_SECRET.removeprefix("whsec_"))
    signature = hmac.digest(key, f"{message_id}.{seconds}.".encode() + body, "sha256")
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def _changed(value: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in {**value, **changes}.items() if item is not None}


BEARER = {"authorization": "Bearer sandbox-access"}


async def ingest(client: httpx.AsyncClient, request: Any, **headers: str) -> httpx.Response:
    """POST a request to the Data Manager API with a token that is in force."""
    return await client.post("/google_ads/v1/events:ingest", json=request, headers={**BEARER, **headers})


async def send_to_meta(client: httpx.AsyncClient, *events: Any, **more: Any) -> httpx.Response:
    """POST events to the Conversions API with a token that is in force."""
    body = {"data": list(events), "access_token": "sandbox-token", **more}
    return await client.post("/meta/v26.0/1234567890/events", json=body)


async def collect(client: httpx.AsyncClient, request: Any, *, path: str = "/mp/collect") -> httpx.Response:
    """POST a request to the Measurement Protocol."""
    query = {"measurement_id": "G-TEST", "api_secret": "sandbox-secret"}
    return await client.post(f"/ga4{path}", params=query, json=request)


LINKEDIN = {**BEARER, "linkedin-version": "202607", "x-restli-protocol-version": "2.0.0"}
"""What every request to LinkedIn must carry."""


async def send_to_linkedin(client: httpx.AsyncClient, *events: Any, **headers: str) -> httpx.Response:
    """POST events to LinkedIn's Conversions API as a batch."""
    own = {**LINKEDIN, "x-restli-method": "BATCH_CREATE", **headers}
    return await client.post("/linkedin/rest/conversionEvents", json={"elements": list(events)}, headers=own)


async def track(client: httpx.AsyncClient, request: Any, *, token: str = "sandbox-token") -> httpx.Response:
    """POST a request to the Events API."""
    headers = {"access-token": token}
    return await client.post("/tiktok/open_api/v1.3/event/track/", json=request, headers=headers)


async def tell_webhook(client: httpx.AsyncClient, message: Any, **headers: str) -> httpx.Response:
    """POST a signed message to the webhook's receiver; headers that are empty are left out."""
    body = json.dumps(message).encode()
    sent = {**signed(body, message_id=message["id"]), **headers}
    own = {name: text for name, text in sent.items() if text}
    return await client.post("/webhook/conversions", content=body, headers=own)


MICROSOFT = {
    "authorization": "Bearer sandbox-access",
    "developertoken": "sandbox-developer-token",
    "customerid": "250000001",
    "customeraccountid": "180000001",
}
"""The headers Microsoft lets a call in with."""
MICROSOFT_API = "/microsoft_ads/CampaignManagement/v13"


def microsoft_conversion(**changes: Any) -> dict[str, Any]:
    """A conversion Microsoft takes, with changes; None takes a field away."""
    conversion = {
        "ConversionName": "Won lead",
        "ConversionTime": "2026-11-23T11:00:00Z",
        "MicrosoftClickId": "f894f652ea334e739002f7167ab8f8e3",
        "HashedEmailAddress": SHA,
        "ConversionValue": 10.5,
        "ConversionCurrencyCode": "EUR",
    }
    return _changed(conversion, changes)


async def send_to_microsoft(client: httpx.AsyncClient, *conversions: Any) -> httpx.Response:
    """POST conversions to Microsoft, as somebody who may."""
    body = {"OfflineConversions": list(conversions)}
    return await client.post(f"{MICROSOFT_API}/OfflineConversions/Apply", json=body, headers=MICROSOFT)


SENDERS = {
    "google_ads": lambda client: ingest(client, google_request()),
    "meta": lambda client: send_to_meta(client, meta_event()),
    "ga4": lambda client: collect(client, ga4_request()),
    "microsoft_ads": lambda client: send_to_microsoft(client, microsoft_conversion()),
    "tiktok": lambda client: track(client, tiktok_request()),
    "linkedin": lambda client: send_to_linkedin(client, linkedin_event()),
    "webhook": lambda client: tell_webhook(client, webhook_message()),
}
"""One conversion to each platform."""

REFUSED_WITH = {"ga4": 204, "tiktok": 200}
"""The status of a refusal, where it is not 400."""
ADDRESSES = {
    "google_ads": ("/google_ads/v1/events:ingest", BEARER),
    "meta": ("/meta/v26.0/1/events?access_token=sandbox-x", {}),
    "ga4": ("/ga4/mp/collect?measurement_id=G-1&api_secret=x", {}),
    "microsoft_ads": (f"{MICROSOFT_API}/OfflineConversions/Apply", MICROSOFT),
    "tiktok": ("/tiktok/open_api/v1.3/event/track/", {"access-token": "sandbox-x"}),
    "linkedin": ("/linkedin/rest/conversionEvents", {**LINKEDIN, "x-restli-method": "BATCH_CREATE"}),
    "webhook": ("/webhook/conversions", {"content-type": "application/json"}),
}
"""Where conversions are sent, and the headers that are needed there."""
