"""Verdicts that come late: what is sent again never arrives after what changes it or takes it back."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.connectors.base import Outcome, OutcomeKind, Verdict
from app.database.database import Database
from app.tables.jobs import JobRow
from app.values import DeliveryKind, DeliveryState, JobState
from tests.worker.scripted import DELIVERED, START, ScriptedConnector, outcome
from tests.worker.stage import Stage, build_stage

S = DeliveryState
K = OutcomeKind
HALF_HOUR, SIX_HOURS = timedelta(minutes=30), timedelta(hours=6)
ACCEPTED = Outcome(kind=K.ACCEPTED, http_status=200, request_id="r-1")
TOO_EARLY = Verdict(
    outcome=outcome(K.RETRY, code="TOO_RECENT_CLICK", retry_after_s=SIX_HOURS.total_seconds()), is_final=True
)


@pytest.fixture
def connector() -> ScriptedConnector:
    """A platform that accepts first."""
    judge = ScriptedConnector(resend_safe_for=timedelta.max, verdict_after=(HALF_HOUR,))
    judge.verdict_of = lambda _request_id: TOO_EARLY
    judge.in_turn(ACCEPTED)
    return judge


@pytest.fixture
async def stage(database: Database, connector: ScriptedConnector, http: httpx.AsyncClient) -> Stage:
    """A stage for it, on each kind of database."""
    return await build_stage(database, http, connector)


async def accepted(stage: Stage) -> JobRow:
    job = await stage.job()
    await stage.run()
    assert (await stage.delivery_of(job)).state is S.ACCEPTED
    return job


async def followed(stage: Stage, job: JobRow, kind: DeliveryKind, **columns: Any) -> JobRow:
    send = await stage.delivery_of(job)
    return await stage.job(
        {"kind": kind, "follows_id": send.id, "platform_event_id": send.platform_event_id, **columns}
    )


@pytest.mark.parametrize("kind", [DeliveryKind.RETRACT, DeliveryKind.RESTATE])
async def test_a_conversion_that_came_too_early_is_not_sent_after_what_followed_it(
    stage: Stage, connector: ScriptedConnector, kind: DeliveryKind
) -> None:
    job = await accepted(stage)
    following = await followed(stage, job, kind)
    await stage.run()
    assert (await stage.delivery_of(following)).state is S.DELIVERED
    stage.time.now = START + HALF_HOUR
    await stage.run()
    delivery = await stage.delivery_of(job)
    assert (delivery.state, delivery.error_code) == (S.CANCELED, "TOO_RECENT_CLICK")
    assert (await stage.job_row(job)).state is JobState.CANCELED
    stage.time.now = START + HALF_HOUR + SIX_HOURS
    await stage.run()
    assert len(connector.calls) == 2


async def test_a_conversion_that_is_to_be_taken_back_is_not_sent_again_and_need_not_be(
    stage: Stage, connector: ScriptedConnector
) -> None:
    job = await accepted(stage)
    following = await followed(stage, job, DeliveryKind.RETRACT, next_attempt_at=START + timedelta(hours=1))
    stage.time.now = START + HALF_HOUR
    await stage.run()
    assert (await stage.delivery_of(job)).state is S.CANCELED
    stage.time.now = START + timedelta(hours=1)
    await stage.run()
    retraction = await stage.delivery_of(following)
    assert (retraction.state, retraction.error_code) == (S.CANCELED, "NOTHING_TO_RETRACT")
    assert len(connector.calls) == 1


@pytest.mark.parametrize(
    "columns",
    [
        {"kind": DeliveryKind.RESTATE, "next_attempt_at": START + timedelta(hours=1)},
        {"kind": DeliveryKind.RESTATE, "state": S.REJECTED},
        {"kind": DeliveryKind.RETRACT, "state": S.FAILED},
        {"kind": DeliveryKind.RESTATE, "state": S.DELIVERED, "only_tested": True},
    ],
)
async def test_what_followed_and_did_not_arrive_keeps_no_conversion_from_being_sent_again(
    stage: Stage, columns: dict[str, Any]
) -> None:
    job = await accepted(stage)
    await followed(stage, job, **columns)
    stage.time.now = START + HALF_HOUR
    await stage.run()
    assert (await stage.delivery_of(job)).state is S.SCHEDULED


async def test_a_conversion_is_not_sent_again_once_it_was_to_be_taken_back_be_it_as_a_test(
    stage: Stage,
) -> None:
    job = await accepted(stage)
    await followed(stage, job, DeliveryKind.RETRACT, state=S.DELIVERED, only_tested=True)
    stage.time.now = START + HALF_HOUR
    await stage.run()
    assert (await stage.delivery_of(job)).state is S.CANCELED


async def test_an_older_value_is_not_sent_after_a_newer_one(
    stage: Stage, connector: ScriptedConnector
) -> None:
    connector.in_turn(DELIVERED, ACCEPTED, DELIVERED)
    job = await stage.job()
    await stage.run()
    older = await followed(stage, job, DeliveryKind.RESTATE)
    await stage.run()
    newer = await followed(stage, job, DeliveryKind.RESTATE)
    await stage.run()
    assert (await stage.delivery_of(newer)).state is S.DELIVERED
    stage.time.now = START + HALF_HOUR
    await stage.run()
    assert (await stage.delivery_of(older)).state is S.CANCELED
    assert (await stage.delivery_of(job)).state is S.DELIVERED


async def test_of_a_newest_value_that_came_too_early_nothing_is_lost(
    stage: Stage, connector: ScriptedConnector
) -> None:
    connector.in_turn(DELIVERED, ACCEPTED)
    job = await stage.job()
    await stage.run()
    newest = await followed(stage, job, DeliveryKind.RESTATE)
    await stage.run()
    stage.time.now = START + HALF_HOUR
    await stage.run()
    assert (await stage.delivery_of(newest)).state is S.SCHEDULED
