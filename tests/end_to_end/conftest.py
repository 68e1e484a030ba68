"""The whole house over both databases."""

from collections.abc import AsyncIterator

import pytest

from app.database.database import Database
from tests.end_to_end.live import Live, open_live


@pytest.fixture
async def live(database: Database) -> AsyncIterator[Live]:
    """A caller, the embedded engine and the sandbox; over SQLite and over PostgreSQL."""
    async with open_live(database) as opened:
        yield opened
