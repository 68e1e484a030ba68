"""What becomes of what waits when a label is called something else."""

from typing import Any

import pytest
from sqlmodel import Session

from app.connectors.base import OutcomeKind
from app.repositories.retargeting import MOST_AT_ONCE
from app.services.label_mappings import Mapping, replace_mappings
from app.tables.jobs import DeliveryRow
from app.tables.labels import LabelMappingRow
from app.values import DeliveryState
from tests.worker.scripted import DELIVERED, START, ScriptedConnector, outcome
from tests.worker.stage import Stage

S = DeliveryState


async def retarget(stage: Stage) -> None:
    mappings = [Mapping(str(stage.lane), "Right")]

    def work(session: Session) -> None:
        replace_mappings(session, stage.label_id, mappings)

    await stage.database.write(work)


@pytest.mark.parametrize(
    ("columns", "target"),
    [
        ({"state": S.HELD}, "Right"),
        ({"state": S.HELD, "uncertain_since": START}, "Won"),
        ({"state": S.HELD, "target": "Earlier"}, "Earlier"),
        ({"state": S.DELIVERED}, "Won"),
    ],
)
async def test_what_is_held_for_a_refused_target_gets_the_new_one_if_nothing_of_it_was_taken(
    stage: Stage, columns: dict[str, Any], target: str
) -> None:
    mapping = await stage.mapping_row()
    await stage.change(LabelMappingRow, mapping.id, held_at=START, hold_message="Gone.")
    job = await stage.job(columns)
    await retarget(stage)
    assert (await stage.delivery_of(job)).target == target
    assert (await stage.mapping_row()).held_at is None


async def test_of_a_large_crowd_some_get_the_new_target_when_they_have_been_refused_once_more(
    stage: Stage, connector: ScriptedConnector
) -> None:
    mapping = await stage.mapping_row()
    await stage.change(LabelMappingRow, mapping.id, held_at=START, hold_message="Gone.")
    crowd = [{"state": S.HELD, "platform_event_id": str(number)} for number in range(MOST_AT_ONCE + 5)]
    job = await stage.job(*crowd)
    await retarget(stage)
    assert [row.target for row in await stage.deliveries_of(job)].count("Won") == 5
    refusal = outcome(OutcomeKind.CONFIGURATION)
    connector.script = lambda call: refusal if call.body["target"] == "Won" else DELIVERED
    await stage.run()
    rows = await stage.deliveries_of(job)
    assert {(row.state, row.target) for row in rows} == {(S.DELIVERED, "Right")}


async def test_what_waits_for_a_target_that_works_keeps_it(stage: Stage) -> None:
    job = await stage.job({"state": S.HELD})
    await retarget(stage)
    rows: list[DeliveryRow] = [await stage.delivery_of(job)]
    assert [row.target for row in rows] == ["Won"]
