"""A real server over both databases."""

from collections.abc import AsyncIterator

import pytest

from app.database.database import Database
from tests.streaming.stage import Stage, open_stage


@pytest.fixture
async def stage(database: Database) -> AsyncIterator[Stage]:
    """Over SQLite and over PostgreSQL."""
    async with open_stage(database) as opened:
        yield opened


@pytest.fixture
async def sqlite_stage(sqlite_database: Database) -> AsyncIterator[Stage]:
    """Over SQLite alone, for what does not touch the database."""
    async with open_stage(sqlite_database) as opened:
        yield opened
