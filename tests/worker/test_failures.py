"""What must not be lost, and must not be told, when something breaks during a turn."""

import asyncio
import logging
from collections.abc import Callable

import pytest
from sqlalchemy.exc import OperationalError

from app.connectors.base import OutcomeKind
from app.database.errors import DatabaseClosedError, GroupFailedError
from app.tables.jobs import AttemptRow
from app.values import DeliveryState
from tests.worker.scripted import DELIVERED, START, ScriptedConnector, outcome
from tests.worker.stage import Stage

S = DeliveryState
K = OutcomeKind
BROKEN = GroupFailedError("the disk is full")


async def test_a_connector_that_breaks_while_sending_has_made_an_ambiguous_attempt(
    sqlite_stage: Stage, connector: ScriptedConnector, caplog: pytest.LogCaptureFixture
) -> None:
    connector.always(ValueError("ada@example.com"))
    broken = await sqlite_stage.job()
    await sqlite_stage.run()
    delivery = await sqlite_stage.delivery_of(broken)
    assert (delivery.state, delivery.error_code, delivery.unknown_errors) == (S.SCHEDULED, "INTERNAL", 1)
    assert delivery.uncertain_since == START
    assert str(delivery.id) in caplog.text
    assert "ValueError" in caplog.text
    assert "ada@example.com" not in caplog.text


async def test_a_connector_that_breaks_while_building_has_sent_nothing(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.build_fails = KeyError("ada@example.com")
    job = await sqlite_stage.job()
    await sqlite_stage.run()
    delivery = await sqlite_stage.delivery_of(job)
    assert (delivery.state, delivery.error_code, delivery.uncertain_since) == (S.SCHEDULED, "INTERNAL", None)
    assert connector.calls == []


async def test_a_connector_s_defect_stops_no_other_delivery(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.in_turn(ValueError("a defect"))
    broken, healthy = await sqlite_stage.job(), await sqlite_stage.job()
    await sqlite_stage.run()
    states = {(await sqlite_stage.delivery_of(job)).state for job in (broken, healthy)}
    assert states == {S.SCHEDULED, S.DELIVERED}


@pytest.mark.parametrize("error", [BROKEN, OperationalError("COMMIT", {}, OSError()), OSError("gone")])
async def test_an_outcome_survives_a_database_that_fails(
    sqlite_stage: Stage, connector: ScriptedConnector, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    connector.by_hand()
    job = await sqlite_stage.job()
    running = asyncio.create_task(sqlite_stage.run())
    call = await connector.called(1)
    sqlite_stage.database.refusals = [error] * 12
    call.answer.set_result(DELIVERED)
    assert await running == START
    assert (await sqlite_stage.delivery_of(job)).state is S.DELIVERED
    assert len(await sqlite_stage.rows(AttemptRow)) == 1
    assert sqlite_stage.waits[:3] == [0.1, 0.2, 0.4]
    assert type(error).__name__ in caplog.text
    assert "COMMIT" not in caplog.text


async def test_the_waits_for_a_database_grow_to_ten_seconds(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.by_hand()
    await sqlite_stage.job()
    running = asyncio.create_task(sqlite_stage.run())
    call = await connector.called(1)
    sqlite_stage.database.refusals = [BROKEN] * 30
    call.answer.set_result(DELIVERED)
    await running
    assert max(sqlite_stage.waits) == sqlite_stage.waits[-1] == 10.0


async def test_an_answer_the_database_refuses_does_not_take_its_outcome_along(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.always(outcome(K.REJECTED, response={"not JSON": object()}, message="No."))
    job = await sqlite_stage.job()
    await sqlite_stage.run()
    delivery = await sqlite_stage.delivery_of(job)
    assert (delivery.state, delivery.error_code, delivery.response) == (S.REJECTED, "REJECTED", None)


async def test_one_outcome_that_is_refused_holds_up_no_other(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.by_hand()
    jobs = [await sqlite_stage.job(), await sqlite_stage.job()]
    running = asyncio.create_task(sqlite_stage.run())
    calls = [await connector.called(1), await connector.called(2)]
    calls[0].answer.set_result(outcome(K.DELIVERED, response=object()))
    calls[1].answer.set_result(DELIVERED)
    await running
    deliveries = [await sqlite_stage.delivery_of(job) for job in jobs]
    assert [delivery.state for delivery in deliveries] == [S.DELIVERED, S.DELIVERED]
    assert [delivery.response for delivery in deliveries] == [None, {"ok": True}]


async def test_after_a_failed_write_the_owner_claims_nothing_more(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.by_hand()
    await sqlite_stage.job()
    turn = sqlite_stage.turn()
    running = asyncio.create_task(sqlite_stage.run(turn))
    call = await connector.called(1)
    other = await sqlite_stage.job()
    sqlite_stage.database.refusals = [BROKEN]
    turn.wake()
    await sqlite_stage.database.until(lambda _session: not sqlite_stage.database.refusals)
    call.answer.set_result(DELIVERED)
    assert await running == START
    assert (await sqlite_stage.delivery_of(other)).state is S.SCHEDULED


async def test_a_turn_that_has_nothing_to_lose_fails(sqlite_stage: Stage) -> None:
    sqlite_stage.database.refusals = [BROKEN]
    with pytest.raises(GroupFailedError):
        await sqlite_stage.run()


@pytest.mark.parametrize("refusals", [1, 2])
async def test_nothing_is_tried_on_a_database_that_is_closed(
    sqlite_stage: Stage, connector: ScriptedConnector, refusals: int
) -> None:
    connector.by_hand()
    await sqlite_stage.job()
    running = asyncio.create_task(sqlite_stage.run())
    call = await connector.called(1)
    errors: list[Exception] = [BROKEN, DatabaseClosedError("closed")]
    sqlite_stage.database.refusals = errors[-refusals:]
    call.answer.set_result(DELIVERED)
    with pytest.raises(DatabaseClosedError):
        await running
    assert sqlite_stage.waits == []


async def test_no_log_line_of_a_turn_holds_personal_data_or_a_token(
    sqlite_stage: Stage, connector: ScriptedConnector, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    scripts: list[Callable[[], None]] = [
        lambda: connector.always(outcome(K.AUTHENTICATION, message="secret ada@example.com")),
        lambda: connector.always(ValueError("secret ada@example.com")),
    ]
    for script in scripts:
        script()
        await sqlite_stage.job()
        await sqlite_stage.run()
    assert "secret" not in caplog.text
    assert "ada@example.com" not in caplog.text


async def test_a_code_that_nobody_has_looked_up_is_logged_once(
    sqlite_stage: Stage, connector: ScriptedConnector, caplog: pytest.LogCaptureFixture
) -> None:
    connector.always(outcome(K.RETRY, code="BRAND_NEW", message="ada@example.com", known=False))
    lanes = sqlite_stage.lanes()
    for _ in range(2):
        await sqlite_stage.job()
        await lanes.run(sqlite_stage.turn())
    assert caplog.text.count("BRAND_NEW") == 1
    assert "META" in caplog.text
    assert "ada@example.com" not in caplog.text
