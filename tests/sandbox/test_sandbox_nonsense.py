"""Whatever is put into a request, a played platform judges it and never fails itself."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sandbox.calls import Call
from app.sandbox.registry import PLATFORMS
from tests.sandbox.stage import (
    LINKEDIN,
    MICROSOFT,
    SHA,
    START,
    ga4_event,
    ga4_request,
    google_event,
    google_request,
    linkedin_event,
    meta_event,
    microsoft_conversion,
    signed,
    tiktok_event,
    tiktok_request,
    webhook_message,
    website_event,
)

ADDRESS = {"givenName": SHA, "familyName": SHA, "regionCode": "NL", "postalCode": "1011 AB"}
WHOLE = {
    "google_ads": [
        google_request(
            google_event(
                destinationReferences=["a"],
                userData={"userIdentifiers": [{"address": ADDRESS}, {"emailAddress": SHA}]},
                cartData={"items": [{"quantity": 1}]},
            ),
            destinations=[
                {
                    "reference": "a",
                    "operatingAccount": {"accountType": "GOOGLE_ADS", "accountId": "1"},
                    "loginAccount": {"accountType": "GOOGLE_ADS", "accountId": "1"},
                    "productDestinationId": "1",
                }
            ],
        )
    ],
    "meta": [{"data": [meta_event(), website_event()], "access_token": "sandbox-x", "test_event_code": "T"}],
    "ga4": [
        ga4_request(
            ga4_event(transaction_id="a"),
            user_id="a",
            user_data={"sha256_email_address": [SHA], "address": [{"sha256_first_name": SHA}]},
            user_properties={"a": {"value": 1}},
        )
    ],
    "microsoft_ads": [
        {
            "OfflineConversions": [microsoft_conversion(), microsoft_conversion(HashedPhoneNumber=SHA)],
            "OfflineConversionAdjustments": [
                microsoft_conversion(
                    AdjustmentType="Restate",
                    AdjustmentTime="2026-11-23T11:30:00Z",
                    AdjustmentValue=1.5,
                    AdjustmentCurrencyCode="EUR",
                )
            ],
            "ConversionGoalTypes": "OfflineConversion",
        }
    ],
    "tiktok": [
        tiktok_request(tiktok_event(), tiktok_event(event_id="b", page={"url": "a"}), test_event_code="T"),
        tiktok_request(tiktok_event(page={"url": "a"}), event_source="web"),
    ],
    "linkedin": [{"elements": [linkedin_event(), linkedin_event(conversionValue=None, eventId="b")]}],
    "webhook": [webhook_message(), webhook_message(person={"email": "a"}), webhook_message(kind="RETRACT")],
}
VERSIONS = {"tiktok": "v1.3"}
"""Where it is not the Graph API's."""
ANSWERS = {200, 204, 400, 401, 403, 422}
"""None of them is a failure of the platform's own."""
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.just(10**400)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text() | st.sampled_from(["", "1404", "EUR", SHA, "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, item in items for deeper in paths(item, (*path, key)))]


def replaced(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value in one place."""
    if not path:
        return value
    changed = copy.deepcopy(whole)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


def judge(platform: Any, body: bytes, endpoint: Any = None) -> Any:
    call = Call(
        at=START,
        path_params={"version": VERSIONS.get(platform.name, "v26.0"), "dataset_id": "1"},
        query={"access_token": "sandbox-x", "measurement_id": "G-1", "api_secret": "x"},
        headers={
            "content-type": "application/json",
            "x-restli-method": "BATCH_CREATE",
            "access-token": "sandbox-x",
            **MICROSOFT,
            **LINKEDIN,
            **signed(body),
        },
        body=body,
    )
    return endpoint.handle(call) if endpoint else platform.home.handle(call)


@pytest.mark.parametrize("make", PLATFORMS, ids=lambda make: make.__name__)
def test_a_whole_request_with_any_value_in_any_place_is_judged(make):
    platform = make()

    @given(st.data())
    def holds(data: st.DataObject) -> None:
        whole = data.draw(st.sampled_from(WHOLE[platform.name]))
        document = replaced(whole, data.draw(st.sampled_from(paths(whole))), data.draw(JSON))
        judgement = judge(platform, json.dumps(document).encode())
        assert judgement.answer.status in ANSWERS
        assert all(isinstance(item, str) for item in platform.event_ids(document))
        if judgement.answer.status >= 400 and judgement.answer.status != 401:
            assert judgement.problems
            assert not judgement.conversions

    holds()


@pytest.mark.parametrize("make", PLATFORMS, ids=lambda make: make.__name__)
@given(body=st.binary())
def test_any_bytes_are_judged(make, body):
    assert judge(make(), body).answer.status in ANSWERS


@pytest.mark.parametrize("name", ["adjust", "goals"])
def test_whatever_comes_to_microsofts_other_addresses_is_judged(name):
    platform = next(made for made in (make() for make in PLATFORMS) if made.name == "microsoft_ads")
    [endpoint] = [endpoint for endpoint in platform.endpoints if endpoint.name == name]
    [whole] = WHOLE["microsoft_ads"]

    @given(path=st.sampled_from(paths(whole)), value=JSON)
    def holds(path: tuple[Any, ...], value: Any) -> None:
        document = replaced(whole, path, value)
        assert judge(platform, json.dumps(document).encode(), endpoint).answer.status in ANSWERS

    holds()
