"""Stores the refresh tokens that platforms replace: some end in time however often they are used."""

from sqlmodel import Session

from app.connectors.opening import Opener
from app.database.database import after_commit
from app.encryption import CredentialsUnreadableError
from app.tables.integrations import IntegrationRow

_NAMES = ("refreshToken", "refresh_token")
"""As a person may have written it."""


def store_renewal(session: Session, integration: IntegrationRow, opener: Opener) -> None:
    """Store the integration's new refresh token, if it got one; `integration` is this session's to change.

    Credentials that a person has replaced meanwhile stay as they are.
    """
    renewal = opener.renewals.get(integration.id)
    if renewal is None:
        return
    after_commit(session, lambda: opener.renewals.stored(integration.id, renewal))
    try:
        credentials = opener.cipher.decrypt(integration.credentials)
    except CredentialsUnreadableError:
        return  # somebody stored others under a key that is not ours
    for name in _NAMES:
        if credentials.get(name, "").strip() == renewal.old.get_secret_value():
            credentials[name] = renewal.new.get_secret_value()
            integration.credentials = opener.cipher.encrypt(credentials)
