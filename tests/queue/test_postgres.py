"""What the PostgreSQL engine does beyond the contract of all engines."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.ids import new_id
from app.queue.port import SWEEP_LANE, Turn
from app.queue.postgres import PostgresEngine
from app.queue.postgres_waking import QueueNotInstalledError, Waker, connect, disconnect, install
from tests.queue.turns import Turns
from tests.worker.scripted import FakeTime

QUICK = {"taken_over_after": timedelta(seconds=1), "looked_for_every": timedelta(seconds=0.2)}


@pytest.fixture
async def url(postgres_database_url: str) -> str:
    await install(postgres_database_url)
    return postgres_database_url


@pytest.fixture
async def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
async def engine(url: str, time: FakeTime) -> AsyncIterator[PostgresEngine]:
    engine = PostgresEngine(url, time, time.later, **QUICK)
    yield engine
    await engine.stop(grace_s=0)


async def test_an_engine_without_its_tables_says_what_to_do(
    postgres_database_url: str, time: FakeTime
) -> None:
    with pytest.raises(QueueNotInstalledError, match="leadwire migrate"):
        await PostgresEngine(postgres_database_url, time, time.later).start(Turns().run)


async def test_installing_again_changes_nothing(url: str) -> None:
    await install(url)


async def test_an_engine_that_was_never_started_stops(url: str, time: FakeTime) -> None:
    await PostgresEngine(url, time, time.later).stop(grace_s=1)


async def test_two_engines_give_a_lane_one_owner_between_them(url: str, time: FakeTime) -> None:
    lane, turns = new_id(), Turns()
    engines = [PostgresEngine(url, time, time.later, **QUICK) for _ in range(2)]
    for engine in engines:
        await engine.start(turns.run)
    for _ in range(10):
        for engine in engines:
            engine.wake([lane])
        await asyncio.sleep(0.01)
    await turns.given(lane, 2)
    assert turns.most_at_once[lane] == 1
    for engine in engines:
        await engine.stop(grace_s=5)


async def test_a_wake_up_in_one_process_reaches_the_owner_in_another(url: str, time: FakeTime) -> None:
    lane, turns, woken = new_id(), Turns(), list[bool]()
    owner = PostgresEngine(url, time, time.later, **QUICK)

    async def listen(turn: Turn) -> None:
        woken.append(await turn.woken(3600))

    turns.during[lane] = listen
    await owner.start(turns.run)
    owner.wake([lane])
    await turns.given(lane, 1)
    other = Waker(url, "leadwire_turn")
    other.wake([lane])
    await turns.ended(lane, 1)
    assert woken == [True]
    await other.close()
    await owner.stop(grace_s=5)


async def test_what_a_dead_owner_had_is_given_to_another(url: str, time: FakeTime) -> None:
    lane, first, second = new_id(), Turns(), Turns()
    dead, alive = (PostgresEngine(url, time, time.later, **QUICK) for _ in range(2))
    first.hold(lane)
    await dead.start(first.run)
    dead.wake([lane])
    await first.given(lane, 1)
    assert dead._manager is not None

    async def no_beat(_job_ids: object) -> None:
        """As a process that was killed."""

    dead._manager.queries.update_heartbeat = no_beat  # type: ignore[method-assign]
    await alive.start(second.run)
    await second.given(lane, 1)
    first.let_go(lane)
    await dead.stop(grace_s=5)
    await alive.stop(grace_s=5)


async def test_an_engine_comes_back_when_its_connection_is_cut(url: str, time: FakeTime) -> None:
    lane, turns = new_id(), Turns()
    engine = PostgresEngine(url, time, time.later, **QUICK)
    await engine.start(turns.run)
    await turns.ended(SWEEP_LANE, 1)
    connection = await connect(url)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'leadwire queue' AND pid <> pg_backend_pid()"
        " AND datname = current_database()"
    )
    await disconnect(connection)
    while lane not in turns.ids:
        engine.wake([lane])
        await asyncio.sleep(0.05)
    await engine.stop(grace_s=5)


async def test_turns_that_fail_leave_no_job_behind(
    engine: PostgresEngine, url: str, time: FakeTime, caplog: pytest.LogCaptureFixture
) -> None:
    lane, turns, personal = new_id(), Turns(), "ada@example.com"

    async def fail(_turn: Turn) -> None:
        raise ValueError(personal)

    turns.during[lane] = fail
    await engine.start(turns.run)
    engine.wake([lane])
    await turns.ended(lane, 1)
    while lane.bytes in await queued(url):
        await asyncio.sleep(0.01)
    assert "ValueError" in caplog.text
    assert personal not in caplog.text


async def queued(url: str) -> list[bytes]:
    connection = await connect(url)
    try:
        return [row["payload"] for row in await connection.fetch("SELECT payload FROM pgqueuer")]
    finally:
        await disconnect(connection)


async def test_the_log_of_turns_is_forgotten_after_an_hour(url: str) -> None:
    connection = await connect(url)
    await connection.execute(
        "INSERT INTO pgqueuer_log (created, job_id, status, priority, entrypoint)"
        " VALUES (now() - interval '2 hours', 1, 'successful', 0, 'x'), (now(), 2, 'successful', 0, 'x')"
    )
    waker = Waker(url, "leadwire_turn")
    waker.prune()
    await waker.close()
    assert [row["job_id"] for row in await connection.fetch("SELECT job_id FROM pgqueuer_log")] == [2]
    await disconnect(connection)


async def test_a_waker_without_a_database_loses_its_wake_ups_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    waker = Waker("postgresql+asyncpg://nobody@127.0.0.1:1/nothing", "leadwire_turn")
    waker.wake([new_id()])
    await waker.close()
    waker.wake([new_id()])
    assert "wake-ups of 1 lanes are lost" in caplog.text
