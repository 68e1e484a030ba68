"""What changes or takes back a conversion finds it at the platform, or is not sent."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from app.connectors.base import OutcomeKind
from app.database.database import Database
from app.tables.jobs import DeliveryRow, JobRow
from app.values import DeliveryKind, DeliveryState
from app.worker.step import BUNDLE
from tests.worker.scripted import START, ScriptedConnector, outcome
from tests.worker.stage import Stage, build_stage

S = DeliveryState
SIX_HOURS = timedelta(hours=6)


@pytest.fixture
def connector() -> ScriptedConnector:
    """A platform that finds a conversion hours after it took it, and drops what is said of others."""
    return ScriptedConnector(settles=SIX_HOURS, restates_unknown=False)


@pytest.fixture
async def stage(database: Database, connector: ScriptedConnector, http: httpx.AsyncClient) -> Stage:
    """A stage for it, on each kind of database."""
    return await build_stage(database, http, connector)


async def followed(stage: Stage, send: DeliveryRow, kind: DeliveryKind, **columns: Any) -> JobRow:
    given = {"kind": kind, "follows_id": send.id, "platform_event_id": send.platform_event_id, **columns}
    return await stage.job(given)


@pytest.mark.parametrize("kind", [DeliveryKind.RESTATE, DeliveryKind.RETRACT])
async def test_it_waits_until_the_platform_finds_what_it_took(
    stage: Stage, connector: ScriptedConnector, kind: DeliveryKind
) -> None:
    send = await stage.delivery_of(await stage.job())
    job = await followed(stage, send, kind)
    assert await stage.run() == START + SIX_HOURS
    assert len(connector.calls) == 1
    delivery = await stage.delivery_of(job)
    assert (delivery.state, delivery.attempts, delivery.next_attempt_at) == (
        S.SCHEDULED,
        0,
        START + SIX_HOURS,
    )
    stage.time.now = START + SIX_HOURS
    await stage.run()
    assert (await stage.delivery_of(job)).state is S.DELIVERED


@pytest.mark.parametrize(
    ("columns", "taken_at"),
    [
        ({"state": S.DELIVERED, "finished_at": START - timedelta(hours=2)}, START - timedelta(hours=2)),
        ({"state": S.UNCONFIRMED, "finished_at": START}, START),
        (
            {"state": S.DELIVERED, "accepted_at": START - timedelta(hours=3), "finished_at": START},
            START - timedelta(hours=3),
        ),
    ],
)
async def test_the_wait_counts_from_when_it_was_taken(
    stage: Stage, columns: dict[str, Any], taken_at: datetime
) -> None:
    send = await stage.delivery_of(await stage.job(columns))
    await followed(stage, send, DeliveryKind.RETRACT)
    assert await stage.run() == taken_at + SIX_HOURS


async def test_what_was_held_for_longer_waits_no_longer(stage: Stage) -> None:
    send = await stage.delivery_of(await stage.job({"state": S.DELIVERED, "finished_at": START - SIX_HOURS}))
    job = await followed(stage, send, DeliveryKind.RESTATE, state=S.HELD)
    await stage.run()
    assert (await stage.delivery_of(job)).state is S.DELIVERED


@pytest.mark.parametrize("state", [S.REJECTED, S.EXPIRED, S.FAILED, S.CANCELED])
async def test_a_restatement_of_what_never_arrived_is_the_conversion(
    stage: Stage, connector: ScriptedConnector, state: DeliveryState
) -> None:
    send = await stage.delivery_of(await stage.job({"state": state, "finished_at": START}))
    job = await followed(stage, send, DeliveryKind.RESTATE)
    await stage.run()
    delivery = await stage.delivery_of(job)
    assert (delivery.state, delivery.kind) == (S.DELIVERED, DeliveryKind.SEND)
    [call] = connector.calls
    assert (call.event_id, call.body["kind"]) == (send.platform_event_id, "SEND")


async def test_a_restatement_of_what_was_only_tested_is_the_conversion(stage: Stage) -> None:
    send = await stage.delivery_of(
        await stage.job({"state": S.DELIVERED, "only_tested": True, "finished_at": START})
    )
    job = await followed(stage, send, DeliveryKind.RESTATE)
    await stage.run()
    delivery = await stage.delivery_of(job)
    assert (delivery.state, delivery.kind) == (S.DELIVERED, DeliveryKind.SEND)


async def test_where_a_restatement_counts_by_itself_it_stays_one(
    database: Database, http: httpx.AsyncClient
) -> None:
    stage = await build_stage(database, http, ScriptedConnector())
    send = await stage.delivery_of(await stage.job({"state": S.REJECTED, "finished_at": START}))
    job = await followed(stage, send, DeliveryKind.RESTATE)
    await stage.run()
    delivery = await stage.delivery_of(job)
    assert (delivery.state, delivery.kind) == (S.DELIVERED, DeliveryKind.RESTATE)


async def test_many_that_wait_keep_no_conversion_waiting(stage: Stage, connector: ScriptedConnector) -> None:
    sooner = {"expires_at": START + timedelta(days=1)}
    for _ in range(BUNDLE + 1):
        send = await stage.delivery_of(await stage.job({"state": S.DELIVERED, "finished_at": START}))
        await followed(stage, send, DeliveryKind.RETRACT, **sooner)
    other = await stage.job()
    await stage.run()
    assert (await stage.delivery_of(other)).state is S.DELIVERED
    assert len(connector.calls) == 1


async def test_a_retraction_takes_back_a_restatement_that_became_the_conversion(
    stage: Stage, connector: ScriptedConnector
) -> None:
    connector.in_turn(outcome(OutcomeKind.REJECTED))
    send = await stage.delivery_of(await stage.job())
    await followed(stage, send, DeliveryKind.RESTATE)
    retraction = await followed(stage, send, DeliveryKind.RETRACT)
    await stage.run()
    stage.time.now = START + timedelta(hours=7)
    await stage.run()
    assert [call.body["kind"] for call in connector.calls] == ["SEND", "SEND", "RETRACT"]
    assert (await stage.delivery_of(retraction)).state is S.DELIVERED
