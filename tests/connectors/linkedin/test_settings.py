from typing import Any

import pytest
from pydantic import ValidationError

from app.connectors.linkedin.api import FACTS
from app.connectors.linkedin.settings import LinkedInCredentials, LinkedInSettings

REFRESHING = {"client_id": "86abc", "client_secret": "secret-1", "refresh_token": "refresh-1"}


@pytest.mark.parametrize("account", ["512345678", "urn:li:sponsoredAccount:512345678", " 512345678 "])
def test_the_ad_account_may_be_pasted_as_a_number_or_as_its_urn(account: str) -> None:
    assert LinkedInSettings(ad_account_id=account).ad_account_id == "512345678"


@pytest.mark.parametrize(
    "wrong",
    [
        {"ad_account_id": "act_123"},
        {"ad_account_id": 512345678},
        {"ad_account_id": ""},
        {"ad_account_id": "1/../2"},
        {"ad_account_id": "urn:li:organization:5"},
        {"user_data": "yes"},
        {"unknown_consent": "maybe"},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LinkedInSettings.model_validate({"ad_account_id": "512345678", **wrong})


@pytest.mark.parametrize(
    "enough", [{"access_token": "AQX-1"}, REFRESHING, {"access_token": "AQX-1", **REFRESHING}]
)
def test_an_access_token_or_what_it_is_fetched_with_is_enough(enough: dict[str, str]) -> None:
    assert LinkedInCredentials.model_validate(enough).model_fields_set == set(enough)


@pytest.mark.parametrize("missing", list(REFRESHING))
@pytest.mark.parametrize("beside", [{}, {"access_token": "AQX-1"}])
def test_what_a_token_is_fetched_with_comes_complete_or_not_at_all(
    missing: str, beside: dict[str, str]
) -> None:
    part = {name: value for name, value in REFRESHING.items() if name != missing}
    with pytest.raises(ValidationError, match="are needed together"):
        LinkedInCredentials.model_validate({**beside, **part})


def test_no_credentials_at_all_are_refused_with_both_ways_named() -> None:
    with pytest.raises(ValidationError, match="either accessToken or clientId"):
        LinkedInCredentials.model_validate({})


def test_the_default_version_is_one_whose_end_is_known() -> None:
    assert FACTS.sunset_on == FACTS.sunsets[FACTS.api_version]
    assert FACTS.sunset_on
    assert FACTS.sunset_on > FACTS.read_on
