"""Twenty workers and five web processes on one PostgreSQL, as far as the database and its queue can tell."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from app.clock import utc_now
from app.connectors.base import Connection, Outcome
from app.database.database import Database
from app.database.opening import open_database
from app.queue.port import Wake
from app.queue.postgres import PostgresEngine, waking
from app.queue.postgres_waking import install
from app.tables.jobs import DeliveryRow, JobRow
from app.values import DeliveryState, JobState
from app.worker.lane import Lanes
from app.worker.sweep import Sweep
from app.worker.turns import run_turns
from tests.worker.scripted import DELIVERED, ScriptedConnector, WatchedDatabase
from tests.worker.stage import Stage, build_stage

WORKERS = 20
WEB_PROCESSES = 5
ROUNDS = 4
JOBS = 3
"""Of each web process in each round."""
PATIENCE_S = 90
INTERVAL = timedelta(seconds=0.1)
AT_ONCE = 10
"""600 requests a minute, a second's worth of which may go at once."""


class Street:
    """What a platform would see, if it could tell one worker from the other."""

    def __init__(self) -> None:
        self.sending: defaultdict[UUID, set[int]] = defaultdict(set)
        self.owners: defaultdict[UUID, set[int]] = defaultdict(set)
        self.most_owners = 0


class Worker(ScriptedConnector):
    """A worker's connector, which tells the street what it sends."""

    def __init__(self, number: int, street: Street) -> None:
        super().__init__(requests_per_minute=600)
        self._number, self._street = number, street

    async def send(self, connection: Connection, _body: Any) -> Outcome:
        lane = connection.integration_id
        sending = self._street.sending[lane]
        sending.add(self._number)
        self._street.owners[lane].add(self._number)
        self._street.most_owners = max(self._street.most_owners, len(sending))
        for _ in range(20):  # long enough for somebody else to begin
            await asyncio.sleep(0)
        sending.discard(self._number)
        return DELIVERED


@pytest.fixture
async def processes(postgres_database_url: str) -> AsyncIterator[Callable[[], Any]]:
    """Opens a pool as each process has one of its own."""
    async with AsyncExitStack() as opened:

        async def open_one() -> Database:
            database = await open_database(postgres_database_url, connections=2)
            opened.push_async_callback(database.close)
            return database

        yield open_one


@pytest.fixture
async def stage(postgres_database: Database, http: Any) -> Stage:
    stage = await build_stage(postgres_database, http, ScriptedConnector())
    stage.time.now = utc_now()
    return stage


async def start_worker(
    number: int, street: Street, stage: Stage, database: Database, url: str
) -> PostgresEngine:
    engine = PostgresEngine(url, utc_now)
    stage.connector = Worker(number, street)
    lanes = Lanes(database=database, opener=stage.opener(), clock=utc_now, jitter=lambda: 0.5)
    await engine.start(run_turns(lanes, Sweep(database=database, wake=engine.wake, clock=utc_now)))
    return engine


async def change(stage: Stage, database: Database, wake: Wake, lanes: list[UUID]) -> None:
    """What a web process does: store jobs with a delivery in every lane, then wake the lanes."""
    theirs = Stage(WatchedDatabase(database), stage.connector, stage.time, stage.cipher, stage.http)
    theirs.project_id, theirs.label_id, theirs.lane = stage.project_id, stage.label_id, stage.lane
    for _ in range(JOBS):
        await theirs.job(*({"integration_id": lane} for lane in lanes))
        wake(lanes)


async def all_over(database: Database) -> bool:
    def look(session: Session) -> bool:
        waiting = select(DeliveryRow.id).where(col(DeliveryRow.state) != DeliveryState.DELIVERED)
        return session.exec(waiting.limit(1)).first() is None

    return await database.read(look)


async def test_a_lane_has_one_owner_its_limit_holds_and_every_job_ends(
    stage: Stage, postgres_database_url: str, processes: Callable[[], Any]
) -> None:
    await install(postgres_database_url)
    lanes = [stage.lane, await stage.second_lane(), await stage.second_lane()]
    street = Street()
    databases = [await processes() for _ in range(WEB_PROCESSES)]
    engines = [
        await start_worker(number, street, stage, await processes(), postgres_database_url)
        for number in range(WORKERS)
    ]
    async with AsyncExitStack() as web, asyncio.timeout(PATIENCE_S):
        wakes = [await web.enter_async_context(waking(postgres_database_url)) for _ in databases]
        for _ in range(ROUNDS):
            await asyncio.gather(
                *(change(stage, *process, lanes) for process in zip(databases, wakes, strict=True))
            )
            while not await all_over(stage.database):
                await asyncio.sleep(0.05)
    await asyncio.gather(*(engine.stop(grace_s=10) for engine in engines))

    jobs, deliveries = await stage.rows(JobRow), await stage.rows(DeliveryRow)
    assert len(jobs) == WEB_PROCESSES * ROUNDS * JOBS
    assert {(job.state, job.active) for job in jobs} == {(JobState.COMPLETED, False)}
    assert {delivery.attempts for delivery in deliveries} == {1}
    assert street.most_owners == 1
    assert len(set().union(*street.owners.values())) > 1
    for lane in lanes:
        begun = sorted(d.sending_since for d in deliveries if d.integration_id == lane and d.sending_since)
        assert most_beyond_the_limit(begun) <= 0


def most_beyond_the_limit(begun: list[datetime]) -> int:
    """How many more requests were begun in some span of time than a bucket that was full could give."""
    return max(
        (last - first + 1) - (AT_ONCE + int((begun[last] - begun[first]) / INTERVAL))
        for first in range(len(begun))
        for last in range(first, len(begun))
    )
