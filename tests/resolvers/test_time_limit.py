"""What a caller is told when the time is over, which it is at once here: at the first wait for the database."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from sqlmodel import Session

from app.database.database import Database, Waiting
from app.policy import Policy
from app.rest import PATH
from app.values import LeadStatus
from tests.api import UPDATE, Api, open_api
from tests.database.held_back import Gate

AT_ONCE = Policy(within_s=1e-9)
READ = json.dumps({"query": "{ conversionLabels { id } }"})


@dataclass
class Slow:
    """A database whose writes, once begun, stop at a gate; a caller who goes leaves them to it."""

    database: Database
    gate: Gate | None = None
    begun: list["asyncio.Task[Any]"] = field(default_factory=list)

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        return self.database.dialect

    @property
    def waiting(self) -> Waiting:
        return self.database.waiting

    async def read(self, work: Callable[[Session], Any], *, within_s: float | None = None) -> Any:
        return await self.database.read(work, within_s=within_s)

    async def write(self, work: Callable[[Session], Any], *, within_s: float | None = None) -> Any:
        gate = self.gate
        if gate is None:
            return await self.database.write(work, within_s=within_s)

        def gated(session: Session) -> Any:
            gate.stop_here()
            return work(session)

        task = asyncio.create_task(self.database.write(gated, within_s=within_s))
        self.begun.append(task)
        return await asyncio.shield(task)

    async def close(self) -> None:
        await self.database.close()


@asynccontextmanager
async def slow_api(database: Database) -> AsyncIterator[tuple[Api, Slow]]:
    slow = Slow(database)
    async with open_api(slow, policy=AT_ONCE) as api:
        yield api, slow


async def test_a_query_that_takes_too_long_is_504_and_nothing_of_it_is_answered(
    sqlite_database: Database,
) -> None:
    async with open_api(sqlite_database, policy=AT_ONCE) as api:
        response = await api.post(json.dumps({"query": "{ __typename conversionLabels { id } }"}))

    assert response.status_code == 504
    [error] = response.json()["errors"]
    assert error["extensions"] == {"code": "EXECUTION_TIMEOUT"}
    assert "data" not in response.json()


async def test_of_a_change_under_way_it_is_said_that_nobody_knows_and_a_repetition_tells(
    sqlite_database: Database,
) -> None:
    async with slow_api(sqlite_database) as (api, slow):
        lead = await api.world.complete_lead()
        given = {
            "lead": {"leadId": str(lead.id)},
            "conversionId": "open",
            "price": 500,
            "idempotencyKey": "k",
        }
        await api.services.status.setups.of(api.world.project_id)  # that it is read is no part of this
        slow.gate = Gate()
        response = await api.post(json.dumps({"query": UPDATE, "variables": {"input": given}}))
        untouched = (await api.lead_row(lead.id)).price_cents
        slow.gate.open()
        await asyncio.gather(*slow.begun)
        stored = await api.lead_row(lead.id)

    async with open_api(sqlite_database, api.world) as patient:
        patient.key = "admin-key"
        again = await patient.update(lead=given["lead"], conversion_id="open", price=500, idempotencyKey="k")

    assert response.status_code == 504
    [error] = response.json()["errors"]
    assert error["extensions"] == {"code": "OUTCOME_UNKNOWN"}
    assert "not known" in error["message"]
    assert untouched is None
    assert (stored.status, stored.price_cents) == (LeadStatus.OPEN, 500)
    assert again["replayed"]


async def test_a_plain_request_is_told_the_same(sqlite_database: Database) -> None:
    async with slow_api(sqlite_database) as (api, slow):
        await api.world.complete_lead()
        slow.gate = Gate()
        response = await api.http.post(
            PATH, json={"uniqueIdentifier": "crm-1", "conversionId": "open"}, headers={"x-api-key": api.key}
        )
        slow.gate.open()
        await asyncio.gather(*slow.begun)

    assert response.status_code == 504
    assert "not known" in response.json()["message"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ conversionLabels { id } }", "EXECUTION_TIMEOUT"),
        ('mutation { pauseIntegration(id: "x") { __typename } }', "OUTCOME_UNKNOWN"),
    ],
)
async def test_it_holds_for_what_is_answered_with_events(
    sqlite_database: Database, query: str, code: str
) -> None:
    async with open_api(sqlite_database, policy=AT_ONCE) as api:
        response = await api.post(json.dumps({"query": query}), accept="text/event-stream")

    first, *_ = response.text.split("\n\n")
    [error] = json.loads(first.partition("data: ")[2])["errors"]
    assert error["extensions"] == {"code": code}


async def test_what_is_in_time_is_answered(sqlite_api: Api) -> None:
    assert (await sqlite_api.post(READ)).status_code == 200
