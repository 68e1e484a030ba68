"""What stops a mapping, and how it goes on."""

from datetime import timedelta
from typing import Any

import pytest

from app.connectors.base import OutcomeKind
from app.tables.labels import LabelMappingRow
from app.values import DeliveryKind, DeliveryState
from tests.worker.holds import PAUSED, QUARTER, pause
from tests.worker.scripted import DELIVERED, START, ScriptedConnector, outcome
from tests.worker.stage import Stage

S = DeliveryState
K = OutcomeKind


async def hold_mapping(stage: Stage, **columns: Any) -> None:
    row = await stage.mapping_row()
    await stage.change(LabelMappingRow, row.id, held_at=START, hold_message="Gone.", **columns)


async def test_a_refused_target_holds_its_mapping_only(
    sqlite_stage: Stage, connector: ScriptedConnector, caplog: pytest.LogCaptureFixture
) -> None:
    label = sqlite_stage.label()
    await sqlite_stage.add(label, sqlite_stage.mapping(sqlite_stage.lane, label.id, target="Other"))
    refusal = outcome(K.CONFIGURATION, code="NO_ACTION", message="There is no such action.")
    connector.script = lambda call: refusal if call.body["target"] == "Won" else DELIVERED
    held = await sqlite_stage.job({}, {"platform_event_id": "2"})
    waiting = await sqlite_stage.job({"next_attempt_at": START + timedelta(days=1)})
    other = await sqlite_stage.job({"label_id": label.id, "target": "Other"})
    assert await sqlite_stage.run() == START + QUARTER
    for job in (held, waiting):
        for delivery in await sqlite_stage.deliveries_of(job):
            assert delivery.state is S.HELD
            assert "There is no such action" in (delivery.warning or {})["reason"]
    assert (await sqlite_stage.delivery_of(other)).state is S.DELIVERED
    mapping = await sqlite_stage.mapping_row()
    assert (mapping.held_at, mapping.hold_message) == (START, "There is no such action.")
    assert (await sqlite_stage.integration_row()).paused_at is None
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [f"lane {sqlite_stage.lane} (META): mapping {mapping.id} is held: NO_ACTION"]


@pytest.mark.parametrize("kind", [K.DELIVERED, K.REJECTED])
async def test_a_probe_that_is_judged_releases_the_mapping(
    sqlite_stage: Stage, connector: ScriptedConnector, kind: OutcomeKind, caplog: pytest.LogCaptureFixture
) -> None:
    connector.in_turn(outcome(kind))
    await hold_mapping(sqlite_stage, probe_at=START)
    await sqlite_stage.job({"state": S.HELD}, {"state": S.HELD, "platform_event_id": "2"})
    await sqlite_stage.run()
    mapping = await sqlite_stage.mapping_row()
    assert (mapping.held_at, mapping.hold_message, mapping.probe_at) == (None, None, None)
    assert len(connector.calls) == 2
    assert "is released" in caplog.text


async def test_a_mapping_that_is_still_refused_is_probed_again(
    sqlite_stage: Stage, connector: ScriptedConnector, caplog: pytest.LogCaptureFixture
) -> None:
    connector.always(outcome(K.CONFIGURATION))
    await hold_mapping(sqlite_stage, probe_at=START)
    job = await sqlite_stage.job({"state": S.HELD}, {"state": S.HELD, "platform_event_id": "2"})
    assert await sqlite_stage.run() == START + QUARTER
    assert len(connector.calls) == 1
    assert {delivery.state for delivery in await sqlite_stage.deliveries_of(job)} == {S.HELD}
    assert caplog.records == []


