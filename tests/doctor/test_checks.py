"""What the settings say about an installation."""

from typing import Any

import pytest
from pydantic import SecretStr

from app.doctor.checks import Check, check_alerts, check_key, check_worker, overrides, place_of
from app.encryption import Cipher, new_secret_key
from app.ids import new_id
from app.services.health_findings import Severity
from app.settings import Settings
from app.tables.integrations import IntegrationRow
from app.values import Platform
from tests.world import START

KEY = new_secret_key()


def integration(key: str, name: str = "Main account") -> IntegrationRow:
    return IntegrationRow(
        id=new_id(),
        project_id=new_id(),
        platform=Platform.META,
        name=name,
        settings={},
        credentials=Cipher(key).encrypt({"access_token": "secret"}),
        created_at=START,
        updated_at=START,
    )


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 integrations"), (1, "1 integration"), (2, "2 integrations")]
)
def test_a_key_that_opens_everything_is_in_order(count: int, said: str) -> None:
    check = check_key(Settings(secret_key=SecretStr(KEY)), [integration(KEY)] * count)

    assert check == Check(
        code="SECRET_KEY", title="Secret key", text=f"set; it opens what is stored ({said})"
    )


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (None, "LEADWIRE_SECRET_KEY is not set"),
        ("hunter2", "must be url-safe base64"),
        pytest.param(new_secret_key(), "does not open the credentials of Main account.", id="another-key"),
    ],
)
def test_a_key_that_is_missing_or_does_not_fit_is_an_error(key: str | None, said: str) -> None:
    settings = Settings(secret_key=SecretStr(key) if key else None)

    check = check_key(settings, [integration(KEY)])

    assert (check.severity, said in check.text) == (Severity.ERROR, True)
    assert "hunter2" not in check.text


def test_what_is_still_under_an_older_key_keeps_that_key_in_use() -> None:
    newer = new_secret_key()
    settings = Settings(secret_key=SecretStr(f"{newer},{KEY}"))

    check = check_key(settings, [integration(newer, "Rotated"), integration(KEY, "Forgotten")])

    assert check.severity is Severity.WARNING
    assert "the credentials of Forgotten are still under an older key" in check.text
    assert "leadwire rotate-secret-key" in check.text


def test_an_older_key_that_nothing_needs_is_worth_knowing() -> None:
    settings = Settings(secret_key=SecretStr(f"{KEY},{new_secret_key()}"))

    check = check_key(settings, [integration(KEY)])

    assert (check.severity, "can go" in check.text) == (Severity.NOTICE, True)


@pytest.mark.parametrize(
    ("worker", "dialect", "severity"),
    [
        ("embedded", "sqlite", None),
        ("embedded", "postgresql", None),
        ("off", "postgresql", Severity.NOTICE),
        ("off", "sqlite", Severity.ERROR),
    ],
)
def test_the_worker_has_to_fit_the_database(worker: Any, dialect: str, severity: Severity | None) -> None:
    assert check_worker(Settings(worker=worker), dialect).severity is severity


async def test_that_nobody_is_told_is_worth_knowing() -> None:
    assert (await check_alerts(Settings())).severity is Severity.NOTICE


async def test_of_the_address_for_alerts_only_the_host_is_shown() -> None:
    settings = Settings(
        alert_webhook_url="https://alerts.example.com/hooks/hunter2",
        alert_webhook_secret="whsec_" + "QUJD" * 8,
    )

    check = await check_alerts(settings)

    assert (check.severity, check.text) == (None, "sent to alerts.example.com")


async def test_alerts_that_cannot_work_are_an_error() -> None:
    check = await check_alerts(Settings(alert_webhook_url="https://alerts.example.com/"))

    assert check.severity is Severity.ERROR
    assert check.text.endswith("`serve` is refused.")


def test_what_is_replaced_is_shown_without_secrets() -> None:
    settings = Settings(
        meta_base_url="https://user:hunter2@relay.example.com/meta?token=hunter2",
        meta_api_version="v25.0",
        ga4_base_url="http://example.com:port",
        webhook_allow_private_addresses=True,
    )

    checks = list(overrides(settings))

    assert [check.text for check in checks] == [
        "LEADWIRE_META_BASE_URL is https://relay.example.com/meta",
        "LEADWIRE_META_API_VERSION is v25.0",
        "LEADWIRE_GA4_BASE_URL is no address that can be read",
        "LEADWIRE_WEBHOOK_ALLOW_PRIVATE_ADDRESSES is on: webhooks reach into private networks",
    ]
    assert {check.severity for check in checks} == {Severity.NOTICE}


def test_an_installation_that_replaces_nothing_has_nothing_to_show() -> None:
    assert list(overrides(Settings())) == []


def test_a_database_is_named_without_its_password() -> None:
    place = place_of("postgresql+asyncpg://leadwire:hunter2@db.example.com/leads?password=hunter2")

    assert place == "postgresql+asyncpg://leadwire:***@db.example.com/leads"
