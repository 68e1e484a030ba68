"""Mutations of integrations for tests, and connectors whose probes a test answers."""

import asyncio
from typing import Any

from sqlmodel import Session

from app.connectors.base import Connection, Connector, Outcome, OutcomeKind
from app.ids import new_id
from app.tables.integrations import IntegrationRow
from app.values import Platform
from tests.api import Api

SHOWN = """
  __typename
  ... on IntegrationSuccess {
    integration {
      id name enabled paused pauseReason pauseMessage pausedSince nextProbeAt testMode settings disconnectedAt
    }
  }
  ... on InvalidInputError { problems { path message } }
  ... on UserError { code message }
"""
UPDATE = f"mutation ($id: ID!, $input: UpdateIntegrationInput!) {{ updateIntegration(id: $id, input: $input) {{ {SHOWN} }} }}"
TEST = """
mutation ($id: ID!) {
  testIntegration(id: $id) {
    __typename
    ... on IntegrationTestReport { ok message problems notes }
    ... on IntegrationNotFoundError { code message }
  }
}
"""
WORKS = Outcome(kind=OutcomeKind.DELIVERED)


async def update(api: Api, integration_id: object, **changes: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await api.ask(UPDATE, {"id": str(integration_id), "input": changes})
    return answer["updateIntegration"]


async def change(api: Api, mutation: str, integration_id: object) -> dict[str, Any]:
    """pauseIntegration, resumeIntegration or disconnectIntegration."""
    document = f"mutation ($id: ID!) {{ {mutation}(id: $id) {{ {SHOWN} }} }}"
    answer: dict[str, Any] = await api.ask(document, {"id": str(integration_id)})
    return answer[mutation]


async def probe(api: Api, integration_id: object) -> dict[str, Any]:
    answer: dict[str, Any] = await api.ask(TEST, {"id": str(integration_id)})
    return answer["testIntegration"]


async def stored(api: Api, integration_id: object) -> IntegrationRow:
    rows: list[IntegrationRow] = await api.rows(IntegrationRow)
    return next(row for row in rows if str(row.id) == str(integration_id))


async def set_columns(api: Api, integration_id: object, **columns: Any) -> None:
    """Store what no mutation would."""

    def work(session: Session) -> None:
        row = session.get_one(IntegrationRow, integration_id)
        for column, value in columns.items():
            setattr(row, column, value)

    await api.world.database.write(work)


async def foreign_integration(api: Api) -> IntegrationRow:
    """One of another project."""
    own = api.world.project_id
    await api.world.begin("Another project")
    row = await api.world.integration(Platform.META)
    api.world.project_id = own
    return row


async def unknown_ids(api: Api) -> list[str]:
    return [str((await foreign_integration(api)).id), str(new_id()), "nonsense", ""]


class ProbedConnector:
    """A connector whose probes answer as they are told, one round of the event loop later."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self.facts = connector.facts
        self.answers: dict[str | None, Outcome] = {}
        """By target; WORKS for those that are not there."""
        self.probed: list[str | None] = []
        self.connections: list[Connection] = []
        self.probing = 0
        self.most_probing = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    async def probe(self, connection: Connection, target: str | None) -> Outcome:
        self.connections.append(connection)
        self.probed.append(target)
        self.probing += 1
        self.most_probing = max(self.most_probing, self.probing)
        await asyncio.sleep(0)
        self.probing -= 1
        return self.answers.get(target, WORKS)


def probed(api: Api, platform: Platform = Platform.META) -> ProbedConnector:
    """The platform's connector, probes apart."""
    connector = ProbedConnector(api.world.connectors[platform])
    api.world.connectors[platform] = connector  # type: ignore[assignment]
    return connector
