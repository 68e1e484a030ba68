from typing import Any

import pytest
from pydantic import ValidationError

from app.connectors.microsoft_ads.settings import MicrosoftAdsCredentials, MicrosoftAdsSettings

GOOD = {"customer_id": "250000001", "account_id": "180000001"}


def test_personal_data_is_sent_unless_it_is_switched_off() -> None:
    assert MicrosoftAdsSettings.model_validate(GOOD).user_data


@pytest.mark.parametrize("field", ["customer_id", "account_id"])
@pytest.mark.parametrize("value", ["", "X1234567", "250-000-001", "1" * 20, 250_000_001])
def test_ids_are_digits(field: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        MicrosoftAdsSettings.model_validate({**GOOD, field: value})


def test_a_public_client_has_no_secret() -> None:
    credentials = MicrosoftAdsCredentials.model_validate(
        {"client_id": "app", "refresh_token": "refresh", "developer_token": "developer"}
    )
    assert credentials.client_secret is None
