from dataclasses import replace
from typing import Any

import pytest

from app.connectors.hashing import hashed
from app.connectors.tiktok.payload import build, empty, redact
from app.connectors.tiktok.settings import TikTokSettings
from app.values import ConsentState
from tests.connectors.leads import EVENT_AT, EVENT_ID, GRANTED, bare_lead, conversion, lead

WEB = TikTokSettings(mode="web", event_source_id="C17TA5JC77UDOT6CA5FG", test_event_code="TEST1")
CRM = TikTokSettings(mode="crm", event_source_id="7000000000000000001", crm_name="Example CRM")
OFFLINE = TikTokSettings(mode="offline", event_source_id="7000000000000000002")
EVERY_MODE = pytest.mark.parametrize("settings", [WEB, CRM, OFFLINE], ids=lambda settings: settings.mode)


def sha256(value: str) -> str | None:
    return hashed(value, lambda text: text)


PERSON = {
    "email": sha256("alexz@example.com"),
    "phone": sha256("+442079460018"),
    "external_id": sha256("crm-42"),
    "first_name": sha256("alex"),
    "last_name": sha256("zeta"),
    "zip_code": sha256("sw1a1aa"),
    "ttclid": "E.C.P.test-Ttclid",
}
EVENT: dict[str, Any] = {
    "event": "CompletePayment",
    "event_time": int(EVENT_AT.timestamp()),
    "event_id": EVENT_ID,
    "user": PERSON,
    "properties": {"value": 1250.5, "currency": "EUR"},
}


def built(settings: TikTokSettings, *, test_mode: bool = False, **columns: Any) -> Any:
    body = build(lead(**columns), conversion(target=" CompletePayment "), settings, test_mode=test_mode)
    [event] = body["data"]
    return event


def test_a_complete_stage_of_a_crm() -> None:
    body = build(lead(), conversion(target=" CompletePayment "), CRM, test_mode=False)
    assert body == {
        "event_source": "crm",
        "event_source_id": "7000000000000000001",
        "data": [{**EVENT, "lead": {"lead_event_source": "Example CRM"}}],
    }


def test_a_complete_conversion_of_a_website() -> None:
    body = build(lead(), conversion(target="CompletePayment"), WEB, test_mode=False)
    browser = {
        "ttp": "test-Ttp-0001",
        "ip": "203.0.113.7",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Example/1.0",
    }
    assert body == {
        "event_source": "web",
        "event_source_id": "C17TA5JC77UDOT6CA5FG",
        "data": [
            {
                **EVENT,
                "user": PERSON | browser,
                "page": {"url": "https://www.example.com/offer?utm_source=ads"},
            }
        ],
    }


def test_a_complete_offline_conversion() -> None:
    body = build(lead(), conversion(target="CompletePayment"), OFFLINE, test_mode=False)
    assert body == {"event_source": "offline", "event_source_id": "7000000000000000002", "data": [EVENT]}


@EVERY_MODE
def test_of_a_bare_lead_only_the_frame_is_left(settings: TikTokSettings) -> None:
    [event] = build(bare_lead(), conversion(value_cents=None), settings, test_mode=False)["data"]
    assert event["user"] == {}
    assert not {"properties", "page", "limited_data_use"} & set(event)


@EVERY_MODE
def test_the_lead_id_of_another_platforms_form_is_not_sent(settings: TikTokSettings) -> None:
    assert "123456789012345" not in str(built(settings, meta_lead_id="123456789012345"))


@EVERY_MODE
def test_nothing_of_an_address_leaves_in_clear(settings: TikTokSettings) -> None:
    text = str(built(settings))
    assert not [place for place in ("London", "london", "GB", "SW1A") if place in text]


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
    settings = WEB.model_copy(update={"event_source_url": "https://b.example.com"})
    assert built(settings, landing_page_url=landing_page)["page"] == {"url": expected}


@pytest.mark.parametrize(
    ("overrides", "gone"),
    [
        ({"ip_address": "not an address"}, "ip"),
        ({"user_agent": " "}, "user_agent"),
        ({"ttp": "two words"}, "ttp"),
        ({"ttclid": "two words"}, "ttclid"),
        ({"ttclid": ""}, "ttclid"),
        ({"phone_e164": None}, "phone"),
        ({"unique_identifier": " "}, "external_id"),
        ({"first_name": "!"}, "first_name"),
    ],
)
def test_what_is_nothing_is_left_out(overrides: dict[str, Any], gone: str) -> None:
    assert gone not in built(WEB, **overrides)["user"]


def test_a_click_id_keeps_its_letter_case() -> None:
    assert built(CRM, ttclid="E.C.P.AbC_-9")["user"]["ttclid"] == "E.C.P.AbC_-9"


def test_a_phone_that_came_hashed_is_passed_on() -> None:
    [event] = build(bare_lead(phone="A" * 64), conversion(), CRM, test_mode=False)["data"]
    assert event["user"] == {"phone": "a" * 64}


@EVERY_MODE
def test_a_person_who_wants_no_personalised_ads_is_sent_for_limited_use(settings: TikTokSettings) -> None:
    refused = replace(GRANTED, ad_personalization=ConsentState.DENIED)
    [event] = build(lead(), conversion(consent=refused), settings, test_mode=False)["data"]
    assert event["limited_data_use"] is True
    assert "limited_data_use" not in built(settings)


def test_test_mode_carries_the_code_of_the_test_events_tab() -> None:
    assert build(lead(), conversion(), WEB, test_mode=True)["test_event_code"] == "TEST1"
    assert "test_event_code" not in build(lead(), conversion(), CRM, test_mode=True)


def test_the_kept_copy_masks_the_visitor() -> None:
    [event] = redact(build(lead(), conversion(), WEB, test_mode=False))["data"]
    assert event["user"]["ip"] == event["user"]["user_agent"] == "[redacted]"
    assert event["page"]["url"] == "https://www.example.com/offer"
    assert event["user"]["email"] == PERSON["email"]
    assert event["user"]["ttclid"] == PERSON["ttclid"]


@EVERY_MODE
def test_a_body_for_trying_has_no_event(settings: TikTokSettings) -> None:
    assert empty(settings) == {
        "event_source": settings.mode,
        "event_source_id": settings.event_source_id,
        "data": [],
    }
