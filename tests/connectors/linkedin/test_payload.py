import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from app.connectors.http import json_bytes
from app.connectors.linkedin.payload import build, redact, rule_id
from app.connectors.linkedin.settings import LinkedInSettings
from tests.connectors.leads import EVENT_ID, bare_lead, conversion, lead

SETTINGS = LinkedInSettings(ad_account_id="512345678")
WITHOUT_NAMES = LinkedInSettings(ad_account_id="512345678", user_data=False)
HASHED_EMAIL = sha256(b"alexz@example.com").hexdigest()


def event(person: Any = None, settings: LinkedInSettings = SETTINGS, **overrides: Any) -> dict[str, Any]:
    """The one event of the body."""
    [found] = build(person or lead(), conversion(**overrides), settings)["elements"]
    return dict(found)


def test_a_complete_lead() -> None:
    assert event(lead(company_name=" Example  Ltd ", email=" AlexZ@Example.com ")) == {
        "conversion": "urn:lla:llaPartnerConversion:987654321",
        "conversionHappenedAt": 1795431600000,
        "eventId": EVENT_ID,
        "conversionValue": {"currencyCode": "EUR", "amount": "1250.50"},
        "user": {
            "userIds": [
                {"idType": "SHA256_EMAIL", "idValue": HASHED_EMAIL},
                {
                    "idType": "LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID",
                    "idValue": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
                },
            ],
            "userInfo": {
                "firstName": "Alex",
                "lastName": "Zeta",
                "companyName": "Example Ltd",
                "countryCode": "GB",
            },
        },
    }


def test_the_time_is_in_milliseconds() -> None:
    at = datetime(2026, 11, 20, 8, 30, 15, tzinfo=UTC)
    assert event(event_at=at)["conversionHappenedAt"] == int(at.timestamp() * 1000)


@pytest.mark.parametrize(
    ("cents", "currency", "amount"),
    [(1990, "EUR", "19.90"), (0, "USD", "0.00"), (1999, "JPY", "1999"), (1999, "KWD", "1.999")],
)
def test_the_amount_is_a_text_with_its_currencys_digits(cents: int, currency: str, amount: str) -> None:
    found = event(value_cents=cents, currency=currency)["conversionValue"]
    assert found == {"currencyCode": currency, "amount": amount}


def test_without_a_value_there_is_no_conversion_value() -> None:
    assert "conversionValue" not in event(value_cents=None)


@pytest.mark.parametrize(
    ("target", "number"),
    [
        ("104012", "104012"),
        (" urn:lla:llaPartnerConversion:104012 ", "104012"),
        ("urn:lla:llaConversionRule:104012", None),
        ("Lead", None),
        ("", None),
        ("\u0664\u0662", None),
    ],
)
def test_a_rule_is_named_by_its_number_or_its_urn(target: str, number: str | None) -> None:
    assert rule_id(target) == number
    if number:
        assert event(target=target)["conversion"] == f"urn:lla:llaPartnerConversion:{number}"


def test_of_a_person_nobody_knows_the_ids_are_empty_but_there() -> None:
    assert event(bare_lead())["user"] == {"userIds": []}


@pytest.mark.parametrize(
    "known", [{"first_name": "Alex"}, {"last_name": "Zeta"}, {"company_name": "Example"}]
)
def test_half_a_name_is_not_sent(known: dict[str, str]) -> None:
    assert "userInfo" not in event(bare_lead(**known))["user"]


def test_names_that_somebody_hashed_are_not_sent_as_names() -> None:
    digest = "0123456789abcdef" * 4
    assert "userInfo" not in event(bare_lead(first_name=digest, last_name=digest))["user"]


def test_without_user_data_no_name_goes_out() -> None:
    found = event(lead(company_name="Example Ltd"), WITHOUT_NAMES)
    assert set(found["user"]) == {"userIds"}
    assert "Zeta" not in json.dumps(found)


def test_what_is_not_known_or_no_country_is_left_out() -> None:
    person = bare_lead(first_name="Alex", last_name="Zeta", country_code="GBR")
    assert event(person)["user"]["userInfo"] == {"firstName": "Alex", "lastName": "Zeta"}


def test_names_are_masked_in_what_is_kept_and_ids_stay() -> None:
    body = build(lead(company_name="Example Ltd"), conversion(), SETTINGS)
    before = json_bytes(body)
    user = redact(body)["elements"][0]["user"]
    assert user["userInfo"] == {
        "firstName": "[redacted]",
        "lastName": "[redacted]",
        "companyName": "[redacted]",
        "countryCode": "GB",
    }
    assert user["userIds"][0]["idValue"] == HASHED_EMAIL
    assert json_bytes(body) == before
