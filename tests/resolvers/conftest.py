"""The public face over both databases."""

from collections.abc import AsyncIterator

import pytest

from app.database.database import Database
from tests.api import Api, open_api


@pytest.fixture
async def api(database: Database) -> AsyncIterator[Api]:
    """POST /graphql over SQLite and over PostgreSQL."""
    async with open_api(database) as opened:
        yield opened


@pytest.fixture
async def sqlite_api(sqlite_database: Database) -> AsyncIterator[Api]:
    """POST /graphql over SQLite alone, for what does not touch the database."""
    async with open_api(sqlite_database) as opened:
        yield opened
