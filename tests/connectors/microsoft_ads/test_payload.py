import warnings
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from app.connectors.hashing import hashed
from app.connectors.microsoft_ads.payload import build, redact
from app.connectors.microsoft_ads.settings import MicrosoftAdsSettings
from app.values import DeliveryKind
from tests.connectors.leads import EVENT_AT, bare_lead, conversion, lead

with warnings.catch_warnings():
    # The vendor's generated code warns of what newer releases of its own dependencies will do.
    warnings.simplefilter("ignore")
    from openapi_client.models.campaign.apply_offline_conversion_adjustments_request import (
        ApplyOfflineConversionAdjustmentsRequest,
    )
    from openapi_client.models.campaign.apply_offline_conversions_request import (
        ApplyOfflineConversionsRequest,
    )

SETTINGS = MicrosoftAdsSettings(customer_id="250000001", account_id="180000001")
CLICK = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
HASHES = {
    "HashedEmailAddress": hashed("alexz@example.com", str),
    "HashedPhoneNumber": hashed("+442079460018", str),
}
DECIDED_AT = datetime(2026, 11, 23, 11, 30, tzinfo=UTC)


def built(person: Any = None, settings: Any = SETTINGS, **overrides: Any) -> Any:
    return build(person or lead(), conversion(**{"target": "Won lead", **overrides}), settings)


def test_a_complete_conversion_is_what_microsoft_documents() -> None:
    assert built() == {
        "OfflineConversions": [
            {
                "ConversionName": "Won lead",
                "ConversionTime": "2026-11-23T11:00:00Z",
                "MicrosoftClickId": CLICK,
                **HASHES,
                "ConversionValue": 1250.5,
                "ConversionCurrencyCode": "EUR",
            }
        ]
    }


def test_a_restatement_names_the_conversion_by_its_own_time_and_carries_the_new_value() -> None:
    body = built(kind=DeliveryKind.RESTATE, decided_at=DECIDED_AT, value_cents=99_900)
    assert body == {
        "OfflineConversionAdjustments": [
            {
                "ConversionName": "Won lead",
                "ConversionTime": "2026-11-23T11:00:00Z",
                "MicrosoftClickId": CLICK,
                **HASHES,
                "AdjustmentType": "Restate",
                "AdjustmentTime": "2026-11-23T11:30:00Z",
                "AdjustmentValue": 999.0,
                "AdjustmentCurrencyCode": "EUR",
            }
        ]
    }


def test_a_retraction_carries_no_value() -> None:
    [adjustment] = built(kind=DeliveryKind.RETRACT, decided_at=DECIDED_AT, value_cents=0)[
        "OfflineConversionAdjustments"
    ]
    assert adjustment["AdjustmentType"] == "Retract"
    assert adjustment["AdjustmentTime"] == "2026-11-23T11:30:00Z"
    assert not [name for name in adjustment if "Value" in name or "Currency" in name]


def test_an_adjustment_is_never_earlier_than_its_conversion() -> None:
    body = built(kind=DeliveryKind.RETRACT, decided_at=EVENT_AT - timedelta(minutes=3))
    assert body["OfflineConversionAdjustments"][0]["AdjustmentTime"] == "2026-11-23T11:00:00Z"


@pytest.mark.parametrize("kind", DeliveryKind)
@pytest.mark.parametrize(
    "person", [lead(), lead(msclkid=None), lead(email=None, phone=None, phone_e164=None)]
)
@pytest.mark.parametrize("value_cents", [None, 0, 1, 125_050])
def test_the_vendors_own_models_understand_every_key(
    kind: DeliveryKind, person: Any, value_cents: int | None
) -> None:
    body = built(person, kind=kind, value_cents=value_cents)
    [key] = body
    model = {
        "OfflineConversions": ApplyOfflineConversionsRequest,
        "OfflineConversionAdjustments": ApplyOfflineConversionAdjustmentsRequest,
    }[key]
    [ours] = body[key]
    [theirs] = model.from_dict(body).to_dict()[key]
    # They drop keys they do not know, and add those that are missing as null.
    told = {name: value for name, value in theirs.items() if value is not None}
    assert told.keys() == ours.keys()
    times = {name: datetime.fromisoformat(str(ours[name])) for name in ours if name.endswith("Time")}
    assert {**told, **times} == {**ours, **times}
    assert {name: told[name] for name in times} == times


def test_times_are_written_in_utc() -> None:
    there = EVENT_AT.astimezone(timezone(timedelta(hours=-5)))
    assert built(event_at=there)["OfflineConversions"][0]["ConversionTime"] == "2026-11-23T11:00:00Z"


def test_the_click_id_is_sent_as_it_was_captured() -> None:
    assert built(lead(msclkid=" AbC "))["OfflineConversions"][0]["MicrosoftClickId"] == " AbC "


def test_what_normalises_to_nothing_is_left_out() -> None:
    person = bare_lead(msclkid="  ", email="+x@example.com", phone="020 7946 0018")
    [event] = built(person)["OfflineConversions"]
    assert not [name for name in event if name.startswith(("Hashed", "Microsoft"))]


def test_a_phone_that_was_hashed_before_passes_through() -> None:
    [event] = built(bare_lead(phone="AB" * 32))["OfflineConversions"]
    assert event["HashedPhoneNumber"] == "ab" * 32


def test_without_user_data_only_the_click_id_goes_out() -> None:
    [event] = built(settings=SETTINGS.model_copy(update={"user_data": False}))["OfflineConversions"]
    assert event["MicrosoftClickId"] == CLICK
    assert not event.keys() & HASHES.keys()


def test_the_name_of_the_goal_loses_only_the_space_around_it() -> None:
    assert built(target=" Won  Lead ")["OfflineConversions"][0]["ConversionName"] == "Won  Lead"


@pytest.mark.parametrize(("currency", "value"), [("JPY", 125_050.0), ("KWD", 125.05)])
def test_the_value_is_in_major_units_of_its_currency(currency: str, value: float) -> None:
    assert built(currency=currency)["OfflineConversions"][0]["ConversionValue"] == value


def test_an_address_in_a_goals_name_is_not_kept() -> None:
    body = redact(built(target="Won by alexz@example.com"))
    assert "alexz" not in str(body)
    assert body["OfflineConversions"][0]["HashedEmailAddress"] == HASHES["HashedEmailAddress"]
