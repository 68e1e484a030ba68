from typing import Any

import pytest
from pydantic import ValidationError

from app.connectors.webhook.settings import WebhookCredentials, WebhookSettings
from tests.connectors.webhook.stage import SECRET


def test_an_address_is_enough_and_personal_data_stays_here() -> None:
    settings = WebhookSettings.model_validate({"url": " https://hooks.example.com/x "})
    assert settings.url == "https://hooks.example.com/x"
    assert not settings.personal_data
    assert settings.unknown_consent == "send"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"url": "hooks.example.com"}, "must begin with https://"),
        ({"url": "ftp://hooks.example.com"}, "must begin with https://"),
        ({"url": "https://user:hunter2@hooks.example.com"}, "must not contain a user name"),
        ({"url": "https://2130706433/"}, "must name a host"),
        ({"url": "https://hooks.example.com/" + "x" * 2048}, "at most 2048"),
        ({"personal_data": "yes"}, "valid boolean"),
        ({"unknown_consent": "maybe"}, "'send' or 'skip'"),
    ],
)
def test_wrong_settings_are_refused_with_the_reason(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says) as refused:
        WebhookSettings.model_validate({"url": "https://hooks.example.com/x", **wrong})
    assert "hunter2" not in str(refused.value)


def test_a_secret_is_one_the_specification_knows() -> None:
    good = SECRET.get_secret_value()
    assert WebhookCredentials.model_validate({"signingSecret": good}).signing_secret == SECRET
    with pytest.raises(ValidationError, match="24 to 64 random bytes") as refused:
        WebhookCredentials.model_validate({"signingSecret": "my-own-password"})
    assert "my-own-password" not in str(refused.value)
