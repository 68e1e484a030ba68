from typing import Any

import pytest

from app.connectors.base import Consent
from app.connectors.webhook.payload import build, redact, trial
from app.connectors.webhook.settings import WebhookSettings
from app.values import ConsentState, DeliveryKind
from tests.connectors.leads import DELIVERY_ID, EVENT_ID, NOW, bare_lead, conversion, lead

PLAIN = WebhookSettings.model_validate({"url": "https://hooks.example.com/x"})
PERSONAL = WebhookSettings.model_validate({"url": "https://hooks.example.com/x", "personal_data": True})


def built(
    person: Any = None, settings: WebhookSettings = PLAIN, *, test_mode: bool = False, **changes: Any
) -> Any:
    return build(
        person or lead(), conversion(**{"target": "lead.won", **changes}), settings, test_mode=test_mode
    )


def test_a_message_carries_ids_clicks_and_consent_and_nothing_personal() -> None:
    assert built() == {
        "id": f"msg_{DELIVERY_ID}",
        "type": "lead.won",
        "timestamp": "2026-11-23T11:00:00Z",
        "data": {
            "eventId": EVENT_ID,
            "kind": "SEND",
            "occurredAt": "2026-11-23T11:00:00Z",
            "valueCents": 125_050,
            "currency": "EUR",
            "lead": {"id": "42", "uniqueIdentifier": "crm-42"},
            "attribution": {
                "gclid": "Cj0KCQiA_test-Gclid",
                "fbclid": "IwAR_test-Fbclid",
                "fbp": "fb.1.1795100000000.1116446470",
                "metaLeadId": "123456789012345",
                "msclkid": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
                "liFatId": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
                "ttclid": "E.C.P.test-Ttclid",
                "ttp": "test-Ttp-0001",
                "gaClientId": "1234567890.1795100000",
                "gaSessionId": "1795100000",
                "landingPageUrl": "https://www.example.com/offer",
            },
            "consent": {
                "adStorage": "GRANTED",
                "analyticsStorage": "GRANTED",
                "adUserData": "GRANTED",
                "adPersonalization": "GRANTED",
            },
        },
    }


def test_the_person_is_told_of_only_where_that_was_chosen() -> None:
    told = built(settings=PERSONAL)["data"]
    assert told["person"] == {
        "firstName": "Alex",
        "lastName": "Zeta",
        "email": "alexz@example.com",
        "countryCode": "GB",
        "postalCode": "SW1A 1AA",
        "city": "London",
        "region": "Greater London",
        "ipAddress": "203.0.113.7",
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64) Example/1.0",
        "phone": "+442079460018",
    }
    assert told["attribution"]["landingPageUrl"] == "https://www.example.com/offer?utm_source=ads"


def test_a_phone_that_is_no_possible_number_stays_as_it_is() -> None:
    told = built(lead(phone="ask for Alex", phone_e164=None), PERSONAL)["data"]
    assert told["person"]["phone"] == "ask for Alex"


def test_of_a_lead_nobody_knows_anything_of_only_the_id_is_told() -> None:
    told = built(bare_lead(), PERSONAL)["data"]
    assert (told["lead"], told["attribution"], told["person"]) == ({"id": "42"}, {}, {})


def test_an_answer_nobody_gave_is_null() -> None:
    told = built(consent=Consent(ad_user_data=ConsentState.DENIED))["data"]
    assert told["consent"] == {
        "adStorage": None,
        "analyticsStorage": None,
        "adUserData": "DENIED",
        "adPersonalization": None,
    }


@pytest.mark.parametrize("page", ["https://e.com/a?b=c", "https://e.com/a#b?c", "https://e.com/a"])
def test_the_query_of_a_page_may_hold_anything_and_stays_here(page: str) -> None:
    told = built(lead(landing_page_url=page))["data"]
    assert told["attribution"]["landingPageUrl"] == "https://e.com/a"


def test_a_value_of_zero_is_a_value() -> None:
    assert built(value_cents=0)["data"]["valueCents"] == 0
    assert not {"valueCents", "currency"} & set(built(value_cents=None)["data"])


def test_a_restatement_is_another_message_about_the_same_event() -> None:
    other = lead().model_copy()
    first = built()
    second = built(
        other, kind=DeliveryKind.RESTATE, delivery_id="018f4c3e-0000-7000-8000-000000000002", decided_at=NOW
    )
    assert first["id"] != second["id"]
    assert first["data"]["eventId"] == second["data"]["eventId"]
    assert second["data"]["kind"] == "RESTATE"
    assert (second["timestamp"], second["data"]["occurredAt"]) == (
        "2026-11-23T12:00:00Z",
        "2026-11-23T11:00:00Z",
    )


def test_a_message_id_holds_no_full_stop_which_ends_it_where_it_is_signed() -> None:
    assert "." not in built()["id"]


def test_a_test_says_so_and_its_conversion_is_no_copy_of_it() -> None:
    live, test = built(), built(test_mode=True)
    assert test == {**live, "id": test["id"], "test": True}
    assert test["id"] != live["id"]


def test_a_trial_is_about_nobody() -> None:
    assert trial("msg_1", NOW) == {
        "id": "msg_1",
        "type": "leadwire.test",
        "timestamp": "2026-11-23T12:00:00Z",
        "test": True,
        "data": {},
    }


def test_what_is_kept_of_a_message_masks_the_person_and_keeps_the_rest() -> None:
    body = built(lead(unique_identifier="alexz@example.com"), PERSONAL)
    kept = redact(body)
    assert set(kept["data"]["person"].values()) == {"[redacted]"}
    assert kept["data"]["lead"]["uniqueIdentifier"] == "[e-mail]"
    assert kept["data"]["attribution"]["landingPageUrl"] == "https://www.example.com/offer"
    assert kept["data"]["attribution"]["gclid"] == "Cj0KCQiA_test-Gclid"
    assert kept["id"] == body["id"]
