"""The stage that lanes are tested on, and the PostgreSQL engine."""

from collections.abc import AsyncIterator

import pytest

from app.queue.postgres import PostgresEngine, install
from tests.queue.turns import QUICK
from tests.worker.fixtures import connector as connector
from tests.worker.fixtures import http as http
from tests.worker.fixtures import sqlite_stage as sqlite_stage
from tests.worker.fixtures import stage as stage
from tests.worker.scripted import FakeTime


@pytest.fixture
async def url(postgres_database_url: str) -> str:
    await install(postgres_database_url)
    return postgres_database_url


@pytest.fixture
async def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
async def engine(url: str, time: FakeTime) -> AsyncIterator[PostgresEngine]:
    engine = PostgresEngine(url, time, time.later, **QUICK)
    yield engine
    await engine.stop(grace_s=0)
