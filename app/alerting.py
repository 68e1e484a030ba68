"""The operator's alert webhook, as the settings name it."""

from collections.abc import Callable

import httpx

from app.clock import Clock
from app.connectors.alerting import AlertReceiver
from app.connectors.http import Wire
from app.connectors.webhook.addresses import parsed
from app.connectors.webhook.signing import key_of
from app.settings import Settings, SettingsError


def read_receiver(settings: Settings, *, http: httpx.AsyncClient, clock: Clock) -> AlertReceiver | None:
    """Where alerts go; None: nobody is told. SettingsError, which repeats no value, when that cannot be."""
    url, secret = settings.alert_webhook_url, settings.alert_webhook_secret
    if not url:
        return None
    if secret is None:
        raise SettingsError(
            "LEADWIRE_ALERT_WEBHOOK_SECRET is not set, and alerts are signed with it. It is whsec_ and the"
            " base64 of 24 to 64 random bytes."
        )
    _check("LEADWIRE_ALERT_WEBHOOK_URL", lambda: parsed(url))
    _check("LEADWIRE_ALERT_WEBHOOK_SECRET", lambda: key_of(secret))
    return AlertReceiver(url=url, secret=secret, http=http, wire=Wire(clock=clock))


def _check(variable: str, read: Callable[[], object]) -> None:
    try:
        read()
    except ValueError as error:
        raise SettingsError(f"{variable} {error}.") from None
