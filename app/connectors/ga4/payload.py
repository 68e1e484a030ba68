"""From a conversion to the body of mp/collect. Pure.

Sources, read 2026-11-23: https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference
("JSON POST body", "Common event parameters", "Consent") and .../collection/ga4/uid-data (user_data).
"""

from typing import Any

from app.connectors.base import Body, Consent, Conversion
from app.connectors.ga4 import normalise
from app.connectors.ga4.settings import Ga4Settings
from app.connectors.hashing import hashed, is_hash
from app.connectors.money import amount
from app.connectors.redaction import masked
from app.tables.leads import LeadRow
from app.values import ConsentState


def build(lead: LeadRow, conversion: Conversion, settings: Ga4Settings, *, test_mode: bool) -> Body:
    """One event.

    Test mode adds `debug_mode`: the event shows in DebugView. Unless the property filters developer traffic
    it is counted all the same; the validation endpoint (/debug/mp/collect) would send nothing at all.
    """
    body: Body = {
        "client_id": normalise.client_id(lead.ga_client_id or "") or "",
        "timestamp_micros": int(conversion.event_at.timestamp()) * 1_000_000,
    }
    consent = _consent(conversion.consent)
    if consent:
        body["consent"] = consent
    if settings.user_data and conversion.consent.ad_user_data is not ConsentState.DENIED:
        users = _user_data(lead)
        if users:
            body["user_data"] = users
    body["events"] = [
        {"name": conversion.target.strip(), "params": _params(lead, conversion, test_mode=test_mode)}
    ]
    return body


def redact(body: Body) -> Body:
    """Nothing in it is personal but hashed; e-mail addresses are masked wherever they may have got in."""
    return masked(body, keys=frozenset({"api_secret"}))


def _params(lead: LeadRow, conversion: Conversion, *, test_mode: bool) -> dict[str, Any]:
    params: dict[str, Any] = {"transaction_id": conversion.event_id}
    if conversion.value_cents is not None:
        params["value"] = amount(conversion.value_cents, conversion.currency)
        params["currency"] = conversion.currency
    session_id = (lead.ga_session_id or "").strip()
    if session_id:
        params["session_id"] = session_id
        # Both are needed for the event to show in reports like Realtime ("Common event parameters"); the
        # visitor did nothing meanwhile, so it is the smallest there is.
        params["engagement_time_msec"] = 1
    if test_mode:
        params["debug_mode"] = True
    return params


def _consent(consent: Consent) -> dict[str, str]:
    answers = {"ad_user_data": consent.ad_user_data, "ad_personalization": consent.ad_personalization}
    return {name: answer.value for name, answer in answers.items() if answer is not None}


def _user_data(lead: LeadRow) -> dict[str, list[str]]:
    phone = lead.phone if lead.phone and is_hash(lead.phone.strip()) else lead.phone_e164
    found = {
        "sha256_email_address": hashed(lead.email, normalise.email),
        "sha256_phone_number": hashed(phone, normalise.phone),
    }
    return {name: [value] for name, value in found.items() if value}
