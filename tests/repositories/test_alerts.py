"""What the operator is to be told, and that it is found by its index."""

from datetime import timedelta
from typing import Any

import pytest

from app.database.database import Database
from app.repositories import alerts
from app.repositories.alerts import Untold, find_untold, mark_told
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow
from app.tables.labels import LabelMappingRow
from app.values import DeliveryState, PauseReason
from tests.repositories.test_plans import plan
from tests.worker.scripted import START
from tests.worker.stage import Stage

S = DeliveryState
SINCE = START - timedelta(hours=24)
PAUSED = {
    "paused_at": START,
    "pause_reason": PauseReason.AUTHENTICATION,
    "pause_message": "The token has ended.",
}
HELD = {"held_at": START, "hold_message": "No such event."}
ENDED = {
    "state": S.REJECTED,
    "finished_at": START,
    "next_attempt_at": None,
    "error_code": "100",
    "error_message": "Too old.",
}


async def untold(stage: Stage, limit: int = 100) -> list[Untold]:
    return await stage.database.read(lambda session: find_untold(session, since=SINCE, limit=limit))


async def tell(stage: Stage) -> None:
    told = await untold(stage)
    await stage.database.write(lambda session: mark_told(session, told))


async def test_with_nothing_wrong_there_is_nothing_to_tell(stage: Stage) -> None:
    await stage.job({}, {"state": S.HELD, "platform_event_id": "held"})

    assert await untold(stage) == []


async def test_a_held_lane_is_told_with_its_reason(stage: Stage) -> None:
    await stage.change(IntegrationRow, stage.lane, **PAUSED)

    [found] = await untold(stage)

    assert (found.table, found.id, found.at) == ("integration", stage.lane, START)
    assert (found.reason, found.message) == ("AUTHENTICATION", "The token has ended.")
    assert (found.project_name, found.integration_name, found.platform) == (
        "Example",
        "Example account",
        "META",
    )


@pytest.mark.parametrize(
    "columns",
    [
        {"pause_reason": PauseReason.MANUAL},
        {"enabled": False},
        {"disconnected_at": START},
        {"paused_at": None, "pause_reason": None},
    ],
)
async def test_what_a_person_stopped_is_not_told(stage: Stage, columns: dict[str, Any]) -> None:
    await stage.change(IntegrationRow, stage.lane, **(PAUSED | columns))

    assert await untold(stage) == []


async def test_a_held_mapping_is_told_with_its_label_and_target(stage: Stage) -> None:
    mapping = await stage.mapping_row()
    await stage.change(LabelMappingRow, mapping.id, **HELD)

    [found] = await untold(stage)

    assert (found.table, found.id, found.at) == ("label_mapping", mapping.id, START)
    assert (found.reason, found.message) == ("CONFIGURATION", "No such event.")
    assert (found.label_id, found.label_name, found.target) == (stage.label_id, "Won", "Won")


@pytest.mark.parametrize("state", [S.REJECTED, S.EXPIRED, S.FAILED, S.UNCONFIRMED])
async def test_what_ended_unsent_is_told(stage: Stage, state: DeliveryState) -> None:
    job = await stage.job(ENDED | {"state": state})

    [found] = await untold(stage)

    assert (found.table, found.state, found.reason, found.message) == ("delivery", state, "100", "Too old.")
    assert (found.job_id, found.lead_id, found.label_name) == (job.id, job.lead_id, "Won")


@pytest.mark.parametrize("state", [S.DELIVERED, S.SKIPPED, S.CANCELED])
async def test_what_ended_otherwise_is_not_told(stage: Stage, state: DeliveryState) -> None:
    await stage.job(ENDED | {"state": state})

    assert await untold(stage) == []


async def test_an_end_without_a_code_is_told_by_its_state(stage: Stage) -> None:
    await stage.job(ENDED | {"state": S.UNCONFIRMED, "error_code": None})

    assert [found.reason for found in await untold(stage)] == ["UNCONFIRMED"]


async def test_what_ended_long_ago_is_not_told(stage: Stage) -> None:
    await stage.job(ENDED | {"finished_at": SINCE})

    assert await untold(stage) == []


async def test_what_was_told_is_not_told_again(stage: Stage) -> None:
    mapping = await stage.mapping_row()
    await stage.change(IntegrationRow, stage.lane, **PAUSED)
    await stage.change(LabelMappingRow, mapping.id, **HELD)
    await stage.job(ENDED)
    before = len(await untold(stage))
    await tell(stage)

    assert (before, await untold(stage)) == (3, [])


async def test_what_happens_again_is_told_again(stage: Stage) -> None:
    mapping = await stage.mapping_row()
    await stage.change(IntegrationRow, stage.lane, **PAUSED)
    await stage.change(LabelMappingRow, mapping.id, **HELD)
    job = await stage.job(ENDED)
    await tell(stage)
    later = START + timedelta(hours=1)
    await stage.change(IntegrationRow, stage.lane, paused_at=later)
    await stage.change(LabelMappingRow, mapping.id, held_at=later)
    await stage.change(DeliveryRow, (await stage.delivery_of(job)).id, finished_at=later)

    assert [(found.table, found.at) for found in await untold(stage)] == [
        ("integration", later),
        ("label_mapping", later),
        ("delivery", later),
    ]


async def test_what_happens_while_it_is_being_told_is_not_taken_for_told(stage: Stage) -> None:
    await stage.change(IntegrationRow, stage.lane, **PAUSED)
    told = await untold(stage)
    later = START + timedelta(seconds=1)
    await stage.change(IntegrationRow, stage.lane, paused_at=later)
    await stage.database.write(lambda session: mark_told(session, told))

    assert [found.at for found in await untold(stage)] == [later]


async def test_no_more_is_told_at_a_time_than_is_asked_for_and_what_is_held_comes_first(stage: Stage) -> None:
    await stage.change(IntegrationRow, stage.lane, **PAUSED)
    early = ENDED | {"finished_at": START - timedelta(hours=1), "platform_event_id": "early"}
    await stage.job(ENDED, early)

    assert [found.at for found in await untold(stage, limit=2)] == [START, early["finished_at"]]
    assert len(await untold(stage, limit=1)) == 1


async def test_unsent_deliveries_are_found_by_their_index_in_order(sqlite_database: Database) -> None:
    details = await sqlite_database.read(lambda session: plan(session, alerts.SELECT_DELIVERIES))

    of_deliveries = [detail for detail in details if " delivery" in detail]
    assert all(detail.startswith("SEARCH delivery USING") for detail in of_deliveries)
    assert [detail for detail in of_deliveries if "ix_delivery_unsent (finished_at>?)" in detail]
