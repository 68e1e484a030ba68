"""The contract of engines: lanes send side by side, and nothing that hangs delays anything else."""

import asyncio
from collections import Counter
from datetime import timedelta

from sqlmodel import Session, col, select

from app.connectors.base import OutcomeKind
from app.queue.port import Engine
from app.tables.jobs import DeliveryRow, JobRow
from app.values import DeliveryState, JobState, LeadStatus, Platform
from tests.queue.engine_suite import EngineSuite
from tests.worker.scripted import PATIENCE_S, ScriptedConnector, outcome
from tests.worker.stage import Stage


class LanesContract(EngineSuite):
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


def _states(session: Session, job: JobRow) -> Counter[DeliveryState]:
    return Counter(session.exec(select(DeliveryRow.state).where(col(DeliveryRow.job_id) == job.id)))
