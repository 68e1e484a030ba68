"""The lane that tells the operator, over real HTTP, with the time in the test's hands."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from app.connectors.alerting import AlertReceiver
from app.connectors.http import Wire
from app.database.database import Database
from app.queue.port import ALERT_LANE
from app.queue.postgres_waking import connect, disconnect
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow
from app.values import DeliveryState, PauseReason
from app.worker.alerts import MOST, Alerts
from app.worker.sweep import Sweep
from app.worker.turns import run_turns
from tests.connectors.http_server import HttpServer, answer, hang_up, http_server
from tests.worker.scripted import START, ScriptedConnector
from tests.worker.stage import Stage, build_stage

SECRET = SecretStr("whsec_" + "QUJD" * 8)
PAUSED = {
    "paused_at": START,
    "pause_reason": PauseReason.AUTHENTICATION,
    "pause_message": "The token has ended.",
}
ENDED = {
    "state": DeliveryState.REJECTED,
    "finished_at": START,
    "next_attempt_at": None,
    "error_code": "100",
    "error_message": "Too old.",
}


@dataclass
class Told:
    """A stage with an operator who listens at a real address."""

    stage: Stage
    server: HttpServer
    alerts: Alerts

    async def turn(self) -> datetime | None:
        return await self.alerts.run(self.stage.turn(ALERT_LANE))

    def kinds(self) -> list[list[str]]:
        """The kinds of each message that arrived."""
        return [[alert["kind"] for alert in r.json["data"]["alerts"]] for r in self.server.received]


@pytest.fixture
async def told(stage: Stage) -> AsyncIterator[Told]:
    async with http_server() as server:
        server.tell("", answer(204))
        receiver = AlertReceiver(
            url=f"{server.url}/alerts", secret=SECRET, http=stage.http, wire=Wire(clock=stage.time)
        )
        yield Told(stage, server, Alerts(database=stage.database, receiver=receiver, clock=stage.time))


async def test_with_nothing_to_tell_nothing_is_sent_and_nothing_is_written(told: Told) -> None:
    writes = told.stage.database.writes

    assert await told.turn() == START + timedelta(seconds=10)
    assert (told.server.received, told.stage.database.writes) == ([], writes)


async def test_all_three_kinds_go_out_in_one_message_and_never_again(told: Told) -> None:
    mapping = await told.stage.mapping_row()
    await told.stage.change(IntegrationRow, told.stage.lane, **PAUSED)
    await told.stage.change(LabelMappingRow, mapping.id, held_at=START, hold_message="No such event.")
    await told.stage.job(ENDED)

    assert await told.turn() == START + timedelta(seconds=10)
    await told.turn()

    assert told.kinds() == [["integration.held", "mapping.held", "delivery.unsent"]]


async def test_what_was_told_is_remembered_without_waiting_for_a_lane_that_waits_for_that(
    postgres_database: Database, postgres_database_url: str, http: httpx.AsyncClient
) -> None:
    stage = await build_stage(postgres_database, http, ScriptedConnector())
    mapping = await stage.mapping_row()
    await stage.change(IntegrationRow, stage.lane, **PAUSED)
    await stage.change(LabelMappingRow, mapping.id, held_at=START, hold_message="No such event.")
    async with http_server() as server:
        server.tell("", answer(204))
        receiver = AlertReceiver(
            url=f"{server.url}/alerts", secret=SECRET, http=http, wire=Wire(clock=stage.time)
        )
        alerts = Alerts(database=stage.database, receiver=receiver, clock=stage.time)
        lane = await connect(postgres_database_url)
        async with lane.transaction():
            await lane.execute("UPDATE integration SET pause_message = 'Still.'")
            telling = asyncio.create_task(alerts.run(stage.turn(ALERT_LANE)))
            await stage.database.until(_mapping_was_told)
            await lane.execute("UPDATE label_mapping SET hold_message = 'Still.'")
        await telling
        await disconnect(lane)
    assert (await stage.integration_row()).alerted_at == START


def _mapping_was_told(session: Session) -> bool:
    return session.exec(select(LabelMappingRow)).one().alerted_at is not None


async def test_nothing_personal_is_told(told: Told) -> None:
    await told.stage.job(
        ENDED | {"request": {"email": "ada@example.com"}, "response": {"x": "ada@example.com"}},
        lead={"email": "ada@example.com", "first_name": "Zzyzx", "unique_identifier": "crm-Zzyzx"},
    )
    await told.turn()

    [request] = told.server.received
    assert b"ada@example.com" not in request.body
    assert b"Zzyzx" not in request.body


async def test_a_receiver_that_is_down_is_tried_ever_more_seldom_and_loses_nothing(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    told.server.tell("", hang_up, answer(503, "ada@example.com"), hang_up)
    await told.stage.job(ENDED)

    pauses = []
    for _ in range(7):
        due_at = await told.turn()
        assert due_at is not None
        pauses.append((due_at - told.stage.time()).total_seconds())
        await told.stage.time.advance(seconds=pauses[-1])
    told.server.tell("", answer(200))
    await told.turn()

    assert pauses == [30, 60, 120, 240, 480, 600, 600]
    assert {request.headers["webhook-id"] for request in told.server.received[:7]} == {
        told.server.received[7].headers["webhook-id"]
    }
    assert told.kinds() == [["delivery.unsent"]] * 8
    own = [record for record in caplog.records if record.name == "app.worker.alerts"]
    assert [record.getMessage() for record in own] == [
        "the alert webhook takes nothing: CONNECTION; it is tried until it does",
        "the alert webhook takes alerts again",
    ]
    assert "ada@example.com" not in caplog.text


async def test_a_wake_up_does_not_shorten_the_rest_of_a_receiver_that_is_down(told: Told) -> None:
    told.server.tell("", hang_up)
    await told.stage.job(ENDED)
    due_at = await told.turn()

    assert await told.turn() == due_at
    assert len(told.server.received) == 1


@pytest.mark.parametrize(("asked", "pause_s"), [("45", 45), ("1", 30), ("86400", 600)])
async def test_a_receiver_may_ask_for_a_longer_rest_within_bounds(
    told: Told, asked: str, pause_s: int
) -> None:
    told.server.tell("", answer(429, Retry_After=asked))
    await told.stage.job(ENDED)

    assert await told.turn() == START + timedelta(seconds=pause_s)


async def test_after_a_failure_that_is_over_the_next_one_rests_as_short_as_the_first(told: Told) -> None:
    told.server.tell("", hang_up, answer(200), hang_up)
    await told.stage.job(ENDED)
    await told.turn()
    await told.stage.time.advance(seconds=30)
    await told.turn()
    await told.stage.job(ENDED | {"finished_at": told.stage.time()})

    assert await told.turn() == told.stage.time() + timedelta(seconds=30)


async def test_switching_alerts_on_does_not_send_history(told: Told) -> None:
    await told.stage.job(ENDED | {"finished_at": START - timedelta(hours=24)})
    await told.stage.job(ENDED | {"finished_at": START - timedelta(hours=23)})
    await told.turn()

    assert told.kinds() == [["delivery.unsent"]]


async def test_what_was_told_but_could_not_be_remembered_is_told_again_under_the_same_id(told: Told) -> None:
    await told.stage.job(ENDED)
    told.stage.database.refusals.append(OperationalError("", {}, Exception()))

    with pytest.raises(OperationalError):
        await told.turn()
    await told.turn()
    await told.turn()

    first, second = (request.headers["webhook-id"] for request in told.server.received)
    assert first == second


async def test_more_than_one_message_holds_goes_out_at_once_one_after_the_other(told: Told) -> None:
    await told.stage.job(*(ENDED | {"platform_event_id": str(number)} for number in range(MOST + 1)))

    assert await told.turn() == START
    assert await told.turn() == START + timedelta(seconds=10)
    assert [len(kinds) for kinds in told.kinds()] == [MOST, 1]


async def test_the_lane_has_its_turns_from_whoever_gives_turns(told: Told) -> None:
    await told.stage.job(ENDED)
    engine = told.stage.embedded()
    sweep = Sweep(database=told.stage.database, wake=engine.wake, clock=told.stage.time)
    await engine.start(run_turns(told.stage.lanes(), sweep, told.alerts))
    engine.wake([ALERT_LANE])
    await told.server.arrival()
    await engine.stop(grace_s=20)

    assert told.kinds() == [["delivery.unsent"]]


async def test_where_nobody_is_to_be_told_the_lane_does_nothing(sqlite_stage: Stage) -> None:
    sweep = Sweep(database=sqlite_stage.database, wake=list, clock=sqlite_stage.time)
    run = run_turns(sqlite_stage.lanes(), sweep)

    assert await run(sqlite_stage.turn(ALERT_LANE)) is None
