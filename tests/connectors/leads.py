"""A complete lead and a complete conversion, by keyword overrides."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.connectors.base import Consent, Conversion
from app.tables.leads import LeadRow
from app.values import ConsentState, DeliveryKind, LeadStatus

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
EVENT_AT = NOW - timedelta(hours=1)
CLICKED_AT = NOW - timedelta(days=3)
CREATED_AT = CLICKED_AT + timedelta(minutes=10)
DELIVERY_ID = UUID("018f4c3e-7b1a-7c3d-9e2f-0000000000d1")
EVENT_ID = "lw-018f4c3e-7b1a-7c3d-9e2f-5a6b7c8d9e0f"

GRANTED = Consent(
    ad_storage=ConsentState.GRANTED,
    analytics_storage=ConsentState.GRANTED,
    ad_user_data=ConsentState.GRANTED,
    ad_personalization=ConsentState.GRANTED,
)

COMPLETE: dict[str, Any] = {
    "id": 42,
    "project_id": None,
    "status": LeadStatus.OPEN,
    "unique_identifier": "crm-42",
    "first_name": "Alex",
    "last_name": "Zeta",
    "email": "alexz@example.com",
    "email_key": "alexz@example.com",
    "phone": "020 7946 0018",
    "phone_e164": "+442079460018",
    "country_code": "GB",
    "postal_code": "SW1A 1AA",
    "city": "London",
    "region": "Greater London",
    "currency": "EUR",
    "gclid": "Cj0KCQiA_test-Gclid",
    "google_captured_at": CLICKED_AT,
    "google_clicked_at": CLICKED_AT,
    "fbclid": "IwAR_test-Fbclid",
    "meta_captured_at": CLICKED_AT,
    "meta_clicked_at": CLICKED_AT,
    "fbp": "fb.1.1795100000000.1116446470",
    "meta_lead_id": "123456789012345",
    "msclkid": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "microsoft_captured_at": CLICKED_AT,
    "microsoft_clicked_at": CLICKED_AT,
    "li_fat_id": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    "linkedin_captured_at": CLICKED_AT,
    "linkedin_clicked_at": CLICKED_AT,
    "ttclid": "E.C.P.test-Ttclid",
    "tiktok_captured_at": CLICKED_AT,
    "tiktok_clicked_at": CLICKED_AT,
    "ttp": "test-Ttp-0001",
    "ga_client_id": "1234567890.1795100000",
    "ga_session_id": "1795100000",
    "landing_page_url": "https://www.example.com/offer?utm_source=ads",
    "ip_address": "203.0.113.7",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Example/1.0",
    "created_at": CREATED_AT,
    "updated_at": CREATED_AT,
}

EMPTY = dict.fromkeys(set(COMPLETE) - {"id", "project_id", "status", "currency", "created_at", "updated_at"})


def lead(**overrides: Any) -> LeadRow:
    """A lead that every platform takes without a warning."""
    return LeadRow(**{**COMPLETE, **overrides})


def bare_lead(**overrides: Any) -> LeadRow:
    """A lead of whom nothing is known but what is given."""
    return lead(**{**EMPTY, **overrides})


def conversion(**overrides: Any) -> Conversion:
    """A SEND of 1,250.50 EUR, an hour old, with consent to everything."""
    complete: dict[str, Any] = {
        "kind": DeliveryKind.SEND,
        "delivery_id": DELIVERY_ID,
        "event_id": EVENT_ID,
        "event_at": EVENT_AT,
        "decided_at": EVENT_AT,
        "value_cents": 125_050,
        "currency": "EUR",
        "target": "987654321",
        "consent": GRANTED,
    }
    return Conversion(**{**complete, **overrides})
