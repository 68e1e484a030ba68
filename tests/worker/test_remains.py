"""What mutations leave to the worker: remains of a disconnected integration, and of mappings that are gone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.repositories.disconnecting import SELECT_AWAITING_VERDICT, SELECT_UNCLEARED
from app.services.disconnecting import CLEAR_SIZE
from app.services.label_mappings import Mapping, replace_mappings
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow
from app.tables.labels import LabelMappingRow
from app.values import DeliveryState, JobState, LeadStatus
from app.worker.sweep import Sweep
from tests.repositories.test_plans import plan
from tests.worker.scripted import START, ScriptedConnector
from tests.worker.stage import Stage

S = DeliveryState
GONE = {"disconnected_at": START, "enabled": False, "credentials": ""}


async def sweep(stage: Stage) -> datetime | None:
    return await Sweep(database=stage.database, wake=lambda _: None, clock=stage.time).run(stage.turn())


async def disconnect(stage: Stage) -> None:
    """Only the mark: as if the process had died right after it."""
    await stage.change(IntegrationRow, stage.lane, **GONE)


@pytest.mark.parametrize("state", [S.SCHEDULED, S.HELD])
async def test_what_still_waits_for_a_disconnected_integration_is_canceled(
    stage: Stage, state: DeliveryState
) -> None:
    job = await stage.job({"state": state, "next_attempt_at": START + timedelta(days=1)})
    await disconnect(stage)
    assert await sweep(stage) == START + timedelta(seconds=5)
    delivery = await stage.delivery_of(job)
    assert (delivery.state, delivery.error_code) == (S.CANCELED, "INTEGRATION_DISCONNECTED")
    assert (await stage.job_row(job)).state is JobState.CANCELED
    assert (await stage.lead_of(job)).status is LeadStatus.RATED
    assert await stage.rows(LabelMappingRow) == []


async def test_once_everything_is_cleared_away_there_is_nothing_to_write(stage: Stage) -> None:
    await stage.job()
    await disconnect(stage)
    await sweep(stage)
    writes = stage.database.writes
    await sweep(stage)
    assert stage.database.writes == writes


async def test_an_attempt_that_fails_after_the_disconnection_is_not_repeated(
    stage: Stage, connector: ScriptedConnector
) -> None:
    job = await stage.job({"state": S.SENDING, "attempts": 1, "sending_since": START})
    await disconnect(stage)
    await sweep(stage)
    assert (await stage.delivery_of(job)).state is S.SENDING
    await stage.change(
        DeliveryRow, (await stage.delivery_of(job)).id, state=S.SCHEDULED, next_attempt_at=START
    )
    await sweep(stage)
    assert (await stage.delivery_of(job)).state is S.CANCELED
    assert connector.calls == []


async def test_more_than_a_transaction_takes_is_gone_on_with_at_once(sqlite_stage: Stage) -> None:
    await sqlite_stage.job(*({"platform_event_id": str(number)} for number in range(CLEAR_SIZE + 1)))
    await disconnect(sqlite_stage)
    assert await sweep(sqlite_stage) == START
    assert await sweep(sqlite_stage) == START + timedelta(seconds=5)
    assert {row.state for row in await sqlite_stage.rows(DeliveryRow)} == {S.CANCELED}


@pytest.mark.parametrize(
    ("mappings", "target"),
    [(lambda _: [], "Won"), (lambda stage: [Mapping(str(stage.lane), "Other")], "Other")],
    ids=["removed", "changed"],
)
async def test_what_was_held_goes_on_with_the_new_target_or_with_its_own_where_there_is_none(
    stage: Stage, connector: ScriptedConnector, mappings: Callable[[Stage], list[Mapping]], target: str
) -> None:
    held = await stage.mapping_row()
    await stage.change(
        LabelMappingRow,
        held.id,
        held_at=START,
        hold_message="Gone.",
        probe_at=START + timedelta(days=1),
    )
    job = await stage.job({"state": S.HELD})
    lanes = await stage.database.write(
        lambda session: replace_mappings(session, stage.label_id, mappings(stage))
    )
    await stage.run()
    assert lanes == [stage.lane]
    assert [call.body["target"] for call in connector.calls] == [target]
    assert (await stage.delivery_of(job)).state is S.DELIVERED


async def test_the_search_for_remains_reads_no_delivery_without_an_index(sqlite_stage: Stage) -> None:
    def look(session: Any) -> list[str]:
        return plan(session, SELECT_UNCLEARED) + plan(session, SELECT_AWAITING_VERDICT)

    details = await sqlite_stage.database.read(look)
    assert not [detail for detail in details if detail.startswith(("SCAN delivery", "SCAN label_mapping"))]
    used = " ".join(details)
    assert "ix_delivery_due" in used or "ix_delivery_lane" in used
    assert "ix_delivery_held" in used
    assert "ix_delivery_verdict" in used
