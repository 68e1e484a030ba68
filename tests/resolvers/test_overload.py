"""What a caller is told when the database has too much to do."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

import httpx
import pytest
from sqlmodel import Session
from starlette.types import Message, Scope

from app.database.database import Database, Waiting
from app.database.turnstile import Turnstile
from resolvers.root import schema
from schema.execution import Executor
from schema.view import GraphQLView
from tests.api import Api, open_api
from tests.database.held_back import held_back

READ = json.dumps({"query": "{ conversionLabels { id } }"})


@dataclass
class Stuck:
    """A database whose callers have no patience once it is stuck."""

    database: Database
    writes_left: int = 1_000_000
    """Then nothing is written any more, while reading goes on."""
    reads: bool = True

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        return self.database.dialect

    @property
    def waiting(self) -> Waiting:
        return self.database.waiting

    def stop_reading(self) -> None:
        """From now on the one connection there is for reading is in use."""
        self.reads = False
        self.database._turnstile = Turnstile(1)  # type: ignore[attr-defined]

    async def read(self, work: Callable[[Session], Any], *, within_s: float | None = None) -> Any:
        if self.reads:
            return await self.database.read(work, within_s=within_s)
        turnstile: Turnstile = self.database._turnstile  # type: ignore[attr-defined]
        async with turnstile.passed(None):
            return await self.database.read(work, within_s=0)

    async def write(self, work: Callable[[Session], Any], *, within_s: float | None = None) -> Any:
        self.writes_left -= 1
        if self.writes_left >= 0:
            return await self.database.write(work, within_s=within_s)
        async with held_back(self.database):
            return await self.database.write(work, within_s=0)

    async def close(self) -> None:
        await self.database.close()


@asynccontextmanager
async def stuck_api(database: Database) -> AsyncIterator[tuple[Api, Stuck]]:
    stuck = Stuck(database)
    async with open_api(stuck) as api:
        yield api, stuck


async def change(api: Api, fields: int) -> httpx.Response:
    """As many status changes in one document, each of a lead of its own."""
    label = await api.world.label()
    given = {
        f"input{n}": {
            "lead": {"leadId": str((await api.world.complete_lead()).id)},
            "conversionId": str(label.id),
        }
        for n in range(fields)
    }
    names = ", ".join(f"${name}: UpdateLeadStatusInput!" for name in given)
    calls = " ".join(
        f"change{n}: updateLeadStatus(input: ${name}) {{ ... on QueuedResult {{ job {{ id }} }} }}"
        for n, name in enumerate(given)
    )
    query = f"mutation ({names}) {{ {calls} }}"
    stuck: Any = api.world.database
    stuck.writes_left = fields - 1
    return await api.post(json.dumps({"query": query, "variables": given}))


async def test_a_change_that_cannot_begin_in_time_is_503_and_changes_nothing(
    sqlite_database: Database,
) -> None:
    async with stuck_api(sqlite_database) as (api, _):
        response = await change(api, 1)

        assert (response.status_code, response.headers["retry-after"]) == (503, "1")
        assert response.json()["errors"][0]["extensions"] == {"code": "SERVICE_OVERLOADED"}
        assert await api.jobs() == []


async def test_what_was_carried_out_before_is_not_hidden_behind_a_503(sqlite_database: Database) -> None:
    async with stuck_api(sqlite_database) as (api, _):
        response = await change(api, 2)

        [error] = response.json()["errors"]
        assert (response.status_code, error["path"]) == (200, ["change1"])
        assert error["extensions"] == {"code": "SERVICE_OVERLOADED"}
        assert len(await api.jobs()) == 1


async def test_a_request_whose_key_cannot_be_looked_up_in_time_is_503(sqlite_database: Database) -> None:
    async with stuck_api(sqlite_database) as (api, stuck):
        stuck.stop_reading()

        response = await api.post(READ)

        assert (response.status_code, response.headers["retry-after"]) == (503, "1")
        assert response.json()["errors"][0]["extensions"] == {"code": "SERVICE_OVERLOADED"}


async def test_it_is_not_ready_while_nothing_can_be_read(sqlite_database: Database) -> None:
    async with stuck_api(sqlite_database) as (api, stuck):
        stuck.stop_reading()

        assert (await api.http.get("/readyz")).status_code == 503
        assert (await api.http.get("/healthz")).status_code == 200


async def test_a_body_that_does_not_arrive_gives_its_place_back(sqlite_api: Api) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        pytest.fail("nothing came")

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"x-api-key", b"admin-key"), (b"content-type", b"application/json")]
    scope: Scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": headers}
    await GraphQLView(Executor(schema), sqlite_api.services, body_within_s=0)(scope, receive, send)

    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["errors"][0]["extensions"] == {"code": "REQUEST_TIMEOUT"}
