"""From a conversion to the body of events:ingest. Pure.

Source: https://developers.google.com/data-manager/api/reference/rest/v1/events/ingest, read 2026-11-23.
"""

from datetime import UTC
from typing import Any

from app.connectors.base import Body, Consent, Conversion
from app.connectors.google_ads import normalise
from app.connectors.google_ads.api import CLICK_IDS
from app.connectors.google_ads.settings import GoogleAdsSettings
from app.connectors.hashing import hashed, is_hash
from app.connectors.money import amount
from app.connectors.redaction import masked
from app.tables.leads import LeadRow
from app.values import ConsentState, DeliveryKind

_CONSENT = {ConsentState.GRANTED: "CONSENT_GRANTED", ConsentState.DENIED: "CONSENT_DENIED"}


def build(lead: LeadRow, conversion: Conversion, settings: GoogleAdsSettings, *, test_mode: bool) -> Body:
    """One event for one conversion action. A restatement is the same event again with its new value."""
    users = user_identifiers(lead) if settings.user_data else []
    body: Body = {"destinations": [destination(conversion.target, settings)]}
    if users:
        body["encoding"] = "HEX"
    consent = _consent(conversion.consent)
    if consent:
        body["consent"] = consent
    body["validateOnly"] = test_mode
    body["events"] = [_event(lead, conversion, settings, users)]
    return body


def click_id(lead: LeadRow) -> dict[str, str]:
    """The one click id that is sent, exactly as it was captured; empty without one."""
    for name in CLICK_IDS:
        value: str | None = getattr(lead, name)
        if value and value.strip():
            return {name: value}
    return {}


def user_identifiers(lead: LeadRow) -> list[dict[str, Any]]:
    """Hashed e-mail and phone, and the address when all four of its parts are known."""
    found: list[dict[str, Any]] = []
    email = hashed(lead.email, normalise.email)
    if email:
        found.append({"emailAddress": email})
    phone = hashed(_phone(lead), normalise.phone)
    if phone:
        found.append({"phoneNumber": phone})
    address = {
        "givenName": hashed(lead.first_name, normalise.given_name),
        "familyName": hashed(lead.last_name, normalise.family_name),
        "regionCode": normalise.region_code(lead.country_code or ""),
        "postalCode": normalise.postal_code(lead.postal_code or ""),
    }
    if all(address.values()):
        found.append({"address": address})
    return found


def destination(target: str, settings: GoogleAdsSettings) -> dict[str, Any]:
    """The account and the conversion action `target`."""
    found: dict[str, Any] = {
        "operatingAccount": {"accountType": "GOOGLE_ADS", "accountId": settings.customer_id},
        "productDestinationId": target.strip(),
    }
    if settings.login_customer_id:
        found["loginAccount"] = {"accountType": "GOOGLE_ADS", "accountId": settings.login_customer_id}
    return found


def redact(body: Body) -> Body:
    """The postal code is all that is not hashed."""
    return masked(body, keys=frozenset({"postalCode"}))


def _phone(lead: LeadRow) -> str | None:
    """As given only when it is a hash: everything else has been understood as E.164, or not at all."""
    given = lead.phone
    return given if given and is_hash(given.strip()) else lead.phone_e164


def _consent(consent: Consent) -> dict[str, str]:
    answers = {"adUserData": consent.ad_user_data, "adPersonalization": consent.ad_personalization}
    return {name: _CONSENT[answer] for name, answer in answers.items() if answer is not None}


def _event(
    lead: LeadRow, conversion: Conversion, settings: GoogleAdsSettings, users: list[dict[str, Any]]
) -> dict[str, Any]:
    event: dict[str, Any] = {
        "transactionId": conversion.event_id,
        "eventTimestamp": conversion.event_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        # Optional in the reference, refused without it for Google Ads.
        "eventSource": settings.event_source,
    }
    value_cents = 0 if conversion.kind is DeliveryKind.RETRACT else conversion.value_cents
    if value_cents is not None:
        event["conversionValue"] = amount(value_cents, conversion.currency)
        event["currency"] = conversion.currency
    click = click_id(lead)
    if click:
        event["adIdentifiers"] = click
    if users:
        event["userData"] = {"userIdentifiers": users}
    return event
