"""Connectors against the sandbox, in process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr

from app.connectors.base import Connection, Connector, Endpoint
from app.sandbox.application import sandbox_app
from app.sandbox.registry import PLATFORMS
from tests.connectors.cases import INTEGRATION_ID, Case
from tests.connectors.leads import NOW

PLAYED = frozenset(make().name for make in PLATFORMS)
ADDRESS = "http://sandbox.example.com"


def is_played(case: Case) -> bool:
    """Whether the sandbox has this platform."""
    return case.platform.value.lower() in PLAYED


@dataclass(frozen=True)
class Sandboxed:
    """One connector, connected to its played platform."""

    case: Case
    connector: Connector
    connection: Connection
    http: httpx.AsyncClient

    @property
    def name(self) -> str:
        return self.case.platform.value.lower()

    async def book(self) -> dict[str, Any]:
        """What the platform received and counts."""
        book: dict[str, Any] = (await self.http.get(f"{ADDRESS}/{self.name}/requests")).json()
        return book

    async def order(self, **order: Any) -> None:
        """Tell the platform how to behave next."""
        answer = await self.http.post(f"{ADDRESS}/{self.name}/script", json=order)
        assert answer.status_code == 200, answer.text


@asynccontextmanager
async def sandboxed(case: Case, *, in_force: bool = True, **settings: Any) -> AsyncIterator[Sandboxed]:
    """A connection to a sandbox of its own. `in_force`: whether its secrets are those the sandbox accepts."""
    connector = case.connector()
    transport = httpx.ASGITransport(app=sandbox_app(clock=lambda: NOW))
    async with httpx.AsyncClient(transport=transport) as http:
        name = case.platform.value.lower()
        connection = Connection(
            integration_id=INTEGRATION_ID,
            settings=connector.settings_model.model_validate({**case.settings, **settings}),
            credentials=connector.credentials_model.model_validate(_credentials(connector, case, in_force)),
            endpoint=Endpoint(
                base_url=f"{ADDRESS}/{name}",
                api_version=connector.facts.api_version,
                token_url=f"{ADDRESS}/{name}/token",
            ),
            test_mode=False,
            http=http,
        )
        yield Sandboxed(case, connector, connection, http)


def _credentials(connector: Connector, case: Case, in_force: bool) -> dict[str, str]:
    """Secrets that begin with `sandbox-` are in force there, and others only as they are."""
    if case.is_in_force and in_force:
        return case.credentials
    model = connector.credentials_model.model_validate(case.credentials)
    secrets = {name for name, value in model if isinstance(value, SecretStr)}
    prefix = "sandbox-" if in_force else "revoked-"
    return {name: prefix + value if name in secrets else value for name, value in case.credentials.items()}
