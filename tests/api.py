"""The public face for tests: POST /graphql in process, answers and stored rows."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from sqlmodel import Session, SQLModel, col, select

from app.asgi import build_app, build_services
from app.connectors.base import Endpoint
from app.connectors.client import open_client
from app.connectors.opening import Opener
from app.connectors.registry import build_connectors
from app.database.database import Database
from app.policy import Policy
from app.services.gatekeeper import RateLimits
from app.services.progress import settle_jobs
from app.tables.jobs import DeliveryRow, JobRow
from app.tables.leads import LeadRow
from app.values import DeliveryState, Platform, Scope
from schema.context import Services
from schema.examples import blank_examples
from tests.world import FakeClock, World, new_cipher

NOWHERE = Endpoint(base_url="http://127.0.0.1:9", api_version="v1", token_url="http://127.0.0.1:9/token")
"""Where these platforms are: nobody answers there."""

UPDATE = """
mutation ($input: UpdateLeadStatusInput!) {
  updateLeadStatus(input: $input) {
    __typename
    ... on OpenResult {
      message leadId uniqueIdentifier status queued identifiedBy replayed
      lead { id status price label { name } }
      canceledJob { id state active }
    }
    ... on QueuedResult {
      message leadId uniqueIdentifier status queued identifiedBy replayed
      lead { id status price label { name } }
      job { id state active price currency occurredAt label { name } warnings { code } deliveries { platform state } }
      supersededJob { id state active }
      warnings { integration integrationId code field reason willSkip timestamp }
    }
    ... on DuplicateJobError { leadId uniqueIdentifier job { id price } }
    ... on LeadNotFoundError { identifiedBy }
    ... on ConversionLabelNotFoundError { conversionId }
    ... on InvalidInputError { problems { path message } }
    ... on UserError { code message }
  }
}
"""


@dataclass
class Api:
    """A caller with a key, and a look behind the curtain."""

    world: World
    http: httpx.AsyncClient
    woken: list[UUID]
    services: Services
    key: str = "admin-key"
    headers: dict[str, str] = field(default_factory=dict)

    async def post(self, content: Any, **headers: str) -> httpx.Response:
        given = {"x-api-key": self.key, "content-type": "application/json"} | headers
        return await self.http.post("/graphql", content=content, headers=given)

    async def run(self, query: str, variables: dict[str, Any] | None = None, key: str | None = None) -> Any:
        """The whole JSON of an answer."""
        response = await self.http.post(
            "/graphql", json={"query": query, "variables": variables}, headers={"x-api-key": key or self.key}
        )
        return response.json()

    async def ask(self, query: str, variables: dict[str, Any] | None = None, key: str | None = None) -> Any:
        """The data of an answer without errors."""
        answer = await self.run(query, variables, key)
        assert "errors" not in answer, answer
        return answer["data"]

    async def update(self, lead: dict[str, Any], conversion_id: Any, **more: Any) -> Any:
        """The union member that answered a status change."""
        given = {"lead": lead, "conversionId": str(conversion_id), **more}
        return (await self.ask(UPDATE, {"input": given}))["updateLeadStatus"]

    async def rows(self, table: type[SQLModel]) -> list[Any]:
        """Every row of a table."""

        def work(session: Session) -> list[Any]:
            return list(session.exec(select(table)).all())

        return await self.world.database.read(work)

    async def lead_row(self, lead_id: int | None) -> LeadRow:
        rows: Iterable[LeadRow] = await self.rows(LeadRow)
        return next(row for row in rows if row.id == lead_id)

    async def jobs(self) -> list[JobRow]:
        return await self.rows(JobRow)

    async def deliveries(self) -> dict[Platform, DeliveryRow]:
        return {row.platform: row for row in await self.rows(DeliveryRow)}


@asynccontextmanager
async def open_api(
    database: Database,
    known: World | None = None,
    *,
    policy: Policy | None = None,
    limits: RateLimits | None = None,
) -> AsyncIterator[Api]:
    """An application over `database`, with nobody to send what it queues. `known`: the world that is in there."""
    clock, woken = FakeClock(), list[UUID]()
    connectors = dict(build_connectors())
    world = known or World(database, clock, new_cipher(), connectors)
    world.database = database
    if known is None:
        await world.begin()
        await world.key("admin-key", Scope.ADMIN)
    async with open_client() as platforms:
        opener = Opener(
            connectors=connectors,
            endpoints=dict.fromkeys(Platform, NOWHERE),
            cipher=world.cipher,
            http=platforms,
        )
        services = build_services(
            database=database,
            opener=opener,
            wake=woken.extend,
            clock=clock,
            limits=limits,
            monotonic=lambda: clock().timestamp(),
        )
        app = build_app(services, database=database, examples=blank_examples(), policy=policy)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://leadwire.test") as http:
            yield Api(world, http, woken, services)


async def process(api: Api, state: DeliveryState = DeliveryState.DELIVERED) -> None:
    """Let every scheduled delivery get to this state, as the worker would."""

    def work(session: Session) -> None:
        scheduled = select(DeliveryRow).where(col(DeliveryRow.state) == DeliveryState.SCHEDULED)
        for row in session.exec(scheduled):
            row.state, row.attempts, row.next_attempt_at = state, 1, None
        session.flush()
        settle_jobs(session, session.exec(select(JobRow.id)).all(), api.world.clock())

    await api.world.database.write(work)
