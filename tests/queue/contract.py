"""What every engine must do, whoever gives the turns. A suite for an engine inherits and says how to build it."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.connectors.base import OutcomeKind
from app.database.database import after_commit
from app.ids import new_id
from app.queue.port import SWEEP_LANE, Engine, Turn
from app.repositories.jobs import cancel_waiting
from app.services.progress import deactivate_job
from app.tables.jobs import DeliveryRow, JobRow
from app.values import DeliveryState, JobState, LeadStatus, Platform
from tests.queue.turns import Turns
from tests.worker.scripted import PATIENCE_S, ScriptedConnector, outcome
from tests.worker.stage import Stage

NewEngine = Callable[[], Engine]


class EngineContract:
    """The suite. `stage.time` moves what the engine's clock and timers say."""

    @pytest.fixture
    def new_engine(self, stage: Stage) -> NewEngine:
        """Another engine over the stage's database, as another process would have it."""
        raise NotImplementedError

    @pytest.fixture
    async def engine(self, new_engine: NewEngine) -> Any:
        engine = new_engine()
        yield engine
        await engine.stop(grace_s=0)

    def freeze(self, engine: Any) -> None:
        """Let the engine look dead to others while it lives."""

    # Turns

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

    # Deliveries

    async def test_a_delivery_is_sent_once_its_transaction_is_committed(
        self, engine: Engine, stage: Stage, connector: ScriptedConnector
    ) -> None:
        await stage.start(engine)
        job = await stage.job(wake=engine)
        await stage.until_state(job, DeliveryState.DELIVERED)
        assert [call.event_id for call in connector.calls] == [f"lw-{job.id}"]
        assert (await stage.job_row(job)).state is JobState.COMPLETED
        assert (await stage.lead_of(job)).status is LeadStatus.RATED

    async def test_work_of_a_transaction_that_was_rolled_back_is_never_seen(
        self, engine: Engine, stage: Stage, connector: ScriptedConnector
    ) -> None:
        await stage.start(engine)
        first = await stage.job()

        def work(session: Session) -> None:
            session.add(stage.delivery(first, platform_event_id="never", id=new_id()))
            session.flush()
            after_commit(session, lambda: engine.wake([stage.lane]))
            raise RuntimeError("rolled back")

        with pytest.raises(RuntimeError, match="rolled back"):
            await stage.database.write(work)
        engine.wake([stage.lane])
        await stage.until_state(first, DeliveryState.DELIVERED)
        assert [call.event_id for call in connector.calls] == [f"lw-{first.id}"]

    async def test_a_lost_wake_up_costs_seconds(self, engine: Engine, stage: Stage) -> None:
        await stage.start(engine)
        await stage.time.awaited()
        job = await stage.job()
        await stage.time.advance(seconds=6)
        await stage.until_state(job, DeliveryState.DELIVERED)

    async def test_a_wake_up_that_comes_twice_sends_once(
        self, engine: Engine, stage: Stage, connector: ScriptedConnector
    ) -> None:
        await stage.start(engine)
        first = await stage.job(wake=engine)
        engine.wake([stage.lane, stage.lane])
        await stage.until_state(first, DeliveryState.DELIVERED)
        engine.wake([stage.lane])
        second = await stage.job(wake=engine)
        await stage.until_state(second, DeliveryState.DELIVERED)
        assert [call.event_id for call in connector.calls] == [f"lw-{first.id}", f"lw-{second.id}"]

    async def test_a_wake_up_that_comes_late_sends_nothing_again(
        self, engine: Engine, stage: Stage, connector: ScriptedConnector
    ) -> None:
        await stage.start(engine)
        await stage.time.awaited()
        found_by_the_sweep = await stage.job()
        await stage.time.advance(seconds=6)
        await stage.until_state(found_by_the_sweep, DeliveryState.DELIVERED)
        engine.wake([stage.lane])
        next_one = await stage.job(wake=engine)
        await stage.until_state(next_one, DeliveryState.DELIVERED)
        jobs = (found_by_the_sweep, next_one)
        assert [call.event_id for call in connector.calls] == [f"lw-{job.id}" for job in jobs]

    async def test_a_wake_up_before_the_time_sends_nothing_and_the_time_does(
        self, engine: Engine, stage: Stage, connector: ScriptedConnector
    ) -> None:
        await stage.start(engine)
        job = await stage.job({"next_attempt_at": stage.time() + timedelta(hours=6)}, wake=engine)
        now = await stage.job(wake=engine)
        await stage.until_state(now, DeliveryState.DELIVERED)
        assert len(connector.calls) == 1
        await stage.time.advance(hours=5)
        await stage.time.advance(hours=2)
        await stage.until_state(job, DeliveryState.DELIVERED)

    async def test_a_retry_waits_as_long_as_the_platform_asks(
        self, engine: Engine, stage: Stage, connector: ScriptedConnector
    ) -> None:
        connector.in_turn(outcome(OutcomeKind.RETRY, retry_after_s=3600.0))
        await stage.start(engine)
        job = await stage.job(wake=engine)
        await stage.database.until(lambda session: session.get_one(JobRow, job.id).active is False)
        [waiting] = await stage.until_state(job, DeliveryState.SCHEDULED)
        assert waiting.next_attempt_at == stage.time() + timedelta(hours=1)
        await stage.time.advance(minutes=59)
        assert len(connector.calls) == 1
        await stage.time.advance(minutes=2)
        [delivered] = await stage.until_state(job, DeliveryState.DELIVERED)
        assert delivered.attempts == 2
        assert connector.calls[0].body == connector.calls[1].body

    async def test_a_lane_is_held_probed_and_released(
        self, engine: Engine, stage: Stage, connector: ScriptedConnector
    ) -> None:
        connector.always(outcome(OutcomeKind.AUTHENTICATION))
        await stage.start(engine)
        first = await stage.job(wake=engine)
        [held] = await stage.until_state(first, DeliveryState.HELD)
        assert held.warning is not None
        later = await stage.job(wake=engine)
        await stage.until_state(later, DeliveryState.HELD)
        connector.in_turn()
        await stage.time.advance(minutes=16)
        await stage.until_state(first, DeliveryState.DELIVERED)
        await stage.until_state(later, DeliveryState.DELIVERED)
        assert (await stage.integration_row()).paused_at is None

    async def test_what_is_canceled_is_not_sent(
        self, engine: Engine, stage: Stage, connector: ScriptedConnector
    ) -> None:
        await stage.start(engine)
        job = await stage.job({"next_attempt_at": stage.time() + timedelta(hours=1)}, wake=engine)
        await stage.database.write(lambda session: _cancel(session, job, stage))
        await stage.time.advance(hours=2)
        other = await stage.job(wake=engine)
        await stage.until_state(other, DeliveryState.DELIVERED)
        assert len(connector.calls) == 1
        assert (await stage.job_row(job)).state is JobState.CANCELED

    async def test_what_is_canceled_while_it_is_sent_is_not_tried_again(
        self, engine: Engine, stage: Stage, connector: ScriptedConnector
    ) -> None:
        connector.by_hand()
        await stage.start(engine)
        job = await stage.job(wake=engine)
        call = await connector.called(1)
        await stage.database.write(lambda session: _cancel(session, job, stage))
        call.answer.set_result(outcome(OutcomeKind.RETRY))
        await stage.until_state(job, DeliveryState.CANCELED)
        assert (await stage.job_row(job)).state is JobState.CANCELED
        assert (await stage.lead_of(job)).status is LeadStatus.PENDING

    async def test_what_waits_past_its_deadline_expires(
        self, engine: Engine, stage: Stage, connector: ScriptedConnector
    ) -> None:
        now = stage.time()
        await stage.start(engine)
        waits = {"next_attempt_at": now + timedelta(hours=2), "expires_at": now + timedelta(hours=1)}
        job = await stage.job(waits, waits | {"state": DeliveryState.HELD, "platform_event_id": "held"})
        await stage.time.advance(minutes=59)
        await stage.time.advance(minutes=2)
        expired = await stage.until_state(job, DeliveryState.EXPIRED, DeliveryState.EXPIRED)
        assert {delivery.error_code for delivery in expired} == {"EXPIRED"}
        assert (await stage.job_row(job)).state is JobState.FAILED
        assert connector.calls == []

    async def test_attempts_are_used_up(
        self, engine: Engine, stage: Stage, connector: ScriptedConnector
    ) -> None:
        connector.always(outcome(OutcomeKind.RETRY, known=False))
        await stage.start(engine)
        job = await stage.job(wake=engine)
        for attempts in range(1, 8):
            await stage.database.until(lambda session, n=attempts: _attempts(session, job) >= n)  # type: ignore[misc]
            await stage.time.advance(hours=6, seconds=1)
        [failed] = await stage.until_state(job, DeliveryState.FAILED)
        assert failed.attempts == 8

    async def test_what_a_killed_owner_was_sending_is_sent_again(
        self, new_engine: NewEngine, stage: Stage, connector: ScriptedConnector
    ) -> None:
        connector.by_hand()
        killed = new_engine()
        await stage.start(killed)
        job = await stage.job(wake=killed)
        await connector.called(1)
        await killed.stop(grace_s=0)
        connector.in_turn()
        restarted = new_engine()
        await stage.start(restarted)
        [delivered] = await stage.until_state(job, DeliveryState.DELIVERED)
        await restarted.stop(grace_s=20)
        assert delivered.attempts == 2
        assert connector.calls[0].body == connector.calls[1].body

    async def test_an_owner_that_was_thought_dead_records_nothing_and_sends_nothing_more(
        self, new_engine: NewEngine, stage: Stage, connector: ScriptedConnector
    ) -> None:
        connector.by_hand()
        frozen, successor = new_engine(), new_engine()
        await stage.start(frozen)
        job = await stage.job(wake=frozen)
        first = await connector.called(1)
        self.freeze(frozen)
        await stage.start(successor)
        second = await connector.called(2)
        second.answer.set_result(outcome(OutcomeKind.REJECTED))
        await stage.until_state(job, DeliveryState.REJECTED)
        other = await stage.job(wake=frozen)
        first.answer.set_result(outcome(OutcomeKind.DELIVERED))
        await frozen.stop(grace_s=20)
        owner = (await stage.integration_row()).turn_id
        assert (await stage.delivery_of(other)).turn_id in {None, owner}
        delivery = await stage.delivery_of(job)
        assert delivery.state is DeliveryState.REJECTED
        assert [attempt.error_code for attempt in await stage.attempts_of(delivery)] == ["WORKER_DIED", "E"]
        await successor.stop(grace_s=0)

    async def test_jobs_that_go_through_several_lanes_at_once_all_end(
        self, engine: Engine, stage: Stage
    ) -> None:
        other = await stage.second_lane()
        await stage.start(engine)
        jobs = [await stage.job({}, {"integration_id": other}, wake=engine) for _ in range(20)]
        for job in jobs:
            await stage.until_state(job, DeliveryState.DELIVERED, DeliveryState.DELIVERED)
            assert (await stage.job_row(job)).state is JobState.COMPLETED
            assert (await stage.lead_of(job)).status is LeadStatus.RATED

    async def test_what_expires_first_goes_first(
        self, engine: Engine, stage: Stage, connector: ScriptedConnector
    ) -> None:
        now = stage.time()
        jobs = {days: await stage.job({"expires_at": now + timedelta(days=days)}) for days in (5, 1, 9, 3)}
        await stage.start(engine)
        await connector.called(4)
        assert [call.event_id for call in connector.calls] == [f"lw-{jobs[days].id}" for days in (1, 3, 5, 9)]

    async def test_a_platform_that_hangs_delays_no_other(
        self, engine: Engine, stage: Stage, connector: ScriptedConnector
    ) -> None:
        slow = await stage.second_lane()
        healthy = connector.script
        connector.script = lambda call: None if call.connection.integration_id == slow else healthy(call)
        await stage.start(engine)
        many = ({"integration_id": slow, "platform_event_id": str(number)} for number in range(10))
        hanging = await stage.job(*many, wake=engine)
        await connector.called(connector.facts.max_concurrency)
        job = await stage.job(wake=engine)
        await stage.until_state(job, DeliveryState.DELIVERED)
        states = {delivery.state for delivery in await stage.deliveries_of(hanging)}
        assert states == {DeliveryState.SENDING, DeliveryState.SCHEDULED}

    async def test_one_process_sends_through_all_its_lanes_at_once_and_a_hanging_one_delays_none(
        self, engine: Engine, stage: Stage, connector: ScriptedConnector
    ) -> None:
        lanes = [stage.lane, *[await stage.second_lane() for _ in list(Platform)[1:]]]
        connector.by_hand()
        await stage.start(engine)
        job = await stage.job(*({"integration_id": lane} for lane in lanes), wake=engine)
        await connector.called(len(lanes))
        assert connector.sending == len(lanes)
        hanging, *others = connector.calls
        for call in others:
            call.answer.set_result(outcome(OutcomeKind.DELIVERED))
        await stage.database.until(
            lambda session: _states(session, job)[DeliveryState.DELIVERED] == len(others)
        )
        hanging.answer.set_result(outcome(OutcomeKind.DELIVERED))
        await stage.until_state(job, *[DeliveryState.DELIVERED] * len(lanes))
        assert len(connector.calls) == len(lanes)

    async def test_what_comes_due_while_a_request_hangs_does_not_wait_for_its_end(
        self, engine: Engine, stage: Stage, connector: ScriptedConnector
    ) -> None:
        connector.by_hand()
        await stage.start(engine)
        hanging = await stage.job(wake=engine)
        await connector.called(1)
        later = await stage.job({"next_attempt_at": stage.time() + timedelta(minutes=10)})
        async with asyncio.timeout(PATIENCE_S):
            while len(connector.calls) < 2:
                await stage.time.advance(minutes=1)
                await asyncio.sleep(0.02)
        connector.calls[1].answer.set_result(outcome(OutcomeKind.DELIVERED))
        await stage.until_state(later, DeliveryState.DELIVERED)
        assert (await stage.delivery_of(hanging)).state is DeliveryState.SENDING


def _cancel(session: Session, job: JobRow, stage: Stage) -> None:
    cancel_waiting(session, job.id, stage.time())
    deactivate_job(session, job, stage.time())


def _states(session: Session, job: JobRow) -> Counter[DeliveryState]:
    return Counter(session.exec(select(DeliveryRow.state).where(col(DeliveryRow.job_id) == job.id)))


def _attempts(session: Session, job: JobRow) -> int:
    delivery = session.exec(select(DeliveryRow).where(col(DeliveryRow.job_id) == job.id)).one()
    return delivery.attempts if delivery.state is not DeliveryState.SENDING else -1
