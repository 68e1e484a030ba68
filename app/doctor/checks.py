"""What the settings of an installation say about it, before anything of its data is looked at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import httpx

from app.alerting import read_receiver
from app.clock import utc_now
from app.connectors.client import open_client
from app.database.urls import read_url, sqlite_path
from app.encryption import CredentialsUnreadableError
from app.runtime import read_cipher
from app.services.health_findings import Severity
from app.settings import Settings, SettingsError
from app.tables.integrations import IntegrationRow

OVERRIDES: Final = ("_base_url", "_token_url", "_api_version")
"""Settings that end so replace what a connector knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    code: str
    """What it is, for programs."""
    title: str
    text: str
    """For a person; no secret and no address that may hold one."""
    severity: Severity | None = None
    """None: it is as it should be."""


def check_key(settings: Settings, integrations: Sequence[IntegrationRow]) -> Check:
    """The secret key: is it there, and does it open what is stored? `integrations`: those connected."""
    made = partial(Check, code="SECRET_KEY", title="Secret key")
    try:
        cipher = read_cipher(settings)
    except SettingsError as error:
        return made(text=str(error), severity=Severity.ERROR)
    closed = []
    for integration in integrations:
        try:
            cipher.decrypt(integration.credentials)
        except CredentialsUnreadableError:
            closed.append(integration.name)
    if closed:
        text = (
            f"LEADWIRE_SECRET_KEY does not open the credentials of {', '.join(closed)}. Give the key they "
            "were stored with, after the new one, or enter the credentials again."
        )
        return made(text=text, severity=Severity.ERROR)
    behind = [one.name for one in integrations if not cipher.is_current(one.credentials)]
    if behind:
        text = (
            f"the credentials of {', '.join(behind)} are still under an older key: run `leadwire "
            "rotate-secret-key` before you take that out."
        )
        return made(text=text, severity=Severity.WARNING)
    if cipher.older_keys:
        text = "the newest key opens all that is stored: the older ones in LEADWIRE_SECRET_KEY can go"
        return made(text=text, severity=Severity.NOTICE)
    return made(text=f"set; it opens what is stored ({_count(len(integrations))})")


def _count(integrations: int) -> str:
    return "1 integration" if integrations == 1 else f"{integrations} integrations"


def place_of(url: str) -> str:
    """Where the database is, without a password; DatabaseUrlError."""
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        return str(sqlite_path(parsed))
    return parsed.set(query={}).render_as_string(hide_password=True)


def check_worker(settings: Settings, dialect: str) -> Check:
    """Whether anybody sends."""
    made = partial(Check, code="WORKER", title="Worker")
    if settings.worker == "off" and dialect == "sqlite":
        text = "LEADWIRE_WORKER is off: `serve` sends nothing, and on SQLite nobody else can."
        return made(text=text, severity=Severity.ERROR)
    if settings.worker == "off":
        return made(text="off: `serve` sends nothing, `leadwire worker` does", severity=Severity.NOTICE)
    return made(text="embedded: `serve` sends")


async def check_alerts(settings: Settings) -> Check:
    """Whether the operator is told of what is held and what ended unsent."""
    made = partial(Check, code="ALERTS", title="Alerts")
    try:
        async with open_client() as http:
            receiver = read_receiver(settings, http=http, clock=utc_now)
    except SettingsError as error:
        return made(text=f"{error} `serve` is refused.", severity=Severity.ERROR)
    if receiver is None:
        text = (
            "LEADWIRE_ALERT_WEBHOOK_URL is not set: nobody is told when an integration is held or a "
            "conversion ends unsent."
        )
        return made(text=text, severity=Severity.NOTICE)
    return made(text=f"sent to {httpx.URL(settings.alert_webhook_url or '').host}")


def overrides(settings: Settings) -> Iterator[Check]:
    """What the environment replaces of what connectors know."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if name.endswith(OVERRIDES) and value:
            yield Check(
                code="OVERRIDE",
                title="Override",
                text=f"LEADWIRE_{name.upper()} is {_without_secrets(value)}",
                severity=Severity.NOTICE,
            )
    if settings.webhook_allow_private_addresses:
        yield Check(
            code="PRIVATE_ADDRESSES",
            title="Private addresses",
            text="LEADWIRE_WEBHOOK_ALLOW_PRIVATE_ADDRESSES is on: webhooks reach into private networks",
            severity=Severity.NOTICE,
        )


def _without_secrets(value: str) -> str:
    """An address without user, password and query; any other value as it is."""
    try:
        url = httpx.URL(value)
    except httpx.InvalidURL:
        return "no address that can be read"
    return str(url.copy_with(userinfo=b"", query=None, fragment=None)) if url.is_absolute_url else value
