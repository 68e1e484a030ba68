"""The stage that lanes are tested on, and a shop behind the public face."""

from collections.abc import AsyncIterator

import pytest

from app.database.database import Database
from tests.api import Api, open_api
from tests.services.shop import Shop
from tests.worker.fixtures import connector as connector
from tests.worker.fixtures import http as http
from tests.worker.fixtures import sqlite_stage as sqlite_stage
from tests.worker.fixtures import stage as stage


@pytest.fixture
async def api(database: Database) -> AsyncIterator[Api]:
    async with open_api(database) as opened:
        yield opened


@pytest.fixture
async def shop(api: Api) -> Shop:
    return await Shop(api).begin()
