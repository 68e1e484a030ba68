"""Stores the refresh tokens that platforms replace: some end in time however often they are used."""

from typing import Any

from sqlmodel import Session

from app.connectors.base import Renewal
from app.connectors.opening import Opener
from app.database.database import after_commit
from app.encryption import CredentialsUnreadableError
from app.repositories.integrations import replace_credentials
from app.tables.integrations import IntegrationRow

_NAMES = ("refreshToken", "refresh_token")
"""As a person may have written it."""


def store_renewal(session: Session, integration: IntegrationRow, opener: Opener) -> None:
    """Store the integration's new refresh token, if it got one.

    Credentials that a person has replaced meanwhile stay as they are, also if that was after `integration`
    was read.
    """
    renewal = opener.renewals.get(integration.id)
    if renewal is None:
        return
    try:
        credentials = opener.cipher.decrypt(integration.credentials)
    except CredentialsUnreadableError:
        credentials = {}  # somebody stored others under a key that is not ours, or disconnected it
    renewed = _renewed(credentials, renewal)
    if renewed == credentials or replace_credentials(session, integration, opener.cipher.encrypt(renewed)):
        after_commit(session, lambda: opener.renewals.stored(integration.id, renewal))


def _renewed(credentials: dict[str, Any], renewal: Renewal) -> dict[str, Any]:
    return {
        name: renewal.new.get_secret_value() if _is_old(name, value, renewal) else value
        for name, value in credentials.items()
    }


def _is_old(name: str, value: Any, renewal: Renewal) -> bool:
    return name in _NAMES and isinstance(value, str) and value.strip() == renewal.old.get_secret_value()
