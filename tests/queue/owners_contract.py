"""The contract of engines: what owners that died leave, and what those may do that only seemed to."""

from app.connectors.base import OutcomeKind
from app.values import DeliveryState
from tests.queue.engine_suite import EngineSuite, NewEngine
from tests.worker.scripted import ScriptedConnector, outcome
from tests.worker.stage import Stage


class OwnersContract(EngineSuite):
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
