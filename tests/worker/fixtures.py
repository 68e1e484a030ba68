"""Fixtures for whatever runs lanes: imported by the conftest of each folder that needs them."""

from collections.abc import AsyncIterator

import httpx
import pytest

from app.connectors.client import open_client
from app.database.database import Database
from tests.worker.scripted import ScriptedConnector
from tests.worker.stage import Stage, build_stage


@pytest.fixture
def connector() -> ScriptedConnector:
    """What every lane of the stage sends through; a test may put another one in its place."""
    return ScriptedConnector()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """What real connectors would send with."""
    async with open_client() as client:
        yield client


@pytest.fixture
async def stage(database: Database, connector: ScriptedConnector, http: httpx.AsyncClient) -> Stage:
    """A stage on each kind of database."""
    return await build_stage(database, http, connector)


@pytest.fixture
async def sqlite_stage(
    sqlite_database: Database, connector: ScriptedConnector, http: httpx.AsyncClient
) -> Stage:
    """A stage on SQLite, for what does not depend on the database."""
    return await build_stage(sqlite_database, http, connector)
