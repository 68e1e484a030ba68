"""Work that would rather be refused than wait for long."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.database.database import Database
from app.database.errors import DatabaseBusyError
from app.database.group import Piece
from app.database.impatient import Impatient
from app.database.opening import open_database
from app.database.turnstile import Turnstile
from tests.database.held_back import held_back
from tests.database.projects import adding, names


@pytest.fixture
async def narrow(database_url: str) -> AsyncIterator[Database]:
    """A database with one connection for reading, or for everything."""
    database = await open_database(database_url, connections=1)
    yield database
    await database.close()


@asynccontextmanager
async def nothing_begins(database: Database) -> AsyncIterator[None]:
    """Whatever is asked for inside has to wait."""
    turnstile: Turnstile = database._turnstile  # type: ignore[attr-defined]
    async with turnstile.passed(None):
        if database.dialect == "postgresql":
            yield
            await asyncio.sleep(0)
            return
        async with held_back(database):
            yield


async def begun_to_wait(*tasks: asyncio.Task[None]) -> None:
    for _ in range(3 * len(tasks)):
        await asyncio.sleep(0)


async def test_a_write_that_does_not_begin_in_time_never_begins(narrow: Database) -> None:
    async with nothing_begins(narrow):
        with pytest.raises(DatabaseBusyError):
            await narrow.write(adding("Acme"), within_s=0)
        waiting = narrow.waiting.writes

    assert waiting == 0
    assert await narrow.read(names) == []


async def test_a_write_waits_as_long_as_its_caller_likes(narrow: Database) -> None:
    async with nothing_begins(narrow):
        patient = asyncio.create_task(narrow.write(adding("Acme")))
        for_a_while = asyncio.create_task(narrow.write(adding("Beta"), within_s=60))
        await begun_to_wait(patient, for_a_while)
        waiting = narrow.waiting.writes
    await asyncio.gather(patient, for_a_while)

    assert waiting == 2
    assert await narrow.read(names) == ["Acme", "Beta"]


async def test_a_read_that_does_not_begin_in_time_is_refused(narrow: Database) -> None:
    async with nothing_begins(narrow):
        with pytest.raises(DatabaseBusyError):
            await narrow.read(names, within_s=0)
        waiting = asyncio.create_task(narrow.read(names))
        await begun_to_wait(waiting)
        assert sum(narrow.waiting) == 1

    assert await waiting == []


async def test_a_caller_that_is_canceled_while_it_waits_takes_nobody_s_place(narrow: Database) -> None:
    async with nothing_begins(narrow):
        gone = asyncio.create_task(narrow.write(adding("Acme")))
        await begun_to_wait(gone)
        gone.cancel()
        await asyncio.wait([gone])

    await narrow.write(adding("Beta"), within_s=60)
    assert await narrow.read(names) == ["Beta"]


async def test_a_piece_has_either_begun_or_is_withdrawn() -> None:
    future = asyncio.get_running_loop().create_future
    begun, withdrawn = Piece(names, future()), Piece(names, future())

    assert begun.begin()
    assert not begun.withdraw(DatabaseBusyError())
    assert not begun.future.done()

    assert withdrawn.withdraw(DatabaseBusyError())
    assert not withdrawn.begin()
    assert isinstance(withdrawn.future.exception(), DatabaseBusyError)


async def test_a_piece_that_is_over_is_not_withdrawn() -> None:
    piece = Piece(names, asyncio.get_running_loop().create_future())
    piece.future.cancel()

    assert not piece.withdraw(DatabaseBusyError())
    assert not piece.begin()


async def test_a_piece_whose_group_waits_for_another_program_is_refused_and_passed_over(
    sqlite_url: str,
) -> None:
    database = await open_database(sqlite_url)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite+aiosqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusyError):
        await database.write(adding("Acme"), within_s=0.05)
    other.execute("ROLLBACK")
    other.close()

    await database.write(adding("Beta"))
    assert await database.read(names) == ["Beta"]
    await database.close()


async def test_an_impatient_caller_waits_for_the_shorter_of_two_times(sqlite_url: str) -> None:
    database = await open_database(sqlite_url)
    impatient = Impatient(Impatient(database, 60), 0)
    async with held_back(database):
        for within_s in (60, None):
            with pytest.raises(DatabaseBusyError):
                await impatient.write(adding("Acme"), within_s=within_s)
        assert impatient.waiting == database.waiting

    assert impatient.dialect == database.dialect
    assert await impatient.read(names) == []
    await impatient.close()
