"""What becomes of what a platform accepted: asked, recorded, sent again, or never answered."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from app.connectors.base import Connection, Outcome, OutcomeKind, Verdict
from app.database.database import Database
from app.services.disconnecting import clear_away
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow, JobRow
from app.values import DeliveryKind, DeliveryState, JobState, LeadStatus, PauseReason
from tests.worker.scripted import DELIVERED, START, ScriptedConnector, outcome
from tests.worker.stage import Stage, build_stage

S = DeliveryState
K = OutcomeKind
HALF_HOUR, TWO_HOURS, DAY = timedelta(minutes=30), timedelta(hours=2), timedelta(days=1)
ACCEPTED = Outcome(kind=K.ACCEPTED, http_status=200, request_id="r-1")
NOTHING_NEW = Verdict(outcome=outcome(K.ACCEPTED, code=None, message=None), is_final=False)


@pytest.fixture
def connector() -> ScriptedConnector:
    """A platform that accepts first."""
    judge = ScriptedConnector(
        resend_safe_for=timedelta.max, verdict_after=(HALF_HOUR, TWO_HOURS, DAY), requests_per_minute=600
    )
    judge.always(ACCEPTED)
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


async def asked(stage: Stage, job: JobRow, after: timedelta, verdict: Verdict) -> DeliveryRow:
    """The delivery after the platform was asked that long after it had accepted it."""
    assert isinstance(stage.connector, ScriptedConnector)
    stage.connector.verdict_of = lambda _request_id: verdict
    stage.time.now = START + after
    await stage.run()
    return await stage.delivery_of(job)


def final(kind: OutcomeKind, **fields: object) -> Verdict:
    return Verdict(outcome=outcome(kind, **fields), is_final=True)


async def test_an_accepted_delivery_ends_its_job_and_waits_for_its_verdict(stage: Stage) -> None:
    job = await stage.job()
    assert await stage.run() == START + HALF_HOUR
    delivery = await stage.delivery_of(job)
    assert (delivery.accepted_at, delivery.verdict_at) == (START, START + HALF_HOUR)
    row = await stage.job_row(job)
    assert (row.state, row.active) == (JobState.COMPLETED, False)


async def test_a_good_verdict_makes_it_delivered(stage: Stage, connector: ScriptedConnector) -> None:
    job = await accepted(stage)
    verdict = Verdict(outcome=Outcome(kind=K.DELIVERED, response={"status": "SUCCESS"}), is_final=True)
    delivery = await asked(stage, job, HALF_HOUR, verdict)
    assert connector.asked == ["r-1"]
    assert (delivery.state, delivery.verdict_at) == (S.DELIVERED, None)
    assert delivery.finished_at == START + HALF_HOUR
    assert delivery.response == {"status": "SUCCESS"}
    assert delivery.request is not None
    assert len(await stage.attempts_of(delivery)) == 1


async def test_nobody_asks_before_it_is_time(stage: Stage, connector: ScriptedConnector) -> None:
    job = await accepted(stage)
    await asked(stage, job, HALF_HOUR - timedelta(seconds=2), final(K.DELIVERED))
    assert connector.asked == []


async def test_a_late_refusal_is_told_and_leaves_the_lead_alone(stage: Stage) -> None:
    job = await accepted(stage)
    lead = await stage.lead_of(job)
    refusal = final(K.REJECTED, code="INVALID_GCLID", message="Google cannot read the gclid.")
    delivery = await asked(stage, job, HALF_HOUR, refusal)
    assert (delivery.state, delivery.error_code) == (S.REJECTED, "INVALID_GCLID")
    assert delivery.error_message == "Google cannot read the gclid."
    row = await stage.job_row(job)
    assert (row.state, row.active) == (JobState.FAILED, False)
    assert lead.status is (await stage.lead_of(job)).status is LeadStatus.RATED


async def test_while_there_is_no_verdict_the_platform_is_asked_again_at_its_own_times(stage: Stage) -> None:
    job = await accepted(stage)
    for after, again in ((HALF_HOUR, TWO_HOURS), (TWO_HOURS, DAY)):
        delivery = await asked(stage, job, after, NOTHING_NEW)
        assert (delivery.state, delivery.verdict_at) == (S.ACCEPTED, START + again)
        assert delivery.error_code is None


async def test_without_a_verdict_in_the_end_it_stays_accepted_and_says_so(stage: Stage) -> None:
    job = await accepted(stage)
    delivery = await asked(stage, job, DAY, NOTHING_NEW)
    assert (delivery.state, delivery.verdict_at) == (S.ACCEPTED, None)
    assert delivery.error_code == "VERDICT_UNAVAILABLE"
    assert delivery.finished_at is None
    assert (await stage.job_row(job)).state is JobState.COMPLETED


async def test_a_platform_that_cannot_be_asked_is_asked_again_soon(stage: Stage) -> None:
    job = await accepted(stage)
    unreachable = Verdict(outcome=outcome(K.RETRY), is_final=False)
    delivery = await asked(stage, job, HALF_HOUR, unreachable)
    assert delivery.state is S.ACCEPTED
    assert delivery.verdict_at == START + HALF_HOUR + timedelta(minutes=15)


async def test_a_defect_in_asking_is_logged_without_its_text(
    stage: Stage, connector: ScriptedConnector, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_request_id: str) -> Verdict:
        raise ValueError("ada@example.com")

    job = await accepted(stage)
    connector.verdict_of = fail
    stage.time.now = START + HALF_HOUR
    await stage.run()
    assert (await stage.delivery_of(job)).state is S.ACCEPTED
    assert "ValueError" in caplog.text
    assert "ada@example.com" not in caplog.text


async def test_a_conversion_that_came_too_early_is_sent_again(
    stage: Stage, connector: ScriptedConnector
) -> None:
    job = await accepted(stage)
    too_recent = final(K.RETRY, code="TOO_RECENT_CLICK", retry_after_s=6 * 3600)
    delivery = await asked(stage, job, HALF_HOUR, too_recent)
    assert delivery.state is S.SCHEDULED
    assert delivery.next_attempt_at == START + HALF_HOUR + timedelta(hours=6)
    assert (await stage.job_row(job)).active is False
    stage.time.now = delivery.next_attempt_at
    await stage.run()
    first, second = connector.calls
    assert first.body == second.body
    again = await stage.delivery_of(job)
    assert (again.state, again.attempts) == (S.ACCEPTED, 2)
    assert again.accepted_at == delivery.next_attempt_at


async def test_one_that_cannot_be_sent_again_in_time_has_expired(stage: Stage) -> None:
    job = await stage.job({"expires_at": START + TWO_HOURS})
    await stage.run()
    too_recent = final(K.RETRY, code="TOO_RECENT_CLICK", retry_after_s=6 * 3600)
    delivery = await asked(stage, job, HALF_HOUR, too_recent)
    assert (delivery.state, delivery.error_code) == (S.EXPIRED, "TOO_RECENT_CLICK")


async def test_a_target_that_turns_out_wrong_holds_its_mapping(stage: Stage) -> None:
    job = await accepted(stage)
    wrong = final(K.CONFIGURATION, code="INVALID_CONVERSION_ACTION_ID", message="It does not exist.")
    delivery = await asked(stage, job, HALF_HOUR, wrong)
    assert delivery.state is S.HELD
    assert (await stage.mapping_row()).hold_message == "It does not exist."


async def test_a_target_is_not_blamed_for_a_question_that_was_refused(stage: Stage) -> None:
    job = await accepted(stage)
    delivery = await asked(stage, job, HALF_HOUR, Verdict(outcome=outcome(K.CONFIGURATION), is_final=False))
    assert delivery.state is S.ACCEPTED
    assert (await stage.mapping_row()).held_at is None


async def test_credentials_that_are_refused_when_asking_hold_the_lane(stage: Stage) -> None:
    job = await accepted(stage)
    dead = Verdict(outcome=outcome(K.AUTHENTICATION, message="The token has ended."), is_final=False)
    delivery = await asked(stage, job, HALF_HOUR, dead)
    assert delivery.state is S.ACCEPTED
    integration = await stage.integration_row()
    assert (integration.pause_reason, integration.pause_message) == (
        PauseReason.AUTHENTICATION,
        "The token has ended.",
    )


async def test_a_dead_token_at_the_last_question_costs_no_verdict(stage: Stage) -> None:
    job = await accepted(stage)
    dead = Verdict(outcome=outcome(K.AUTHENTICATION), is_final=False)
    delivery = await asked(stage, job, DAY, dead)
    assert (delivery.state, delivery.error_code) == (S.ACCEPTED, None)
    await stage.change(IntegrationRow, stage.lane, paused_at=None, pause_reason=None)
    assert (await asked(stage, job, DAY * 2, final(K.REJECTED))).state is S.REJECTED


async def test_a_token_that_is_dead_for_a_month_ends_the_asking(stage: Stage) -> None:
    job = await accepted(stage)
    dead = Verdict(outcome=outcome(K.AUTHENTICATION), is_final=False)
    delivery = await asked(stage, job, DAY * 31, dead)
    assert (delivery.state, delivery.error_code) == (S.ACCEPTED, "VERDICT_UNAVAILABLE")


async def test_a_paused_lane_asks_when_it_goes_on(stage: Stage, connector: ScriptedConnector) -> None:
    job = await accepted(stage)
    await stage.change(
        IntegrationRow, stage.lane, paused_at=START, pause_reason=PauseReason.MANUAL, pause_message=None
    )
    assert (await asked(stage, job, DAY * 5, final(K.DELIVERED))).state is S.ACCEPTED
    assert connector.asked == []
    await stage.change(IntegrationRow, stage.lane, paused_at=None, pause_reason=None)
    assert (await asked(stage, job, DAY * 5, final(K.DELIVERED))).state is S.DELIVERED


async def test_what_was_accepted_while_the_integration_was_disconnected_is_said_to_have_no_verdict(
    stage: Stage, connector: ScriptedConnector
) -> None:
    connector.by_hand()
    job = await stage.job()
    running = asyncio.create_task(stage.run())
    call = await connector.called(1)
    gone = {"disconnected_at": START, "enabled": False, "credentials": ""}
    await stage.change(IntegrationRow, stage.lane, **gone)
    call.answer.set_result(ACCEPTED)
    await running
    await clear_away(stage.database, stage.lane, START, most=1)
    delivery = await stage.delivery_of(job)
    assert (delivery.state, delivery.error_code) == (S.ACCEPTED, "VERDICT_UNAVAILABLE")


async def test_a_verdict_about_an_earlier_request_is_not_recorded(
    stage: Stage, connector: ScriptedConnector
) -> None:
    job = await accepted(stage)
    sent = await stage.delivery_of(job)

    async def answer_late(_connection: Connection, _request_id: str, _kind: DeliveryKind) -> Verdict:
        await stage.change(DeliveryRow, sent.id, platform_request_id="r-2")
        return final(K.REJECTED)

    connector.verdict = answer_late  # type: ignore[method-assign]
    stage.time.now = START + HALF_HOUR
    await stage.run()
    assert (await stage.delivery_of(job)).state is S.ACCEPTED


async def test_an_owner_that_dies_while_asking_loses_no_verdict(
    stage: Stage, connector: ScriptedConnector
) -> None:
    job = await accepted(stage)
    stage.time.now = START + HALF_HOUR
    stage.database.refuse_when = lambda: OSError("no space") if connector.asked else None
    with pytest.raises(OSError, match="no space"):
        await stage.run()
    stage.database.refuse_when = lambda: None
    connector.asked.clear()
    delivery = await asked(stage, job, HALF_HOUR + timedelta(minutes=15), final(K.DELIVERED))
    assert delivery.state is S.DELIVERED


async def test_questions_do_not_keep_conversions_waiting(stage: Stage, connector: ScriptedConnector) -> None:
    for _ in range(20):
        await stage.job()
    await stage.run()
    stage.time.now = START + HALF_HOUR
    late = await stage.job()
    connector.verdict_of = lambda _request_id: NOTHING_NEW
    await stage.run()
    assert (await stage.delivery_of(late)).state is S.ACCEPTED
    assert len(connector.asked) == 20


@pytest.mark.parametrize("requests_per_minute", [6, 60, 300])
async def test_questions_and_conversions_share_what_the_platform_allows(
    stage: Stage, requests_per_minute: int
) -> None:
    slow = ScriptedConnector(
        resend_safe_for=timedelta.max,
        verdict_after=(HALF_HOUR, TWO_HOURS),
        requests_per_minute=requests_per_minute,
    )
    order: list[str] = []

    def judge(_request_id: str) -> Verdict:
        order.append("question")
        return NOTHING_NEW

    def take(_call: object) -> Outcome:
        order.append("conversion")
        return ACCEPTED

    slow.verdict_of, slow.script = judge, take
    stage.connector = slow
    for _ in range(20):
        await stage.job(
            {"state": S.ACCEPTED, "platform_request_id": "r-1", "accepted_at": START, "verdict_at": START}
        )
    for _ in range(20):
        await stage.job()
    lanes = stage.lanes()
    while len(order) < 40:
        due_at = await lanes.run(stage.turn())
        stage.time.now = max(stage.time.now, due_at or stage.time.now)
    first = order[:20]
    assert min(first.count("question"), first.count("conversion")) >= 4


async def test_a_delivered_answer_needs_no_verdict(stage: Stage, connector: ScriptedConnector) -> None:
    connector.always(DELIVERED)
    job = await stage.job()
    assert await stage.run() is None
    delivery = await stage.delivery_of(job)
    assert (delivery.accepted_at, delivery.verdict_at) == (None, None)


async def test_what_is_asked_about_survives_an_answer_that_the_database_refuses(
    stage: Stage, connector: ScriptedConnector
) -> None:
    connector.always(Outcome(kind=K.ACCEPTED, request_id="r-1", response={"no": object()}))
    job = await accepted(stage)
    delivery = await asked(stage, job, HALF_HOUR, final(K.DELIVERED))
    assert connector.asked == ["r-1"]
    assert delivery.state is S.DELIVERED


async def test_what_cannot_be_asked_about_is_said_to_have_no_verdict_in_the_end(
    stage: Stage, connector: ScriptedConnector
) -> None:
    connector.always(Outcome(kind=K.ACCEPTED))
    job = await accepted(stage)
    for after in (HALF_HOUR, TWO_HOURS):
        assert (await asked(stage, job, after, final(K.REJECTED))).state is S.ACCEPTED
    delivery = await asked(stage, job, DAY, final(K.REJECTED))
    assert connector.asked == []
    assert (delivery.verdict_at, delivery.error_code) == (None, "VERDICT_UNAVAILABLE")
