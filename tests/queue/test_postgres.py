"""What the PostgreSQL engine does beyond the contract of all engines."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from pgqueuer.errors import PgqException
from pgqueuer.models import Job
from sqlalchemy import make_url

from app.database.errors import DatabaseError
from app.ids import new_id
from app.queue.port import SWEEP_LANE, Turn
from app.queue.postgres import LOOKED_FOR_EVERY, TAKEN_OVER_AFTER, PostgresEngine
from app.queue.postgres_waking import (
    QueueNotInstalledError,
    Waker,
    connect,
    disconnect,
    install,
    require_queue,
)
from tests.link import linked
from tests.queue.turns import QUICK, Turns, stop_heart
from tests.worker.scripted import PATIENCE_S, FakeTime


async def test_an_engine_without_its_tables_says_what_to_do(
    postgres_database_url: str, time: FakeTime
) -> None:
    with pytest.raises(QueueNotInstalledError, match="leadwire migrate"):
        await PostgresEngine(postgres_database_url, time, time.later).start(Turns().run)


@pytest.mark.parametrize("ask", [install, require_queue])
async def test_a_server_that_refuses_the_queue_is_said(
    url: str, ask: Callable[[str], Awaitable[None]]
) -> None:
    stranger = make_url(url).set(username="stranger").render_as_string(hide_password=False)
    with pytest.raises(DatabaseError, match='role "stranger" does not exist'):
        await ask(stranger)


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


async def test_of_several_busy_lanes_one_is_offered_to_other_processes(
    engine: PostgresEngine, time: FakeTime
) -> None:
    turns, given, over = Turns(), dict[UUID, Turn](), asyncio.Event()
    first, second = new_id(), new_id()

    async def keep(turn: Turn) -> None:
        given[turn.lane] = turn
        await over.wait()

    turns.during = {first: keep, second: keep}
    await engine.start(turns.run)
    engine.wake([first])
    await turns.given(first, 1)
    await time.advance(seconds=10)
    assert not given[first].offered
    engine.wake([second])
    await turns.given(second, 1)
    await time.advance(seconds=10)
    assert given[first].offered
    assert not given[second].offered
    over.set()


async def test_an_idle_process_takes_the_lane_that_a_busy_one_offers(url: str, time: FakeTime) -> None:
    busy, idle, over = Turns(), Turns(), asyncio.Event()
    lanes = {new_id(), new_id()}

    async def work(turn: Turn) -> None:
        while not turn.offered:
            await asyncio.sleep(0.01)
        busy.due_at[turn.lane] = time()

    async def keep(_turn: Turn) -> None:
        await over.wait()

    busy.during, idle.during = dict.fromkeys(lanes, work), dict.fromkeys(lanes, keep)
    first, second = (PostgresEngine(url, time, time.later, **QUICK) for _ in range(2))
    await first.start(busy.run)
    first.wake(lanes)
    for lane in lanes:
        await busy.given(lane, 1)
    await second.start(idle.run)
    async with asyncio.timeout(PATIENCE_S):
        while not idle.ids.keys() & lanes:
            await time.advance(seconds=3)
            await asyncio.sleep(0.05)  # it may still be connecting when the lane is offered first
    assert len(idle.ids.keys() & lanes) == 1
    over.set()
    for engine in (second, first):
        await engine.stop(grace_s=0)


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
    stop_heart(dead)
    await alive.start(second.run)
    await second.given(lane, 1)
    first.let_go(lane)
    await dead.stop(grace_s=5)
    await alive.stop(grace_s=5)


async def test_an_owner_that_was_taken_for_dead_does_not_end_the_turn_of_its_successor(
    url: str, time: FakeTime
) -> None:
    lane, first, second = new_id(), Turns(), Turns()
    frozen, successor = (PostgresEngine(url, time, time.later, **QUICK) for _ in range(2))
    first.hold(lane)
    second.hold(lane)
    await frozen.start(first.run)
    frozen.wake([lane])
    await first.given(lane, 1)
    stop_heart(frozen)
    await successor.start(second.run)
    await second.given(lane, 1)
    first.let_go(lane)
    await frozen.stop(grace_s=5)
    assert lane.bytes in await queued(url)
    second.let_go(lane)
    await second.ended(lane, 1)
    await successor.stop(grace_s=5)
    assert lane.bytes not in await queued(url)


def test_a_dead_owner_is_replaced_within_the_fifteen_seconds_that_are_promised() -> None:
    assert timedelta(seconds=15) > TAKEN_OVER_AFTER + LOOKED_FOR_EVERY


async def test_an_engine_goes_on_after_a_failure_that_nobody_thought_of(
    engine: PostgresEngine, time: FakeTime, caplog: pytest.LogCaptureFixture
) -> None:
    lane, turns, failed, personal = new_id(), Turns(), asyncio.Event(), "ada@example.com"

    async def fail(**_asked: object) -> list[Job]:
        failed.set()
        raise PgqException(personal)

    await engine.start(turns.run)
    await turns.ended(SWEEP_LANE, 1)
    assert engine._consumer is not None
    engine._consumer.queries.dequeue = fail  # type: ignore[method-assign]
    await failed.wait()
    engine.wake([lane])
    await turns.given(lane, 1)
    assert "PgqException" in caplog.text
    assert personal not in caplog.text


async def test_an_engine_stops_though_its_database_does_not_answer(
    url: str, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.queue.postgres._GOODBYE_S", 0.1)
    lane, turns = new_id(), Turns()
    turns.hold(lane)
    async with linked(url) as (link, over_link), asyncio.timeout(PATIENCE_S):
        engine = PostgresEngine(over_link, time, time.later, **QUICK)
        await engine.start(turns.run)
        engine.wake([lane])
        await turns.given(lane, 1)
        link.fall_silent()
        await engine.stop(grace_s=0)
    assert turns.canceled == [lane]


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


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux has it")
async def test_a_queue_on_a_machine_that_is_gone_is_lost_within_half_a_minute(url: str) -> None:
    connection = await connect(url)
    there = connection._transport.get_extra_info("socket")
    assert there.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
    await disconnect(connection)


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


async def test_a_waker_whose_connection_takes_nothing_any_more_tells_through_another(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    lane = new_id()
    waker = Waker(url, "leadwire_turn")
    waker.wake([new_id()])
    while not await queued(url):
        await asyncio.sleep(0.01)
    assert waker._connection is not None
    stuck = asyncio.create_task(waker._connection.execute("SELECT pg_sleep(3600)"))
    await asyncio.sleep(0)
    waker.wake([new_id()])
    with pytest.raises(asyncpg.PostgresError):
        await asyncio.wait_for(stuck, PATIENCE_S)
    waker.wake([lane])
    await waker.close()
    assert "wake-ups of 1 lanes are lost" in caplog.text
    assert lane.bytes in await queued(url)


async def test_a_waker_without_a_database_loses_its_wake_ups_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    waker = Waker("postgresql+asyncpg://nobody@127.0.0.1:1/nothing", "leadwire_turn")
    waker.wake([new_id()])
    await waker.close()
    waker.wake([new_id()])
    assert "wake-ups of 1 lanes are lost" in caplog.text
