"""What the embedded engine does beyond the contract of all engines."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.ids import new_id
from app.queue.embedded import EmbeddedEngine
from app.queue.port import SWEEP_LANE, Turn
from app.queue.turns import GivenTurn, call_later
from tests.queue.turns import Turns
from tests.worker.scripted import START, FakeTime


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
async def engine(time: FakeTime) -> AsyncIterator[EmbeddedEngine]:
    engine = EmbeddedEngine(time, time.later)
    yield engine
    await engine.stop(grace_s=0)


async def test_a_wake_up_before_the_start_is_dropped(engine: EmbeddedEngine) -> None:
    lane, turns = new_id(), Turns()
    engine.wake([lane])
    await engine.start(turns.run)
    await turns.ended(SWEEP_LANE, 1)
    assert lane not in turns.ids


async def test_an_engine_that_was_never_started_stops(engine: EmbeddedEngine) -> None:
    await engine.stop(grace_s=1)


async def test_a_time_that_has_passed_gives_a_turn_at_once(engine: EmbeddedEngine) -> None:
    lane, turns = new_id(), Turns()
    turns.due_at[lane] = START
    await engine.start(turns.run)
    engine.wake([lane])
    await turns.given(lane, 2)


async def test_a_wake_up_does_not_wait_for_the_time_that_was_asked_for(
    engine: EmbeddedEngine, time: FakeTime
) -> None:
    lane, turns = new_id(), Turns()
    turns.due_at[lane] = START.replace(year=2027)
    await engine.start(turns.run)
    engine.wake([lane])
    await turns.ended(lane, 1)
    engine.wake([lane])
    await turns.ended(lane, 2)
    await time.advance(days=400)
    assert len(turns.ids[lane]) == 2


async def test_turns_that_fail_are_given_ever_more_seldom_and_logged_each_time(
    engine: EmbeddedEngine, time: FakeTime, caplog: pytest.LogCaptureFixture
) -> None:
    lane, turns, personal = new_id(), Turns(), "ada@example.com"

    async def fail(_turn: Turn) -> None:
        raise ValueError(personal)

    turns.during[lane] = fail
    await engine.start(turns.run)
    engine.wake([lane])
    for number, pause_s in enumerate((1, 2, 4, 8, 16, 30, 30), start=1):
        await turns.ended(lane, number)
        engine.wake([lane])
        await time.advance(seconds=pause_s - 0.5)
        assert len(turns.ids[lane]) == number
        await time.advance(seconds=0.5)
        await turns.given(lane, number + 1)
    await turns.ended(lane, 8)
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 8
    assert "ValueError" in caplog.text
    assert personal not in caplog.text


async def test_a_lane_that_failed_and_recovered_is_woken_as_before(
    engine: EmbeddedEngine, time: FakeTime
) -> None:
    lane, turns = new_id(), Turns()

    async def fail_once(_turn: Turn) -> None:
        if len(turns.ids[lane]) == 1:
            raise ValueError("a defect")

    turns.during[lane] = fail_once
    await engine.start(turns.run)
    engine.wake([lane])
    await turns.ended(lane, 1)
    await time.advance(seconds=1)
    await turns.ended(lane, 2)
    engine.wake([lane])
    await turns.ended(lane, 3)


async def test_a_turn_that_ends_while_the_engine_stops_is_the_last(engine: EmbeddedEngine) -> None:
    lane, turns = new_id(), Turns()

    async def wait(turn: Turn) -> None:
        await turn.woken(60)

    turns.during[lane] = wait
    turns.due_at[lane] = START
    await engine.start(turns.run)
    engine.wake([lane])
    await turns.given(lane, 1)
    await engine.stop(grace_s=20)
    assert len(turns.ids[lane]) == 1


async def test_a_wait_that_nobody_ends_ends_by_itself(time: FakeTime) -> None:
    turn = GivenTurn(new_id(), time.later)
    waiting = asyncio.create_task(turn.woken(5))
    await time.awaited()
    await time.advance(seconds=5)
    assert await waiting is False


async def test_a_wake_up_before_the_wait_is_not_lost(time: FakeTime) -> None:
    turn = GivenTurn(new_id(), time.later)
    turn.wake()
    assert await turn.woken(5) is True


async def test_a_wake_up_is_heard_once(time: FakeTime) -> None:
    turn = GivenTurn(new_id(), time.later)
    turn.wake()
    turn.wake()
    assert await turn.woken(5) is True
    turn.stop()
    assert await turn.woken(5) is False


async def test_breaking_off_a_wait_loses_no_wake_up(time: FakeTime) -> None:
    turn = GivenTurn(new_id(), time.later)
    waiting = asyncio.create_task(turn.woken(5))
    await time.awaited()
    turn.wake()
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert await turn.woken(5) is True


async def test_the_usual_timer_is_the_event_loop_s() -> None:
    rung = asyncio.Event()
    call_later(0, rung.set)
    call_later(0, lambda: pytest.fail("was called off")).cancel()
    await rung.wait()
