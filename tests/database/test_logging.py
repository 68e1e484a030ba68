"""What the database layer writes to a log at the most talkative level: no value of anybody."""

import logging
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.database.database import Database
from app.database.opening import open_database


async def test_no_parameter_of_a_statement_is_logged_even_at_debug(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def work(session: Session) -> None:
        session.connection().execute(text("SELECT CAST(:value AS TEXT)"), {"value": "ada@example.com"})

    with caplog.at_level(logging.DEBUG):
        await database.read(work)
        await database.write(work)

    assert "ada@example.com" not in caplog.text


async def test_no_row_that_is_read_is_logged_even_at_debug(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    def work(session: Session) -> Any:
        return session.connection().execute(text("SELECT 'ada@' || 'example.com'")).scalar_one()

    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "sqlalchemy.engine"):
        # SQLAlchemy looks at the level when an engine is made.
        database = await open_database(database_url)
        assert await database.read(work) == await database.write(work) == "ada@example.com"
        await database.close()

    assert "ada@example.com" not in caplog.text
