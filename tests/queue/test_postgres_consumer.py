"""What becomes of turns whose connection is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from app.ids import new_id
from app.queue.port import SWEEP_LANE
from app.queue.postgres import PostgresEngine
from app.queue.postgres_waking import connect, disconnect
from tests.queue.turns import Turns
from tests.worker.scripted import PATIENCE_S


async def test_an_engine_comes_back_when_its_connection_is_cut(engine: PostgresEngine, url: str) -> None:
    lane, turns = new_id(), Turns()
    await engine.start(turns.run)
    await turns.ended(SWEEP_LANE, 1)
    await cut_connections(url)
    await woken_until_given(engine, turns, lane)


async def test_a_lane_that_hangs_while_the_connection_is_cut_keeps_no_other_from_its_turn(
    engine: PostgresEngine, url: str
) -> None:
    hanging, other, turns = new_id(), new_id(), Turns()
    await begin_to_hang(engine, turns, hanging)
    await cut_connections(url)
    await woken_until_given(engine, turns, other)
    assert hanging not in turns.over


async def test_a_lane_that_hangs_while_the_queue_cannot_be_read_keeps_no_other_from_its_turn(
    engine: PostgresEngine, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    hanging, other, turns = new_id(), new_id(), Turns()
    await begin_to_hang(engine, turns, hanging)
    async with asyncio.timeout(PATIENCE_S):
        async with away(url):
            while "UndefinedTableError" not in caplog.text:
                await asyncio.sleep(0.01)
        await woken_until_given(engine, turns, other)
    assert hanging not in turns.over


async def test_a_lane_that_hangs_while_the_connection_is_cut_has_its_next_turn_after_that(
    engine: PostgresEngine, url: str
) -> None:
    lane, turns = new_id(), Turns()
    await begin_to_hang(engine, turns, lane)
    await cut_until_given_again(url, lane)
    assert len(turns.ids[lane]) == 1
    turns.let_go(lane)
    await turns.given(lane, 2)
    assert turns.most_at_once[lane] == 1


async def test_stopping_ends_a_turn_that_outlived_its_connection_and_begins_no_other(
    engine: PostgresEngine, url: str
) -> None:
    lane, turns = new_id(), Turns()
    await begin_to_hang(engine, turns, lane)
    await cut_until_given_again(url, lane)
    await engine.stop(grace_s=0)
    assert turns.canceled == [lane]
    assert turns.over[lane] == len(turns.ids[lane]) == 1


async def begin_to_hang(engine: PostgresEngine, turns: Turns, lane: UUID) -> None:
    """Until the test lets it go, or the engine gives it up."""
    turns.hold(lane)
    await engine.start(turns.run)
    engine.wake([lane])
    await turns.given(lane, 1)


@asynccontextmanager
async def away(url: str) -> AsyncIterator[None]:
    """Statements on the queue fail meanwhile, on connections that live."""
    connection = await connect(url)
    await connection.execute("ALTER TABLE pgqueuer RENAME TO pgqueuer_away")
    try:
        yield
    finally:
        await connection.execute("ALTER TABLE pgqueuer_away RENAME TO pgqueuer")
        await disconnect(connection)


async def cut_connections(url: str) -> None:
    """As a PostgreSQL that restarts does."""
    connection = await connect(url)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'leadwire queue' AND pid <> pg_backend_pid()"
        " AND datname = current_database()"
    )
    await disconnect(connection)


async def woken_until_given(engine: PostgresEngine, turns: Turns, lane: UUID) -> None:
    """Wake-ups are lost while there is no connection."""
    async with asyncio.timeout(PATIENCE_S):
        while lane not in turns.ids:
            engine.wake([lane])
            await asyncio.sleep(0.05)


async def cut_until_given_again(url: str, lane: UUID) -> None:
    """Until the job of the lane's turn is the new connection's: the old one's heart is heard no more."""
    first_owner = await owner_of(url, lane)
    await cut_connections(url)
    async with asyncio.timeout(PATIENCE_S):
        while await owner_of(url, lane) == first_owner:
            await asyncio.sleep(0.05)


async def owner_of(url: str, lane: UUID) -> UUID:
    """Who has the lane's turn, as PgQueuer calls it: another one for each connection."""
    connection = await connect(url)
    try:
        owner = await connection.fetchval(
            "SELECT queue_manager_id FROM pgqueuer WHERE payload = $1", lane.bytes
        )
    finally:
        await disconnect(connection)
    assert owner is not None
    return UUID(str(owner))
