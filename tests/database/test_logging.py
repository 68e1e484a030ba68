"""What the database layer writes to a log at the most talkative level: no value of anybody."""

import logging

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.database.database import Database


async def test_no_parameter_of_a_statement_is_logged_even_at_debug(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def work(session: Session) -> None:
        session.connection().execute(text("SELECT CAST(:value AS TEXT)"), {"value": "ada@example.com"})

    with caplog.at_level(logging.DEBUG):
        await database.read(work)
        await database.write(work)

    assert "ada@example.com" not in caplog.text
