"""Deliveries of what was stopped or goes on again are held and released, however many there are."""

from datetime import timedelta

from app.ids import new_id
from app.tables.jobs import DeliveryRow
from app.values import DeliveryState
from app.worker.tidying import TIDY_SIZE, tidy
from tests.worker.holds import BY_HAND, pause
from tests.worker.scripted import START, ScriptedConnector
from tests.worker.stage import Stage

S = DeliveryState


async def test_resuming_by_hand_lets_everything_go(sqlite_stage: Stage, connector: ScriptedConnector) -> None:
    count = 2 * TIDY_SIZE + 5
    await sqlite_stage.job(*({"state": S.HELD, "platform_event_id": str(n)} for n in range(count)))
    await sqlite_stage.run()
    assert len(connector.calls) == count


async def test_everything_that_waits_is_held_however_much_it_is(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    count = 2 * TIDY_SIZE + 5
    await sqlite_stage.job(*({"platform_event_id": str(number)} for number in range(count)))
    await pause(sqlite_stage, BY_HAND)
    await sqlite_stage.run()
    assert {delivery.state for delivery in await sqlite_stage.rows(DeliveryRow)} == {S.HELD}


async def test_a_release_keeps_the_time_a_delivery_had(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    later = START + timedelta(hours=6)
    job = await sqlite_stage.job({"state": S.HELD, "next_attempt_at": later})
    assert await sqlite_stage.run() == later
    assert (await sqlite_stage.delivery_of(job)).state is S.SCHEDULED


async def test_there_is_nothing_to_tidy_in_a_lane_that_is_gone(sqlite_stage: Stage) -> None:
    await sqlite_stage.database.write(lambda session: tidy(session, new_id(), START))


async def test_a_stopping_owner_leaves_the_tidying_to_the_next(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    await pause(sqlite_stage, BY_HAND)
    job = await sqlite_stage.job()
    turn = sqlite_stage.turn()
    turn.stop()
    await sqlite_stage.run(turn)
    assert (await sqlite_stage.delivery_of(job)).state is S.SCHEDULED
