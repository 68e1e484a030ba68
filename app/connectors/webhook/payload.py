"""From a conversion to the body of one message. Pure.

The frame (`type`, `timestamp`, `data`) is what the Standard Webhooks specification recommends ("Payload
structure", read 2026-11-23); `id` repeats the header for whoever keeps only bodies.
"""

import re
from datetime import datetime
from typing import Any

from app.connectors.base import Body, Consent, Conversion
from app.connectors.redaction import masked
from app.connectors.webhook.settings import WebhookSettings
from app.tables.leads import LeadRow
from app.values import DeliveryKind

TEST_TYPE = "leadwire.test"
"""The type of a message that only tries the connection."""

_CLICKS = {
    "gclid": "gclid",
    "gbraid": "gbraid",
    "wbraid": "wbraid",
    "fbclid": "fbclid",
    "fbc": "fbc",
    "fbp": "fbp",
    "metaLeadId": "meta_lead_id",
    "msclkid": "msclkid",
    "liFatId": "li_fat_id",
    "ttclid": "ttclid",
    "ttp": "ttp",
    "gaClientId": "ga_client_id",
    "gaSessionId": "ga_session_id",
}
_PERSON = {
    "firstName": "first_name",
    "lastName": "last_name",
    "companyName": "company_name",
    "email": "email",
    "countryCode": "country_code",
    "postalCode": "postal_code",
    "city": "city",
    "region": "region",
    "ipAddress": "ip_address",
    "userAgent": "user_agent",
}
_LANDING_PAGE = "landingPageUrl"
_PERSONAL_KEYS = frozenset({*_PERSON, "phone"})


def build(lead: LeadRow, conversion: Conversion, settings: WebhookSettings, *, test_mode: bool) -> Body:
    """One message."""
    told: dict[str, Any] = {
        "eventId": conversion.event_id,
        "kind": conversion.kind.value,
        "occurredAt": written(conversion.event_at),
    }
    if conversion.value_cents is not None:
        told |= {"valueCents": conversion.value_cents, "currency": conversion.currency}
    told["lead"] = _given({"id": str(lead.id), "uniqueIdentifier": lead.unique_identifier})
    told["attribution"] = attribution(lead, settings)
    told["consent"] = _consent(conversion.consent)
    if settings.personal_data:
        told["person"] = person(lead)
    body: Body = {
        # Not the event's: a restatement is another message about the same event, and each integration has its
        # own, because a receiver may sit behind several. So has a test: the conversion is no copy of it.
        "id": f"{'test' if test_mode else 'msg'}_{conversion.delivery_id}",
        "type": conversion.target.strip(),
        # Of a restatement the time it was made: by it a receiver can put several of one event in order.
        "timestamp": written(
            conversion.event_at if conversion.kind is DeliveryKind.SEND else conversion.decided_at
        ),
        "data": told,
    }
    if test_mode:
        body["test"] = True
    return body


def trial(message_id: str, now: datetime) -> Body:
    """A message about nothing and nobody."""
    return {"id": message_id, "type": TEST_TYPE, "timestamp": written(now), "test": True, "data": {}}


def attribution(lead: LeadRow, settings: WebhookSettings) -> dict[str, str]:
    """Click ids as they were given, and the page; its query, which may hold anything, only if asked for."""
    page = lead.landing_page_url
    if page is not None and not settings.personal_data:
        page = re.split(r"[?#]", page, maxsplit=1)[0]
    clicks = {name: getattr(lead, column) for name, column in _CLICKS.items()}
    return _given({**clicks, _LANDING_PAGE: page})


def person(lead: LeadRow) -> dict[str, str]:
    """Who it is, as given; the phone number as E.164 where it is one."""
    known = {name: getattr(lead, column) for name, column in _PERSON.items()}
    return _given({**known, "phone": lead.phone_e164 or lead.phone})


def written(at: datetime) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def redact(body: Body) -> Body:
    """Masks the person; the address of the page loses its query."""
    return masked(body, keys=_PERSONAL_KEYS, urls=frozenset({_LANDING_PAGE}))


def _consent(consent: Consent) -> dict[str, str | None]:
    """Null: not known."""
    return {
        "adStorage": consent.ad_storage,
        "analyticsStorage": consent.analytics_storage,
        "adUserData": consent.ad_user_data,
        "adPersonalization": consent.ad_personalization,
    }


def _given(values: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
