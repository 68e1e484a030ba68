"""The contract of engines: what is committed is sent once and in its time, tried again, held, canceled or expires."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from app.connectors.base import OutcomeKind
from app.database.database import after_commit
from app.ids import new_id
from app.queue.port import Engine
from app.repositories.jobs import cancel_waiting
from app.services.progress import deactivate_job
from app.tables.jobs import DeliveryRow, JobRow
from app.values import DeliveryState, JobState, LeadStatus
from tests.queue.engine_suite import EngineSuite
from tests.worker.scripted import ScriptedConnector, outcome
from tests.worker.stage import Stage


class DeliveriesContract(EngineSuite):
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

    async def test_what_expires_first_goes_first(
        self, engine: Engine, stage: Stage, connector: ScriptedConnector
    ) -> None:
        now = stage.time()
        jobs = {days: await stage.job({"expires_at": now + timedelta(days=days)}) for days in (5, 1, 9, 3)}
        await stage.start(engine)
        await connector.called(4)
        assert [call.event_id for call in connector.calls] == [f"lw-{jobs[days].id}" for days in (1, 3, 5, 9)]


def _cancel(session: Session, job: JobRow, stage: Stage) -> None:
    cancel_waiting(session, job.id, stage.time())
    deactivate_job(session, job, stage.time())


def _attempts(session: Session, job: JobRow) -> int:
    delivery = session.exec(select(DeliveryRow).where(col(DeliveryRow.job_id) == job.id)).one()
    return delivery.attempts if delivery.state is not DeliveryState.SENDING else -1
