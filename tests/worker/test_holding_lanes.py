"""What stops a whole lane, and how it goes on."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.connectors.base import OutcomeKind
from app.encryption import Cipher, new_secret_key
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow
from app.values import DeliveryState, LeadStatus, PauseReason, Platform
from tests.worker.holds import BY_HAND, PAUSED, QUARTER, pause
from tests.worker.scripted import DELIVERED, START, ScriptedConnector, outcome
from tests.worker.stage import Stage

S = DeliveryState
K = OutcomeKind


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
