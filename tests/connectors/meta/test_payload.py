from typing import Any

import pytest

from app.connectors.hashing import hashed
from app.connectors.meta.payload import build, redact
from app.connectors.meta.settings import MetaSettings
from tests.connectors.leads import CLICKED_AT, EVENT_AT, EVENT_ID, bare_lead, conversion, lead

WEBSITE = MetaSettings(dataset_id="1234567890", mode="website", test_event_code="TEST1")
CRM = MetaSettings(dataset_id="1234567890", mode="crm", crm_name="Example CRM")
FBC = f"fb.1.{int(CLICKED_AT.timestamp()) * 1000}.IwAR_test-Fbclid"


def sha256(value: str) -> list[str | None]:
    return [hashed(value, lambda text: text)]


PERSON = {
    "em": sha256("alexz@example.com"),
    "ph": sha256("442079460018"),
    "fn": sha256("alex"),
    "ln": sha256("zeta"),
    "ct": sha256("london"),
    "st": sha256("greaterlondon"),
    "zp": sha256("sw1a1aa"),
    "country": sha256("gb"),
    "external_id": sha256("crm-42"),
    "fbc": FBC,
    "fbp": "fb.1.1795100000000.1116446470",
}


def test_a_complete_website_conversion_is_what_meta_documents() -> None:
    body = build(lead(), conversion(target=" Purchase "), WEBSITE, test_mode=False)
    assert body == {
        "data": [
            {
                "event_name": "Purchase",
                "event_time": int(EVENT_AT.timestamp()),
                "event_id": EVENT_ID,
                "action_source": "website",
                "event_source_url": "https://www.example.com/offer?utm_source=ads",
                "user_data": {
                    **PERSON,
                    "client_ip_address": "203.0.113.7",
                    "client_user_agent": "Mozilla/5.0 (X11; Linux x86_64) Example/1.0",
                },
                "custom_data": {"value": 1250.5, "currency": "EUR"},
            }
        ]
    }


def test_a_complete_crm_stage_is_what_meta_documents() -> None:
    body = build(lead(), conversion(target="Qualified"), CRM, test_mode=False)
    assert body == {
        "data": [
            {
                "event_name": "Qualified",
                "event_time": int(EVENT_AT.timestamp()),
                "event_id": EVENT_ID,
                "action_source": "system_generated",
                "user_data": {**PERSON, "lead_id": 123456789012345},
                "custom_data": {
                    "event_source": "crm",
                    "lead_event_source": "Example CRM",
                    "value": 1250.5,
                    "currency": "EUR",
                },
            }
        ]
    }


def test_of_a_bare_lead_only_the_frame_is_left() -> None:
    [event] = build(bare_lead(), conversion(value_cents=None), WEBSITE, test_mode=False)["data"]
    assert event["user_data"] == {}
    assert "custom_data" not in event
    assert "event_source_url" not in event


@pytest.mark.parametrize(
    ("landing_page", "expected"),
    [
        ("https://a.example.com/x", "https://a.example.com/x"),
        (None, "https://b.example.com"),
        (" ", "https://b.example.com"),
    ],
)
def test_the_configured_address_stands_in_for_an_unknown_landing_page(
    landing_page: str | None, expected: str
) -> None:
    settings = WEBSITE.model_copy(update={"event_source_url": "https://b.example.com"})
    [event] = build(lead(landing_page_url=landing_page), conversion(), settings, test_mode=False)["data"]
    assert event["event_source_url"] == expected


@pytest.mark.parametrize(
    ("overrides", "gone"),
    [
        ({"ip_address": "not an address"}, "client_ip_address"),
        ({"ip_address": "203.0.113.7, 10.0.0.1"}, "client_ip_address"),
        ({"user_agent": " "}, "client_user_agent"),
        ({"fbp": "x"}, "fbp"),
        ({"phone_e164": None}, "ph"),
    ],
)
def test_what_meta_would_refuse_is_left_out(overrides: dict[str, Any], gone: str) -> None:
    [event] = build(lead(**overrides), conversion(), WEBSITE, test_mode=False)["data"]
    assert gone not in event["user_data"]


@pytest.mark.parametrize("meta_lead_id", ["1" * 14, "1" * 18, "l:123456789012345", "", None])
def test_a_lead_id_that_is_none_is_left_out(meta_lead_id: str | None) -> None:
    [event] = build(lead(meta_lead_id=meta_lead_id), conversion(), CRM, test_mode=False)["data"]
    assert "lead_id" not in event["user_data"]


def test_an_address_of_the_sixth_version_is_sent() -> None:
    [event] = build(lead(ip_address=" 2001:db8::1 "), conversion(), WEBSITE, test_mode=False)["data"]
    assert event["user_data"]["client_ip_address"] == "2001:db8::1"


def test_a_phone_that_came_hashed_is_passed_on() -> None:
    [event] = build(bare_lead(phone="A" * 64), conversion(), WEBSITE, test_mode=False)["data"]
    assert event["user_data"] == {"ph": ["a" * 64]}


def test_test_mode_carries_the_code_of_the_test_events_tab() -> None:
    assert build(lead(), conversion(), WEBSITE, test_mode=True)["test_event_code"] == "TEST1"
    assert "test_event_code" not in build(lead(), conversion(), CRM, test_mode=True)


def test_the_kept_copy_masks_the_visitor() -> None:
    body = build(lead(), conversion(), WEBSITE, test_mode=False)
    [event] = redact({**body, "access_token": "EAAx"})["data"]
    assert event["user_data"]["client_ip_address"] == "[redacted]"
    assert event["user_data"]["client_user_agent"] == "[redacted]"
    assert event["event_source_url"] == "https://www.example.com/offer"
    assert event["user_data"]["em"] == PERSON["em"]
    assert event["user_data"]["fbc"] == FBC
    assert redact({**body, "access_token": "EAAx"})["access_token"] == "[redacted]"
