"""One turn of a lane: what it claims, how it sends, when it ends."""

import asyncio
from datetime import timedelta

import pytest

from app.connectors.base import OutcomeKind
from app.ids import new_id
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow
from app.tables.leads import LeadRow
from app.values import DeliveryKind, DeliveryState, JobState, LeadStatus
from app.worker.lane import LINGER_S
from app.worker.step import BUNDLE
from tests.worker.scripted import START, ScriptedConnector, outcome
from tests.worker.stage import Stage

S = DeliveryState
K = OutcomeKind
HOUR = timedelta(hours=1)


async def test_a_delivery_s_outcome_is_stored_with_what_went_over_the_wire(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    job = await sqlite_stage.job()
    assert await sqlite_stage.run() is None
    delivery = await sqlite_stage.delivery_of(job)
    assert (delivery.state, delivery.attempts, delivery.finished_at) == (S.DELIVERED, 1, START)
    assert delivery.platform_request_id == "r-1"
    assert delivery.request == connector.calls[0].body | {"email": "***"}
    assert delivery.response == {"ok": True}
    [attempt] = await sqlite_stage.attempts_of(delivery)
    assert (attempt.number, attempt.started_at, attempt.http_status) == (1, START, 200)
    assert (attempt.duration_ms, attempt.error_code) == (0, None)


async def test_a_failed_attempt_is_logged_with_its_reason(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.always(outcome(K.RETRY, http_status=503, code="DOWN", message="It is down."))
    job = await sqlite_stage.job()
    assert await sqlite_stage.run() == START + timedelta(seconds=30)
    delivery = await sqlite_stage.delivery_of(job)
    assert (delivery.state, delivery.error_code) == (S.SCHEDULED, "DOWN")
    [attempt] = await sqlite_stage.attempts_of(delivery)
    assert (attempt.http_status, attempt.error_code, attempt.error_message) == (503, "DOWN", "It is down.")


async def test_what_was_accepted_is_not_final(sqlite_stage: Stage, connector: ScriptedConnector) -> None:
    connector.always(outcome(K.ACCEPTED, request_id="r-7"))
    job = await sqlite_stage.job()
    await sqlite_stage.run()
    delivery = await sqlite_stage.delivery_of(job)
    assert (delivery.state, delivery.finished_at, delivery.platform_request_id) == (S.ACCEPTED, None, "r-7")
    assert (await sqlite_stage.job_row(job)).state is JobState.COMPLETED
    assert (await sqlite_stage.lead_of(job)).status is LeadStatus.RATED


async def test_a_turn_answers_when_the_lane_is_due_next(sqlite_stage: Stage) -> None:
    await sqlite_stage.job({"next_attempt_at": START + HOUR})
    assert await sqlite_stage.run() == START + HOUR


async def test_what_is_due_in_a_moment_is_waited_for(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    await sqlite_stage.job({"next_attempt_at": START + timedelta(seconds=0.25)})
    turn = sqlite_stage.turn()
    await sqlite_stage.run(turn)
    assert len(connector.calls) == 1
    assert turn.waits == [0.25, LINGER_S]


async def test_an_idle_owner_lingers_for_more(sqlite_stage: Stage, connector: ScriptedConnector) -> None:
    turn = sqlite_stage.turn()
    turn.wake()
    await sqlite_stage.job()
    await sqlite_stage.run(turn)
    assert turn.waits == [LINGER_S]
    assert len(connector.calls) == 1


async def test_an_owner_that_sends_claims_more_when_it_is_woken(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.by_hand()
    await sqlite_stage.job()
    turn = sqlite_stage.turn()
    running = asyncio.create_task(sqlite_stage.run(turn))
    first = await connector.called(1)
    await sqlite_stage.job()
    turn.wake()
    second = await connector.called(2)
    for call in (first, second):
        call.answer.set_result(outcome(K.DELIVERED))
    await running
    assert connector.most_sending == 2


async def test_no_more_are_sent_at_once_than_the_platform_allows(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.by_hand()
    for _ in range(20):
        await sqlite_stage.job()
    running = asyncio.create_task(sqlite_stage.run())
    for number in range(1, 21):
        (await connector.called(number)).answer.set_result(outcome(K.DELIVERED))
    await running
    assert connector.most_sending == connector.facts.max_concurrency


async def test_one_turn_sends_more_than_one_transaction_takes(sqlite_stage: Stage) -> None:
    connector = sqlite_stage.connector = ScriptedConnector(max_concurrency=500)
    count = 2 * BUNDLE + 5
    await sqlite_stage.job(*({"platform_event_id": str(number)} for number in range(count)))
    await sqlite_stage.run()
    assert len({call.event_id for call in connector.calls}) == len(connector.calls) == count
    assert {delivery.state for delivery in await sqlite_stage.rows(DeliveryRow)} == {S.DELIVERED}


async def test_a_restatement_goes_right_after_what_it_restates(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    send = new_id()
    job = await sqlite_stage.job({"id": send}, {"kind": DeliveryKind.RESTATE, "follows_id": send})
    turn = sqlite_stage.turn()
    await sqlite_stage.run(turn)
    assert [delivery.state for delivery in await sqlite_stage.deliveries_of(job)] == [S.DELIVERED] * 2
    assert connector.most_sending == 1
    assert turn.waits == [LINGER_S]


async def test_a_lane_without_an_integration_has_nothing_to_do(sqlite_stage: Stage) -> None:
    assert await sqlite_stage.run(sqlite_stage.turn(new_id())) is None


async def test_an_integration_that_is_switched_off_holds_what_waits_until_it_is_switched_on(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    job = await sqlite_stage.job()
    await sqlite_stage.change(IntegrationRow, sqlite_stage.lane, enabled=False)
    assert await sqlite_stage.run() is None
    held = await sqlite_stage.delivery_of(job)
    assert held.state is S.HELD
    assert "is switched off" in (held.warning or {})["reason"]
    assert connector.calls == []
    await sqlite_stage.change(IntegrationRow, sqlite_stage.lane, enabled=True)
    await sqlite_stage.run()
    assert (await sqlite_stage.delivery_of(job)).state is S.DELIVERED


@pytest.mark.parametrize(
    ("sent", "restated", "retracted"),
    [
        (S.REJECTED, S.FAILED, (S.CANCELED, "NOTHING_TO_RETRACT")),
        (S.CANCELED, S.CANCELED, (S.CANCELED, "NOTHING_TO_RETRACT")),
        (S.ACCEPTED, S.CANCELED, (S.DELIVERED, None)),
        (S.EXPIRED, S.DELIVERED, (S.DELIVERED, None)),
        (S.UNCONFIRMED, S.CANCELED, (S.DELIVERED, None)),
    ],
)
async def test_a_retraction_is_sent_only_if_the_conversion_may_have_arrived(
    stage: Stage, connector: ScriptedConnector, sent: S, restated: S, retracted: tuple[S, str | None]
) -> None:
    send_id, restatement_id, retraction_id = new_id(), new_id(), new_id()
    job = await stage.job(
        {"id": send_id, "state": sent, "next_attempt_at": None},
        {
            "id": restatement_id,
            "kind": DeliveryKind.RESTATE,
            "follows_id": send_id,
            "state": restated,
            "next_attempt_at": None,
        },
        {"id": retraction_id, "kind": DeliveryKind.RETRACT, "follows_id": send_id},
    )

    await stage.run()

    (retraction,) = [row for row in await stage.deliveries_of(job) if row.id == retraction_id]
    assert (retraction.state, retraction.error_code) == retracted
    assert len(connector.calls) == (1 if retracted[1] is None else 0)


async def test_an_erased_lead_s_delivery_is_canceled(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    job = await sqlite_stage.job()
    await sqlite_stage.change(LeadRow, job.lead_id, erased_at=START)
    await sqlite_stage.run()
    delivery = await sqlite_stage.delivery_of(job)
    assert (delivery.state, delivery.error_code) == (S.CANCELED, "LEAD_ERASED")
    assert (await sqlite_stage.job_row(job)).state is JobState.CANCELED
    assert connector.calls == []


async def test_what_may_have_arrived_too_long_ago_is_not_sent_again(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    long_ago = {"attempts": 3, "uncertain_since": START - 49 * HOUR}
    lately = {"attempts": 3, "uncertain_since": START - 47 * HOUR, "platform_event_id": "lately"}
    job = await sqlite_stage.job(long_ago, lately)
    await sqlite_stage.run()
    unconfirmed, delivered = await sqlite_stage.deliveries_of(job)
    assert (unconfirmed.state, unconfirmed.error_code) == (S.UNCONFIRMED, "RESEND_UNSAFE")
    assert delivered.state is S.DELIVERED
    assert [call.event_id for call in connector.calls] == ["lately"]


async def test_what_a_dead_owner_sent_is_sent_again_where_that_is_safe(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    left = {"state": S.SENDING, "turn_id": new_id(), "attempts": 1, "sending_since": START - HOUR}
    job = await sqlite_stage.job(left)
    await sqlite_stage.run()
    delivery = await sqlite_stage.delivery_of(job)
    assert (delivery.state, delivery.attempts) == (S.DELIVERED, 2)
    died, _ = await sqlite_stage.attempts_of(delivery)
    assert (died.error_code, died.number, died.duration_ms) == ("WORKER_DIED", 1, 3_600_000)
    assert len(connector.calls) == 1


async def test_what_a_dead_owner_may_have_sent_stays_uncertain_from_then_on_whatever_the_next_attempt_says(
    stage: Stage, connector: ScriptedConnector
) -> None:
    connector.always(outcome(K.RETRY, code="HTTP_503"))
    left = {"state": S.SENDING, "turn_id": new_id(), "attempts": 1, "sending_since": START - HOUR}
    job = await stage.job(left)
    await stage.run()
    delivery = await stage.delivery_of(job)
    assert (delivery.state, delivery.attempts, delivery.error_code) == (S.SCHEDULED, 2, "HTTP_503")
    assert delivery.uncertain_since == START - HOUR


async def test_what_a_dead_owner_sent_is_left_to_a_person_where_that_is_not_safe(sqlite_stage: Stage) -> None:
    connector = sqlite_stage.connector = ScriptedConnector(resend_safe_for=timedelta(0))
    left = {"state": S.SENDING, "turn_id": new_id(), "attempts": 1, "sending_since": START - HOUR}
    job = await sqlite_stage.job(left)
    await sqlite_stage.run()
    delivery = await sqlite_stage.delivery_of(job)
    assert (delivery.state, delivery.error_code) == (S.UNCONFIRMED, "WORKER_DIED")
    assert (await sqlite_stage.job_row(job)).state is JobState.FAILED
    assert connector.calls == []


async def test_everything_a_dead_owner_left_is_put_back(sqlite_stage: Stage) -> None:
    left = {"state": S.SENDING, "turn_id": new_id(), "attempts": 1, "sending_since": START}
    await sqlite_stage.job(*(left | {"platform_event_id": str(number)} for number in range(BUNDLE + 5)))
    await sqlite_stage.run()
    assert {delivery.state for delivery in await sqlite_stage.rows(DeliveryRow)} == {S.DELIVERED}


async def test_credentials_are_opened_once_a_turn(sqlite_stage: Stage, connector: ScriptedConnector) -> None:
    await sqlite_stage.job({}, {"platform_event_id": "2"})
    await sqlite_stage.run()
    first, second = connector.calls
    assert first.connection is second.connection
    assert first.connection.credentials.token.get_secret_value() == "secret"  # type: ignore[attr-defined]
    assert first.connection.http is sqlite_stage.http


async def test_new_settings_hold_from_the_next_claim_on(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.by_hand()
    await sqlite_stage.job()
    turn = sqlite_stage.turn()
    running = asyncio.create_task(sqlite_stage.run(turn))
    first = await connector.called(1)
    await sqlite_stage.change(IntegrationRow, sqlite_stage.lane, settings={"account": "2"}, test_mode=True)
    await sqlite_stage.job()
    turn.wake()
    second = await connector.called(2)
    for call in (first, second):
        call.answer.set_result(outcome(K.DELIVERED))
    await running
    assert [(call.body["account"], call.body["test"]) for call in (first, second)] == [
        ("1", False),
        ("2", True),
    ]


async def test_a_published_limit_is_kept(sqlite_stage: Stage) -> None:
    connector = sqlite_stage.connector = ScriptedConnector(requests_per_minute=60)
    await sqlite_stage.job(*({"platform_event_id": str(number)} for number in range(4)))
    turn = sqlite_stage.turn()
    await sqlite_stage.run(turn)
    assert len(connector.calls) == 4
    assert turn.waits[:3] == [1.0, 1.0, 1.0]


async def test_a_slow_limit_ends_the_turn_until_the_next_one_may_go(sqlite_stage: Stage) -> None:
    connector = sqlite_stage.connector = ScriptedConnector(requests_per_minute=2)
    await sqlite_stage.job({}, {"platform_event_id": "2"})
    lanes = sqlite_stage.lanes()
    assert await lanes.run(sqlite_stage.turn()) == START + timedelta(seconds=30)
    assert await lanes.run(sqlite_stage.turn()) == START + timedelta(seconds=30)
    assert len(connector.calls) == 1


async def test_a_platform_that_wants_no_more_requests_gets_none(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.in_turn(outcome(K.RETRY, http_status=429, retry_after_s=120.0))
    await sqlite_stage.job()
    lanes = sqlite_stage.lanes()
    assert await lanes.run(sqlite_stage.turn()) == START + timedelta(seconds=120)
    await sqlite_stage.job()
    assert await lanes.run(sqlite_stage.turn()) == START + timedelta(seconds=120)
    assert len(connector.calls) == 1


async def test_a_published_limit_holds_for_whoever_owns_the_lane_next(stage: Stage) -> None:
    connector = stage.connector = ScriptedConnector(requests_per_minute=2)
    await stage.job({}, {"platform_event_id": "2"})
    for _ in range(3):
        assert await stage.lanes().run(stage.turn()) == START + timedelta(seconds=30)
    assert len(connector.calls) == 1


async def test_a_pause_that_a_platform_asked_for_holds_for_whoever_owns_the_lane_next(
    stage: Stage,
) -> None:
    connector = stage.connector = ScriptedConnector()
    connector.in_turn(outcome(K.RETRY, http_status=429, retry_after_s=120.0))
    for _ in range(3):
        await stage.job()
        assert await stage.lanes().run(stage.turn()) == START + timedelta(seconds=120)
    assert len(connector.calls) == 1


async def test_a_pause_that_was_asked_for_at_the_end_of_a_turn_is_remembered(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.by_hand()
    await sqlite_stage.job()
    turn = sqlite_stage.turn()
    running = asyncio.create_task(sqlite_stage.run(turn))
    call = await connector.called(1)
    turn.stop()
    await asyncio.sleep(0)
    call.answer.set_result(outcome(K.RETRY, http_status=429, retry_after_s=120.0))
    await running
    await sqlite_stage.job()
    assert await sqlite_stage.run() == START + timedelta(seconds=120)
    assert len(connector.calls) == 1


async def test_an_owner_that_is_stopped_finishes_what_is_in_flight_and_claims_nothing_more(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.by_hand()
    sent = await sqlite_stage.job()
    turn = sqlite_stage.turn()
    running = asyncio.create_task(sqlite_stage.run(turn))
    call = await connector.called(1)
    waiting = await sqlite_stage.job()
    turn.stop()
    await asyncio.sleep(0)
    call.answer.set_result(outcome(K.DELIVERED))
    await running
    assert (await sqlite_stage.delivery_of(sent)).state is S.DELIVERED
    assert (await sqlite_stage.delivery_of(waiting)).state is S.SCHEDULED


async def test_an_owner_that_is_broken_off_leaves_what_is_in_flight_being_sent(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    connector.by_hand()
    job = await sqlite_stage.job()
    running = asyncio.create_task(sqlite_stage.run())
    await connector.called(1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await sqlite_stage.delivery_of(job)).state is S.SENDING
    assert connector.sending == 0


async def test_an_owner_that_was_replaced_ends_its_turn(
    sqlite_stage: Stage, connector: ScriptedConnector
) -> None:
    turn = sqlite_stage.turn()
    connector.by_hand()
    job = await sqlite_stage.job()
    running = asyncio.create_task(sqlite_stage.run(turn))
    call = await connector.called(1)
    await sqlite_stage.change(IntegrationRow, sqlite_stage.lane, turn_id=new_id())
    await sqlite_stage.change(DeliveryRow, (await sqlite_stage.delivery_of(job)).id, turn_id=new_id())
    await sqlite_stage.job()
    call.answer.set_result(outcome(K.DELIVERED))
    await running
    assert (await sqlite_stage.delivery_of(job)).state is S.SENDING
    assert len(connector.calls) == 1
