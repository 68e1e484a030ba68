"""A lead that is erased while its conversion is under way: what comes back must not bring the person back."""

import asyncio
import json
from datetime import timedelta

import httpx
import pytest
from sqlmodel import Session

from app.connectors.base import Outcome, OutcomeKind, Verdict
from app.database.database import Database
from app.ids import new_id
from app.services.erasing import EraseService
from app.services.identifying import LeadIdentifier
from app.services.viewer import Viewer
from app.tables.jobs import AttemptRow, DeliveryRow, JobRow
from app.tables.leads import LeadRow
from app.values import DeliveryState, JobState, Scope
from tests.worker.scripted import START, ScriptedConnector, outcome
from tests.worker.stage import Stage, build_stage

S = DeliveryState
K = OutcomeKind
SECRET = "ada@example.com"
HALF_HOUR = timedelta(minutes=30)

ENDS = [
    (Outcome(kind=K.DELIVERED, http_status=200, response={"about": SECRET}, request_id="r-1"), S.DELIVERED),
    (outcome(K.REJECTED, message=SECRET, response=SECRET), S.REJECTED),
    (outcome(K.RETRY, message=SECRET), S.CANCELED),
    (outcome(K.AUTHENTICATION, message="The token is expired.", response=SECRET), S.CANCELED),
    (outcome(K.AMBIGUOUS, message=SECRET), S.UNCONFIRMED),
]


async def erase(stage: Stage, job: JobRow) -> int:
    viewer = Viewer(project_id=stage.project_id, key_id=new_id(), scopes=frozenset({Scope.ADMIN}))
    service = EraseService(stage.database, stage.time)
    return (await service.erase(viewer, LeadIdentifier(lead_id=str(job.lead_id)))).canceled


async def stored(stage: Stage) -> str:
    rows = [row for table in (LeadRow, JobRow, DeliveryRow, AttemptRow) for row in await stage.rows(table)]
    return json.dumps([row.model_dump(mode="json") for row in rows])


@pytest.mark.parametrize(("end", "state"), ENDS, ids=lambda value: getattr(value, "kind", value))
async def test_an_attempt_under_way_leaves_its_end_and_nothing_that_was_sent_or_said(
    stage: Stage, connector: ScriptedConnector, end: Outcome, state: DeliveryState
) -> None:
    connector.by_hand()
    job = await stage.job()
    turn = asyncio.create_task(stage.run())
    call = await connector.called(1)

    canceled = await erase(stage, job)
    call.answer.set_result(end)
    await turn

    delivery = await stage.delivery_of(job)
    assert (canceled, delivery.state, delivery.attempts) == (0, state, 1)
    assert (delivery.request, delivery.response, delivery.error_message) == (None, None, None)
    assert (delivery.error_code, delivery.platform_request_id) == (end.code, end.request_id)
    assert SECRET not in await stored(stage)
    (attempt,) = await stage.attempts_of(delivery)
    assert (attempt.error_code, attempt.error_message) == (end.code, None)
    row = await stage.job_row(job)
    assert (row.active, row.finished_at) == (False, START)


async def test_an_attempt_of_a_dead_owner_is_not_made_again(
    stage: Stage, connector: ScriptedConnector
) -> None:
    left = {"state": S.SENDING, "turn_id": new_id(), "attempts": 1, "sending_since": START}
    job = await stage.job(left)

    await erase(stage, job)
    await stage.run()

    delivery = await stage.delivery_of(job)
    assert (delivery.state, delivery.error_code) == (S.UNCONFIRMED, "WORKER_DIED")
    assert connector.calls == []
    assert (await stage.job_row(job)).state is JobState.FAILED


