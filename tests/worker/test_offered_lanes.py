"""A lane that its engine offers to other processes."""

import asyncio

from app.connectors.base import OutcomeKind
from app.values import DeliveryState
from tests.worker.scripted import START, ScriptedConnector, outcome
from tests.worker.stage import Stage

S = DeliveryState
K = OutcomeKind


async def test_an_owner_whose_lane_is_offered_ends_once_nothing_is_in_flight_and_asks_for_another_turn(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.by_hand()
    await sqlite_stage.job()
    turn = sqlite_stage.turn()
    running = asyncio.create_task(sqlite_stage.run(turn))
    first = await connector.called(1)
    await sqlite_stage.job()
    turn.offered = True
    turn.wake()
    second = await connector.called(2)
    left = await sqlite_stage.job()
    first.answer.set_result(outcome(K.DELIVERED))
    second.answer.set_result(outcome(K.DELIVERED))
    assert await running == START
    assert (await sqlite_stage.delivery_of(left)).state is S.SCHEDULED
    assert len(connector.calls) == 2
