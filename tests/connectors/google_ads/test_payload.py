import warnings
from typing import Any

import pytest

from app.connectors.base import Consent
from app.connectors.google_ads.payload import build, redact
from app.connectors.google_ads.settings import GoogleAdsSettings
from app.connectors.hashing import hashed
from app.values import ConsentState, DeliveryKind
from tests.connectors.leads import EVENT_ID, bare_lead, conversion, lead

with warnings.catch_warnings():
    # Google's generated code warns of what newer releases of Python will do.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", FutureWarning)
    from google.ads.datamanager_v1.types import IngestEventsRequest
    from google.protobuf import json_format

SETTINGS = GoogleAdsSettings(customer_id="123-456-7890")


def parsed(body: dict[str, Any]) -> Any:
    """The body as Google's own protocol definition understands it; unknown fields and names raise."""
    return json_format.ParseDict(body, IngestEventsRequest.pb()())


def sha256(value: str) -> str | None:
    return hashed(value, lambda text: text)


def test_a_complete_conversion_is_what_google_documents() -> None:
    body = build(lead(), conversion(), SETTINGS, test_mode=False)
    assert body == {
        "destinations": [
            {
                "operatingAccount": {"accountType": "GOOGLE_ADS", "accountId": "1234567890"},
                "productDestinationId": "987654321",
            }
        ],
        "encoding": "HEX",
        "consent": {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"},
        "validateOnly": False,
        "events": [
            {
                "transactionId": EVENT_ID,
                "eventTimestamp": "2026-11-23T11:00:00Z",
                "eventSource": "WEB",
                "conversionValue": 1250.5,
                "currency": "EUR",
                "adIdentifiers": {"gclid": "Cj0KCQiA_test-Gclid"},
                "userData": {
                    "userIdentifiers": [
                        {"emailAddress": sha256("alexz@example.com")},
                        {"phoneNumber": sha256("+442079460018")},
                        {
                            "address": {
                                "givenName": sha256("alex"),
                                "familyName": sha256("zeta"),
                                "regionCode": "GB",
                                "postalCode": "SW1A 1AA",
                            }
                        },
                    ]
                },
            }
        ],
    }


VARIANTS: dict[str, dict[str, Any]] = {
    "complete": {},
    "bare": {"lead": bare_lead()},
    "no consent known": {"conversion": conversion(consent=Consent())},
    "no value": {"conversion": conversion(value_cents=None)},
    "retraction": {"conversion": conversion(kind=DeliveryKind.RETRACT)},
    "wbraid": {"lead": lead(gclid=None, wbraid="w-1")},
    "gbraid": {"lead": lead(gclid=None, gbraid="g-1")},
    "manager": {"settings": GoogleAdsSettings(customer_id="1234567890", login_customer_id="111-111-1111")},
    "phone call": {"settings": GoogleAdsSettings(customer_id="1234567890", event_source="PHONE")},
    "click id only": {"settings": GoogleAdsSettings(customer_id="1234567890", user_data=False)},
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS.keys())
@pytest.mark.parametrize("test_mode", [False, True])
def test_googles_own_protocol_definition_takes_every_body(variant: dict[str, Any], test_mode: bool) -> None:
    body = build(
        variant.get("lead", lead()),
        variant.get("conversion", conversion()),
        variant.get("settings", SETTINGS),
        test_mode=test_mode,
    )
    request = parsed(body)
    [event] = request.events
    assert event.transaction_id == EVENT_ID
    assert request.validate_only is test_mode
    # Nothing was dropped on the way: a round trip gives the body back, but for what is false by default.
    back = json_format.MessageToDict(request)
    assert back == {key: value for key, value in body.items() if value is not False}


def test_the_oracle_refuses_what_google_would() -> None:
    body = build(lead(), conversion(), SETTINGS, test_mode=False)
    with pytest.raises(json_format.ParseError):
        parsed({**body, "consent": {"adUserData": "GRANTED"}})
    with pytest.raises(json_format.ParseError):
        parsed({**body, "validate": True})


@pytest.mark.parametrize(
    ("clicks", "sent"),
    [
        ({"gclid": "Gc-1", "gbraid": "Gb-1", "wbraid": "Wb-1"}, {"gclid": "Gc-1"}),
        ({"gclid": " ", "gbraid": "Gb-1", "wbraid": "Wb-1"}, {"wbraid": "Wb-1"}),
        ({"gclid": None, "gbraid": "Gb-1", "wbraid": ""}, {"gbraid": "Gb-1"}),
    ],
)
def test_exactly_one_click_id_is_sent_as_it_was_captured(
    clicks: dict[str, Any], sent: dict[str, str]
) -> None:
    [event] = build(lead(**clicks), conversion(), SETTINGS, test_mode=False)["events"]
    assert event["adIdentifiers"] == sent


@pytest.mark.parametrize("missing", ["first_name", "last_name", "country_code", "postal_code"])
def test_an_address_is_sent_only_when_all_four_parts_are_known(missing: str) -> None:
    [event] = build(lead(**{missing: None}), conversion(), SETTINGS, test_mode=False)["events"]
    kinds = [key for identifier in event["userData"]["userIdentifiers"] for key in identifier]
    assert kinds == ["emailAddress", "phoneNumber"]


def test_without_personal_data_there_is_no_encoding() -> None:
    body = build(lead(), conversion(), SETTINGS.model_copy(update={"user_data": False}), test_mode=False)
    assert "encoding" not in body
    assert "userData" not in body["events"][0]


def test_values_that_came_hashed_are_passed_on() -> None:
    digest = "A" * 64
    person = bare_lead(email=digest, phone=f" {digest} ")
    [event] = build(person, conversion(), SETTINGS, test_mode=False)["events"]
    assert event["userData"]["userIdentifiers"] == [{"emailAddress": "a" * 64}, {"phoneNumber": "a" * 64}]


def test_a_phone_that_is_no_possible_number_is_left_out() -> None:
    person = bare_lead(phone="12345", gclid="g")
    [event] = build(person, conversion(), SETTINGS, test_mode=False)["events"]
    assert "userData" not in event


def test_a_restatement_is_the_same_event_with_its_new_value() -> None:
    first = build(lead(), conversion(), SETTINGS, test_mode=False)
    again = build(lead(), conversion(kind=DeliveryKind.RESTATE, value_cents=1), SETTINGS, test_mode=False)
    assert again["events"][0].pop("conversionValue") == 0.01
    assert first["events"][0].pop("conversionValue") == 1250.5
    assert again == first


@pytest.mark.parametrize("value_cents", [125_050, None])
def test_a_retraction_is_a_restatement_to_zero(value_cents: int | None) -> None:
    undo = conversion(kind=DeliveryKind.RETRACT, value_cents=value_cents)
    [event] = build(lead(), undo, SETTINGS, test_mode=False)["events"]
    assert event["conversionValue"] == 0
    assert event["currency"] == "EUR"
    assert event["transactionId"] == EVENT_ID


def test_only_known_consent_is_written() -> None:
    consent = Consent(ad_personalization=ConsentState.DENIED)
    body = build(lead(), conversion(consent=consent), SETTINGS, test_mode=False)
    assert body["consent"] == {"adPersonalization": "CONSENT_DENIED"}


def test_the_postal_code_is_masked_in_what_is_kept() -> None:
    body = build(lead(), conversion(), SETTINGS, test_mode=False)
    address = redact(body)["events"][0]["userData"]["userIdentifiers"][2]["address"]
    assert address["postalCode"] == "[redacted]"
    assert address["regionCode"] == "GB"