async def test_what_is_recorded_in_the_same_moment_as_the_erasing_is_erased_with_it(
    stage: Stage, connector: ScriptedConnector
) -> None:
    connector.always(outcome(K.REJECTED, message=SECRET, response={"about": SECRET}))
    jobs = [await stage.job() for _ in range(8)]

    await asyncio.gather(stage.run(), *(erase(stage, job) for job in jobs))

    assert SECRET not in await stored(stage)
    for job in jobs:
        delivery = await stage.delivery_of(job)
        assert delivery.state in {S.CANCELED, S.REJECTED}
        assert (delivery.request, delivery.response) == (None, None)


@pytest.fixture
async def judged(
    database: Database, connector: ScriptedConnector, http: httpx.AsyncClient
) -> tuple[Stage, JobRow]:
    """A job whose conversion was accepted, to be judged half an hour later."""
    judge = ScriptedConnector(resend_safe_for=timedelta.max, verdict_after=(HALF_HOUR,))
    judge.always(Outcome(kind=K.ACCEPTED, http_status=200, request_id="r-1", response={"about": SECRET}))
    stage = await build_stage(database, http, judge)
    job = await stage.job()
    await stage.run()
    return stage, job


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (outcome(K.DELIVERED, response={"about": SECRET}), S.DELIVERED),
        (outcome(K.REJECTED, message=SECRET, response={"about": SECRET}), S.REJECTED),
        (outcome(K.RETRY, message=SECRET), S.CANCELED),
    ],
    ids=lambda value: getattr(value, "kind", value),
)
async def test_a_verdict_is_still_recorded_without_what_was_said(
    judged: tuple[Stage, JobRow], verdict: Outcome, state: DeliveryState
) -> None:
    stage, job = judged
    assert isinstance(stage.connector, ScriptedConnector)
    assert SECRET in await stored(stage)
    await erase(stage, job)
    stage.connector.verdict_of = lambda _request_id: Verdict(outcome=verdict, is_final=True)
    stage.time.now = START + HALF_HOUR

    await stage.run()

    delivery = await stage.delivery_of(job)
    assert (delivery.state, delivery.response, delivery.error_message) == (state, None, None)
    assert SECRET not in await stored(stage)
    assert len(stage.connector.calls) == 1


async def test_a_verdict_under_way_during_the_erasing_brings_nothing_back(
    judged: tuple[Stage, JobRow],
) -> None:
    stage, job = judged
    assert isinstance(stage.connector, ScriptedConnector)

    def answer(_request_id: str) -> Verdict:
        return Verdict(outcome=outcome(K.REJECTED, message=SECRET, response=SECRET), is_final=True)

    stage.connector.verdict_of = answer
    stage.time.now = START + HALF_HOUR
    await asyncio.gather(stage.run(), erase(stage, job))

    assert (await stage.delivery_of(job)).state is S.REJECTED
    assert SECRET not in await stored(stage)


async def test_what_follows_a_conversion_of_an_erased_lead_is_canceled_with_the_rest(stage: Stage) -> None:
    send_id = new_id()
    job = await stage.job(
        {"id": send_id},
        {"follows_id": send_id, "kind": "RESTATE", "platform_event_id": "restated"},
        {"state": S.SKIPPED, "next_attempt_at": None, "finished_at": START, "platform_event_id": "skipped"},
    )

    assert await erase(stage, job) == 2

    assert [row.state for row in await stage.deliveries_of(job)] == [S.CANCELED, S.CANCELED, S.SKIPPED]
    row = await stage.job_row(job)
    assert (row.state, row.active) == (JobState.CANCELED, False)
    assert (await stage.lead_of(job)).status == row.lead_status_after


async def test_a_delivery_that_is_written_for_an_erased_lead_is_never_sent(
    stage: Stage, connector: ScriptedConnector
) -> None:
    job = await stage.job()
    await erase(stage, job)

    def put_back(session: Session) -> None:
        row = session.get_one(DeliveryRow, delivery_id)
        row.state, row.next_attempt_at = S.SCHEDULED, START

    delivery_id = (await stage.delivery_of(job)).id
    await stage.database.write(put_back)
    await stage.run()

    assert (await stage.delivery_of(job)).state is S.CANCELED
    assert connector.calls == []
