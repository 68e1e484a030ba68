"""Opens a stored integration: decrypts, validates, and says where the platform is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
from pydantic import BaseModel, ValidationError

from app.connectors.base import Connection, Connector, Endpoint, Renewals
from app.encryption import Cipher, CredentialsUnreadableError
from app.tables.integrations import IntegrationRow
from app.values import PauseReason, Platform


class UnusableIntegrationError(Exception):
    """What is stored cannot be used for sending. The text is for people and quotes nothing that is stored."""

    def __init__(self, reason: PauseReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """What it takes to open any integration of this installation."""

    connectors: Mapping[Platform, Connector]
    endpoints: Mapping[Platform, Endpoint]
    cipher: Cipher
    http: httpx.AsyncClient
    renewals: Renewals = field(default_factory=Renewals)
    """Refresh tokens that platforms replaced: app/services/renewing.py stores them."""

    def open(self, integration: IntegrationRow) -> tuple[Connector, Connection]:
        """The connector and the opened connection; UnusableIntegrationError."""
        connector = self.connectors.get(integration.platform)
        endpoint = self.endpoints.get(integration.platform)
        if connector is None or endpoint is None:
            raise UnusableIntegrationError(
                PauseReason.CONFIGURATION, f"This version cannot send to {integration.platform.value}."
            )
        try:
            settings = connector.settings_model.model_validate(integration.settings)
        except ValidationError:
            raise UnusableIntegrationError(
                PauseReason.CONFIGURATION, "The settings are not what the platform needs. Enter them again."
            ) from None  # its text quotes what is stored
        connection = Connection(
            integration_id=integration.id,
            settings=settings,
            credentials=self._credentials(connector, integration),
            endpoint=endpoint,
            test_mode=integration.test_mode,
            http=self.http,
            renewals=self.renewals,
        )
        return connector, connection

    def _credentials(self, connector: Connector, integration: IntegrationRow) -> BaseModel:
        try:
            return connector.credentials_model.model_validate(self.cipher.decrypt(integration.credentials))
        except CredentialsUnreadableError as error:
            raise UnusableIntegrationError(PauseReason.AUTHENTICATION, str(error)) from None
        except ValidationError:
            raise UnusableIntegrationError(
                PauseReason.AUTHENTICATION, "The credentials are not complete. Connect the integration again."
            ) from None
