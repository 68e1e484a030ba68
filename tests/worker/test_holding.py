"""What stops a lane or a mapping, and how it goes on."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.connectors.base import OutcomeKind
from app.encryption import Cipher, new_secret_key
from app.ids import new_id
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow
from app.tables.labels import LabelMappingRow
from app.values import DeliveryKind, DeliveryState, LeadStatus, PauseReason, Platform
from app.worker.tidying import TIDY_SIZE, tidy
from tests.worker.scripted import DELIVERED, START, ScriptedConnector, outcome
from tests.worker.stage import Stage

S = DeliveryState
K = OutcomeKind
QUARTER = timedelta(minutes=15)
PAUSED = {
    "paused_at": START,
    "pause_reason": PauseReason.AUTHENTICATION,
    "pause_message": "No.",
    "probe_at": START,
}
BY_HAND = {"paused_at": START, "pause_reason": PauseReason.MANUAL}


async def pause(stage: Stage, columns: dict[str, Any]) -> None:
    await stage.change(IntegrationRow, stage.lane, **columns)


async def hold_mapping(stage: Stage, **columns: Any) -> None:
    row = await stage.mapping_row()
    await stage.change(LabelMappingRow, row.id, held_at=START, hold_message="Gone.", **columns)


async def test_refused_credentials_hold_the_whole_lane(
    sqlite_stage: Stage, connector: ScriptedConnector, caplog: pytest.LogCaptureFixture
) -> None:
    connector.always(outcome(K.AUTHENTICATION, code="190", message="The token has expired."))
    refused = await sqlite_stage.job()
    waiting = await sqlite_stage.job({"next_attempt_at": START + timedelta(days=1)})
    assert await sqlite_stage.run() == START + QUARTER
    integration = await sqlite_stage.integration_row()
    assert (integration.paused_at, integration.pause_reason) == (START, PauseReason.AUTHENTICATION)
    assert integration.pause_message == "The token has expired."
    for job in (refused, waiting):
        delivery = await sqlite_stage.delivery_of(job)
        assert delivery.state is S.HELD
        assert delivery.warning is not None
        assert delivery.warning["code"] == "INTEGRATION_PAUSED"
        assert delivery.warning["integration"] == "META"
        assert delivery.warning["integrationId"] == str(sqlite_stage.lane)
        assert delivery.warning["willSkip"] is False
        assert "The token has expired. The conversion waits" in delivery.warning["reason"]
        assert (await sqlite_stage.lead_of(job)).status is LeadStatus.RATED
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [f"lane {sqlite_stage.lane} (META): held: AUTHENTICATION"]


async def test_a_lane_that_is_held_waits_for_its_probe(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    await pause(sqlite_stage, PAUSED | {"probe_at": START + QUARTER})
    await sqlite_stage.job({"state": S.HELD})
    assert await sqlite_stage.run() == START + QUARTER
    assert connector.calls == []


async def test_a_probe_is_one_delivery(sqlite_stage: Stage, connector: ScriptedConnector) -> None:
    connector.always(outcome(K.AUTHENTICATION, message="Still not."))
    await pause(sqlite_stage, PAUSED | {"paused_at": START - QUARTER})
    job = await sqlite_stage.job({"state": S.HELD}, {"state": S.HELD, "platform_event_id": "2"})
    assert await sqlite_stage.run() == START + QUARTER
    assert len(connector.calls) == 1
    assert {delivery.state for delivery in await sqlite_stage.deliveries_of(job)} == {S.HELD}
    integration = await sqlite_stage.integration_row()
    assert (integration.paused_at, integration.pause_message) == (START - QUARTER, "Still not.")
    assert integration.probe_at == START + QUARTER


@pytest.mark.parametrize("kind", [K.DELIVERED, K.ACCEPTED, K.REJECTED])
async def test_a_probe_that_is_judged_releases_the_lane(
    sqlite_stage: Stage,
    connector: ScriptedConnector,
    kind: OutcomeKind,
    caplog: pytest.LogCaptureFixture,
) -> None:
    connector.in_turn(outcome(kind))
    await pause(sqlite_stage, PAUSED)
    await sqlite_stage.job(
        {"state": S.HELD, "warning": {}}, {"state": S.HELD, "warning": {}, "platform_event_id": "2"}
    )
    await sqlite_stage.run()
    integration = await sqlite_stage.integration_row()
    assert (integration.paused_at, integration.pause_reason, integration.pause_message) == (None, None, None)
    assert integration.probe_at is None
    assert len(connector.calls) == 2
    deliveries = await sqlite_stage.rows(DeliveryRow)
    assert [delivery.warning for delivery in deliveries] == [None, None]
    assert f"lane {sqlite_stage.lane} (META): released" in caplog.text


@pytest.mark.parametrize("kind", [K.RETRY, K.AMBIGUOUS])
async def test_a_probe_that_tells_nothing_leaves_the_lane_held(
    sqlite_stage: Stage, connector: ScriptedConnector, kind: OutcomeKind
) -> None:
    connector.always(outcome(kind))
    await pause(sqlite_stage, PAUSED)
    job = await sqlite_stage.job({"state": S.HELD})
    assert await sqlite_stage.run() == START + QUARTER
    delivery = await sqlite_stage.delivery_of(job)
    assert (delivery.state, delivery.next_attempt_at) == (S.HELD, START + timedelta(seconds=30))


async def test_a_held_lane_with_nothing_to_let_through_looks_again_later(sqlite_stage: Stage) -> None:
    await pause(sqlite_stage, PAUSED)
    assert await sqlite_stage.run() == START + QUARTER


async def test_a_pause_by_hand_is_never_probed(sqlite_stage: Stage, connector: ScriptedConnector) -> None:
    await pause(sqlite_stage, BY_HAND)
    job = await sqlite_stage.job()
    assert await sqlite_stage.run() is None
    [held] = await sqlite_stage.deliveries_of(job)
    assert held.state is S.HELD
    assert "paused by hand" in (held.warning or {})["reason"]
    assert connector.calls == []


async def test_a_pause_by_hand_is_not_replaced_or_ended_by_outcomes(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.by_hand()
    await sqlite_stage.job({}, {"platform_event_id": "2"})
    running = asyncio.create_task(sqlite_stage.run())
    refused, delivered = await connector.called(1), await connector.called(2)
    await pause(sqlite_stage, BY_HAND)
    delivered.answer.set_result(DELIVERED)
    refused.answer.set_result(outcome(K.AUTHENTICATION))
    assert await running is None
    assert (await sqlite_stage.integration_row()).pause_reason is PauseReason.MANUAL


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


async def test_credentials_that_were_replaced_meanwhile_are_not_held_for_the_old_ones(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.by_hand()
    job = await sqlite_stage.job()
    running = asyncio.create_task(sqlite_stage.run())
    call = await connector.called(1)
    fresh = sqlite_stage.cipher.encrypt({"token": "fresh"})
    await sqlite_stage.change(IntegrationRow, sqlite_stage.lane, credentials=fresh)
    connector.in_turn()
    call.answer.set_result(outcome(K.AUTHENTICATION))
    await running
    assert (await sqlite_stage.integration_row()).paused_at is None
    assert (await sqlite_stage.delivery_of(job)).state is S.DELIVERED


async def test_credentials_nobody_can_read_hold_the_lane_until_they_can_be_read(
    sqlite_stage: Stage, connector: ScriptedConnector, caplog: pytest.LogCaptureFixture
) -> None:
    job = await sqlite_stage.job()
    cipher, sqlite_stage.cipher = sqlite_stage.cipher, Cipher(new_secret_key())
    assert await sqlite_stage.run() == START + QUARTER
    assert (await sqlite_stage.delivery_of(job)).state is S.HELD
    assert (await sqlite_stage.integration_row()).pause_reason is PauseReason.AUTHENTICATION
    assert "held: AUTHENTICATION" in caplog.text
    sqlite_stage.time.now = START + QUARTER
    assert await sqlite_stage.run() == START + 2 * QUARTER
    assert connector.calls == []
    sqlite_stage.cipher = cipher
    await sqlite_stage.time.advance(minutes=15)
    await sqlite_stage.run()
    assert (await sqlite_stage.delivery_of(job)).state is S.DELIVERED


@pytest.mark.parametrize("columns", [{"platform": Platform.WEBHOOK}, {"settings": {}}])
async def test_an_integration_that_cannot_be_used_holds_its_lane(
    sqlite_stage: Stage, connector: ScriptedConnector, columns: dict[str, Any]
) -> None:
    await pause(sqlite_stage, columns)
    job = await sqlite_stage.job()
    await sqlite_stage.run()
    assert (await sqlite_stage.integration_row()).pause_reason is PauseReason.CONFIGURATION
    assert (await sqlite_stage.delivery_of(job)).state is S.HELD
    assert connector.calls == []


async def test_a_disabled_integration_that_cannot_be_used_is_not_held(sqlite_stage: Stage) -> None:
    await pause(sqlite_stage, {"enabled": False, "settings": {}})
    await sqlite_stage.run()
    assert (await sqlite_stage.integration_row()).paused_at is None


@pytest.mark.parametrize(
    ("columns", "state"), [({"platform": Platform.WEBHOOK}, S.UNCONFIRMED), ({"settings": {}}, S.HELD)]
)
async def test_what_was_being_sent_is_left_to_a_person_only_where_nothing_is_known_of_the_platform(
    sqlite_stage: Stage, columns: dict[str, Any], state: DeliveryState
) -> None:
    await pause(sqlite_stage, columns)
    job = await sqlite_stage.job(
        {"state": S.SENDING, "turn_id": sqlite_stage.label_id, "attempts": 1, "sending_since": START}
    )
    await sqlite_stage.run()
    assert (await sqlite_stage.delivery_of(job)).state is state


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
