"""The settings of the alert webhook: what goes together, and what is refused."""

import httpx
import pytest

from app.alerting import read_receiver
from app.clock import utc_now
from app.settings import Settings, SettingsError

SECRET = "whsec_" + "QUJD" * 8


async def test_without_an_address_nobody_is_told() -> None:
    async with httpx.AsyncClient() as http:
        assert read_receiver(Settings(), http=http, clock=utc_now) is None


async def test_an_address_and_a_secret_make_a_receiver() -> None:
    settings = Settings(alert_webhook_url="http://127.0.0.1:9/alerts", alert_webhook_secret=SECRET)
    async with httpx.AsyncClient() as http:
        assert read_receiver(settings, http=http, clock=utc_now) is not None


@pytest.mark.parametrize(
    ("url", "secret", "said"),
    [
        ("https://example.com", None, "LEADWIRE_ALERT_WEBHOOK_SECRET is not set"),
        ("example", SECRET, "LEADWIRE_ALERT_WEBHOOK_URL must"),
        ("https://example.com", "hunter2", "LEADWIRE_ALERT_WEBHOOK_SECRET must be whsec_"),
    ],
)
async def test_what_cannot_work_is_refused_without_repeating_a_secret(
    url: str, secret: str | None, said: str
) -> None:
    async with httpx.AsyncClient() as http:
        with pytest.raises(SettingsError) as refused:
            read_receiver(
                Settings(alert_webhook_url=url, alert_webhook_secret=secret), http=http, clock=utc_now
            )
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)
