"""The contract of engines: lanes are given turns, one at a time each, as they are woken and as they ask."""

import asyncio
from datetime import timedelta

from app.ids import new_id
from app.queue.port import SWEEP_LANE, Engine, Turn
from app.values import Platform
from tests.queue.engine_suite import EngineSuite
from tests.queue.turns import Turns
from tests.worker.stage import Stage


class TurnsContract(EngineSuite):
    async def test_the_sweep_has_the_first_turn(self, engine: Engine) -> None:
        turns = Turns()
        await engine.start(turns.run)
        await turns.given(SWEEP_LANE, 1)

    async def test_a_lane_has_one_owner_however_often_it_is_woken(self, engine: Engine) -> None:
        lane, turns = new_id(), Turns()
        turns.hold(lane)
        await engine.start(turns.run)
        for _ in range(10):
            engine.wake([lane])
        await turns.given(lane, 1)
        engine.wake([lane, lane])
        turns.let_go(lane)
        await turns.given(lane, 2)
        assert turns.most_at_once[lane] == 1

    async def test_each_turn_has_an_id_of_its_own(self, engine: Engine) -> None:
        lane, turns = new_id(), Turns()
        await engine.start(turns.run)
        engine.wake([lane])
        await turns.given(lane, 1)
        engine.wake([lane])
        await turns.given(lane, 2)
        assert turns.ids[lane][0] != turns.ids[lane][1]

    async def test_a_wake_up_during_a_turn_reaches_its_owner(self, engine: Engine) -> None:
        lane, turns = new_id(), Turns()
        woken: list[bool] = []

        async def listen(turn: Turn) -> None:
            engine.wake([lane])
            woken.append(await turn.woken(3600))

        turns.during[lane] = listen
        await engine.start(turns.run)
        engine.wake([lane])
        await turns.ended(lane, 1)
        assert woken == [True]

    async def test_a_wake_up_after_the_owner_looked_last_gives_another_turn(self, engine: Engine) -> None:
        lane, turns = new_id(), Turns()

        async def wake_and_leave(turn: Turn) -> None:
            if len(turns.ids[lane]) == 1:
                engine.wake([lane])

        turns.during[lane] = wake_and_leave
        await engine.start(turns.run)
        engine.wake([lane])
        await turns.given(lane, 2)

    async def test_a_turn_that_fails_is_given_again(self, engine: Engine, stage: Stage) -> None:
        lane, turns = new_id(), Turns()

        async def fail_first(turn: Turn) -> None:
            if len(turns.ids[lane]) == 1:
                raise RuntimeError("a defect")

        turns.during[lane] = fail_first
        await engine.start(turns.run)
        engine.wake([lane])
        await turns.ended(lane, 1)
        await stage.time.advance(minutes=1)
        await turns.given(lane, 2)

    async def test_a_lane_gets_a_turn_when_it_asked_for_one(self, engine: Engine, stage: Stage) -> None:
        lane, turns = new_id(), Turns()
        turns.due_at[lane] = stage.time() + timedelta(hours=1)
        await engine.start(turns.run)
        engine.wake([lane])
        await turns.ended(lane, 1)
        await stage.time.advance(minutes=59)
        assert len(turns.ids[lane]) == 1
        await stage.time.advance(minutes=2)
        await turns.given(lane, 2)

    async def test_a_lane_that_never_ends_keeps_no_other_from_its_turn(self, engine: Engine) -> None:
        slow, quick, turns = new_id(), new_id(), Turns()
        turns.hold(slow)
        await engine.start(turns.run)
        engine.wake([slow])
        await turns.given(slow, 1)
        engine.wake([quick])
        await turns.ended(quick, 1)
        turns.let_go(slow)

    async def test_many_lanes_have_their_turns_at_the_same_time(self, engine: Engine) -> None:
        lanes, turns = [new_id() for _ in Platform], Turns()
        for lane in lanes:
            turns.hold(lane)
        await engine.start(turns.run)
        engine.wake(lanes)
        for lane in lanes:
            await turns.given(lane, 1)
        assert [turns.at_once[lane] for lane in lanes] == [1] * len(lanes)
        for lane in lanes:
            turns.let_go(lane)

    async def test_stopping_lets_a_turn_finish(self, engine: Engine) -> None:
        lane, turns = new_id(), Turns()
        seen: list[bool] = []

        async def wait(turn: Turn) -> None:
            await turn.woken(3600)
            seen.append(turn.stopping)

        turns.during[lane] = wait
        await engine.start(turns.run)
        engine.wake([lane])
        await turns.given(lane, 1)
        await engine.stop(grace_s=20)
        assert seen == [True]

    async def test_stopping_ends_a_turn_that_does_not_finish_in_time(self, engine: Engine) -> None:
        lane, turns = new_id(), Turns()
        turns.hold(lane)
        await engine.start(turns.run)
        engine.wake([lane])
        await turns.given(lane, 1)
        await engine.stop(grace_s=0)
        assert turns.canceled == [lane]

    async def test_a_stopped_engine_gives_no_turns(self, engine: Engine) -> None:
        lane, turns = new_id(), Turns()
        await engine.start(turns.run)
        await engine.stop(grace_s=20)
        engine.wake([lane])
        await asyncio.sleep(0)
        assert lane not in turns.ids
