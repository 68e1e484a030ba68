from typing import Any

import pytest
from pydantic import ValidationError

from app.connectors.meta.settings import MetaSettings

GOOD: dict[str, Any] = {"dataset_id": "1234567890", "mode": "website"}


def test_a_crm_needs_a_name() -> None:
    with pytest.raises(ValidationError, match="crmName is required with mode crm"):
        MetaSettings.model_validate({**GOOD, "mode": "crm"})
    assert MetaSettings.model_validate({**GOOD, "mode": "crm", "crm_name": "HubSpot"}).crm_name == "HubSpot"


@pytest.mark.parametrize(
    "wrong",
    [
        {"dataset_id": "act_123"},
        {"dataset_id": 1234567890},
        {"dataset_id": "123/../456"},
        {"mode": "offline"},
        {"crm_name": ""},
        {"event_source_url": "www.example.com"},
        {"test_event_code": "TEST 1"},
        {"unknown_consent": "maybe"},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MetaSettings.model_validate({**GOOD, **wrong})
