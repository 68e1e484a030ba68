from typing import Any

import pytest
from pydantic import ValidationError

from app.connectors.tiktok.settings import TikTokSettings

GOOD: dict[str, Any] = {"mode": "web", "event_source_id": "C17TA5JC77UDOT6CA5FG"}


@pytest.mark.parametrize(
    "good",
    [
        {},
        {"mode": "offline", "event_source_id": "7654321098765432109"},
        {"mode": "crm", "event_source_id": "7654321098765432109", "crm_name": "HubSpot"},
    ],
)
def test_each_mode_can_be_configured(good: dict[str, Any]) -> None:
    assert TikTokSettings.model_validate({**GOOD, **good}).unknown_consent == "send"


def test_a_crm_needs_a_name() -> None:
    with pytest.raises(ValidationError, match="crmName is required with mode crm"):
        TikTokSettings.model_validate({**GOOD, "mode": "crm"})


def test_a_pixel_code_is_no_offline_event_set() -> None:
    with pytest.raises(ValidationError, match="not a pixel code"):
        TikTokSettings.model_validate({**GOOD, "mode": "offline"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "app"},
        {"event_source_id": "C17/../7"},
        {"event_source_id": 1234567890},
        {"event_source_id": "abc"},
        {"crm_name": ""},
        {"event_source_url": "www.example.com"},
        {"test_event_code": "TEST 1"},
        {"unknown_consent": "maybe"},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TikTokSettings.model_validate({**GOOD, **wrong})
