"""Opening a stored integration."""

from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from app.connectors.base import Endpoint
from app.connectors.opening import Opener, UnusableIntegrationError
from app.encryption import Cipher, new_secret_key
from app.ids import new_id
from app.tables.integrations import IntegrationRow
from app.values import PauseReason, Platform
from tests.worker.scripted import START, PlainCredentials, PlainSettings, ScriptedConnector

CIPHER = Cipher(new_secret_key())
ENDPOINT = Endpoint(base_url="http://127.0.0.1", api_version="v1", token_url=None)


def integration(**columns: Any) -> IntegrationRow:
    return IntegrationRow(
        **{
            "id": new_id(),
            "project_id": new_id(),
            "platform": Platform.META,
            "name": "Example",
            "settings": {"account": "1"},
            "credentials": CIPHER.encrypt({"token": "a-secret"}),
            "test_mode": True,
            "created_at": START,
            "updated_at": START,
            **columns,
        }
    )


@pytest.fixture
async def opener() -> Any:
    async with httpx.AsyncClient() as http:
        yield Opener(
            connectors={Platform.META: ScriptedConnector()},
            endpoints={Platform.META: ENDPOINT},
            cipher=CIPHER,
            http=http,
        )


async def test_a_connection_has_all_that_a_connector_needs(opener: Opener) -> None:
    row = integration()
    connector, connection = opener.open(row)
    assert connector is opener.connectors[Platform.META]
    assert connection.integration_id == row.id
    assert connection.settings == PlainSettings(account="1")
    assert connection.credentials == PlainCredentials(token=SecretStr("a-secret"))
    assert (connection.endpoint, connection.test_mode, connection.http) == (ENDPOINT, True, opener.http)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"platform": Platform.TIKTOK}, PauseReason.CONFIGURATION),
        ({"settings": {"account": ["a-secret"]}}, PauseReason.CONFIGURATION),
        ({"credentials": CIPHER.encrypt({"tokens": "a-secret"})}, PauseReason.AUTHENTICATION),
        ({"credentials": Cipher(new_secret_key()).encrypt({"token": "x"})}, PauseReason.AUTHENTICATION),
    ],
)
async def test_what_cannot_be_used_is_refused_without_quoting_it(
    opener: Opener, columns: dict[str, Any], reason: PauseReason
) -> None:
    with pytest.raises(UnusableIntegrationError) as refusal:
        opener.open(integration(**columns))
    assert refusal.value.reason is reason
    assert refusal.value.message
    assert "a-secret" not in str(refusal.value)


async def test_a_connection_shows_no_secret(opener: Opener) -> None:
    _, connection = opener.open(integration())
    assert "a-secret" not in repr(connection)