async def test_a_held_mapping_is_not_probed_before_its_time(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    await hold_mapping(sqlite_stage, probe_at=START + QUARTER)
    await sqlite_stage.job({"state": S.HELD})
    assert await sqlite_stage.run() == START + QUARTER
    assert connector.calls == []


async def test_a_probe_of_the_lane_that_finds_a_bad_target_releases_the_lane_and_holds_the_mapping(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.always(outcome(K.CONFIGURATION))
    await pause(sqlite_stage, PAUSED)
    job = await sqlite_stage.job({"state": S.HELD})
    await sqlite_stage.run()
    assert (await sqlite_stage.integration_row()).paused_at is None
    assert (await sqlite_stage.mapping_row()).held_at == START
    assert (await sqlite_stage.delivery_of(job)).state is S.HELD


def refusing(*targets: str) -> Any:
    """A platform that knows none of these."""
    return lambda call: outcome(K.CONFIGURATION) if call.body["target"] in targets else DELIVERED


async def test_a_conversion_whose_target_is_refused_goes_to_the_one_its_label_has_by_now(
    stage: Stage, connector: ScriptedConnector
) -> None:
    connector.script = refusing("Before")
    job = await stage.job({"target": "Before"})
    await stage.run()
    delivery = await stage.delivery_of(job)
    assert (delivery.state, delivery.target, delivery.attempts) == (S.DELIVERED, "Won", 2)
    assert (await stage.mapping_row()).held_at is None


async def test_where_the_new_target_is_refused_too_its_mapping_is_held(
    stage: Stage, connector: ScriptedConnector
) -> None:
    connector.script = refusing("Before", "Won")
    job = await stage.job({"target": "Before"})
    await stage.run()
    delivery = await stage.delivery_of(job)
    assert (delivery.state, delivery.target) == (S.HELD, "Won")
    assert (await stage.mapping_row()).held_at is not None


async def test_a_conversion_that_finds_its_new_target_held_waits_for_that(
    stage: Stage, connector: ScriptedConnector
) -> None:
    connector.script = refusing("Before", "Won")
    await hold_mapping(stage, probe_at=START + QUARTER)
    job = await stage.job({"target": "Before"})
    assert await stage.run() == START + QUARTER
    delivery = await stage.delivery_of(job)
    assert (delivery.state, delivery.target, delivery.attempts) == (S.HELD, "Won", 1)


async def test_a_refused_target_of_what_may_have_arrived_is_tried_again_by_itself(
    stage: Stage, connector: ScriptedConnector
) -> None:
    connector.script = refusing("Before")
    job = await stage.job({"target": "Before", "uncertain_since": START})
    assert await stage.run() == START + QUARTER
    delivery = await stage.delivery_of(job)
    assert (delivery.state, delivery.target) == (S.SCHEDULED, "Before")
    assert delivery.next_attempt_at == START + QUARTER


async def test_a_refused_target_of_a_label_that_is_not_mapped_any_more_is_tried_again_by_itself(
    stage: Stage, connector: ScriptedConnector
) -> None:
    label = stage.label()
    await stage.add(label)
    connector.script = refusing("Before")
    job = await stage.job({"label_id": label.id, "target": "Before"})
    assert await stage.run() == START + QUARTER
    assert (await stage.delivery_of(job)).state is S.SCHEDULED


@pytest.mark.parametrize(
    ("sent_to", "state", "target"), [("Before", S.SCHEDULED, "Before"), ("Other", S.DELIVERED, "Other")]
)
async def test_what_follows_a_conversion_goes_where_that_one_went(
    stage: Stage, connector: ScriptedConnector, sent_to: str, state: DeliveryState, target: str
) -> None:
    connector.script = refusing("Before")
    send = await stage.delivery_of(await stage.job({"state": S.DELIVERED, "target": sent_to}))
    job = await stage.job({"kind": DeliveryKind.RETRACT, "follows_id": send.id, "target": "Before"})
    await stage.run()
    delivery = await stage.delivery_of(job)
    assert (delivery.state, delivery.target) == (state, target)


@pytest.mark.parametrize("kind", [DeliveryKind.SEND, DeliveryKind.RETRACT])
async def test_a_held_mapping_holds_nothing_that_goes_to_another_target_and_learns_nothing_of_it(
    stage: Stage, connector: ScriptedConnector, kind: DeliveryKind
) -> None:
    await hold_mapping(stage, probe_at=START)
    earlier = await stage.job({"state": S.DELIVERED, "target": "Before"})
    send = await stage.delivery_of(earlier)
    follows = send.id if kind is DeliveryKind.RETRACT else None
    job = await stage.job({"state": S.HELD, "kind": kind, "follows_id": follows, "target": "Before"})
    assert await stage.run() == START + QUARTER
    assert (await stage.delivery_of(job)).state is S.DELIVERED
    mapping = await stage.mapping_row()
    assert (mapping.held_at, mapping.probe_at) == (START, START + QUARTER)


async def test_a_lane_whose_deliveries_all_wait_for_their_targets_is_tried_with_one_of_them(
    stage: Stage, connector: ScriptedConnector
) -> None:
    await pause(stage, PAUSED)
    await hold_mapping(stage, probe_at=START)
    job = await stage.job({"state": S.HELD}, {"state": S.HELD, "platform_event_id": "2"})
    await stage.run()
    assert {delivery.state for delivery in await stage.deliveries_of(job)} == {S.DELIVERED}
    assert (await stage.integration_row()).paused_at is None
    assert (await stage.mapping_row()).held_at is None


async def test_a_retry_of_a_mapping_that_was_held_meanwhile_is_held(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.in_turn(outcome(K.CONFIGURATION), outcome(K.RETRY))
    job = await sqlite_stage.job({}, {"platform_event_id": "2"})
    await sqlite_stage.run()
    assert {delivery.state for delivery in await sqlite_stage.deliveries_of(job)} == {S.HELD}
