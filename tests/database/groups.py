"""Work run as one group on SQLite, on a file with a table of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from app.database.database import Database
from app.database.opening import open_database
from tests.database.held_back import held_back


@asynccontextmanager
async def open_late(sqlite_url: str) -> AsyncIterator[Database]:
    """SQLite, with a table whose foreign key is checked only by the COMMIT."""
    database = await open_database(sqlite_url)
    await execute(
        database,
        "CREATE TABLE late (id INTEGER PRIMARY KEY,"
        " other_id INTEGER REFERENCES late (id) DEFERRABLE INITIALLY DEFERRED)",
    )
    yield database
    await database.close()


async def execute(database: Database, statement: str) -> None:
    await database.write(lambda session: session.connection().execute(text(statement)) and None)


def end_the_transaction(session: Session) -> None:
    """Violate a constraint with ON CONFLICT ROLLBACK: SQLite then ends the whole transaction, savepoints and all."""
    session.connection().execute(text("INSERT INTO late (id) VALUES (1)"))
    session.connection().execute(text("INSERT OR ROLLBACK INTO late (id) VALUES (1)"))


async def in_one_group(database: Database, *pieces: Callable[[Session], Any]) -> list[Any]:
    """The results, or errors, of `pieces` run as one group."""
    async with held_back(database):
        tasks = [asyncio.create_task(database.write(piece)) for piece in pieces]
    return await settled(tasks)


async def settled(tasks: list[asyncio.Task[Any]]) -> list[Any]:
    return await asyncio.gather(*tasks, return_exceptions=True)
