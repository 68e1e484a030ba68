"""The sweep: what nobody else would notice."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.ids import new_id
from app.queue.port import ALERT_LANE, SWEEP_LANE
from app.tables.integrations import IntegrationRow
from app.tables.jobs import IdempotencyRow, JobRow
from app.tables.labels import LabelMappingRow
from app.values import DeliveryKind, DeliveryState, JobState, LeadStatus, PauseReason
from app.worker.sweep import CHUNK, Sweep
from tests.worker.scripted import START
from tests.worker.stage import Stage

S = DeliveryState
HOUR = timedelta(hours=1)
PAUSED = {"paused_at": START, "pause_reason": PauseReason.AUTHENTICATION, "probe_at": START}


async def sweep(stage: Stage) -> tuple[Any, list[UUID]]:
    """What the sweep answers, and the lanes it woke."""
    woken: list[UUID] = []
    due_at = await Sweep(database=stage.database, wake=woken.extend, clock=stage.time).run(
        stage.turn(SWEEP_LANE)
    )
    return due_at, woken


async def test_with_nothing_to_do_it_reads_once_and_comes_back(stage: Stage) -> None:
    writes = stage.database.writes
    assert await sweep(stage) == (START + timedelta(seconds=5), [])
    assert stage.database.writes == writes


async def test_some_lanes_are_woken_whether_they_have_work_or_not(stage: Stage) -> None:
    woken: list[UUID] = []
    sweeping = Sweep(database=stage.database, wake=woken.extend, clock=stage.time, always=[ALERT_LANE])
    await sweeping.run(stage.turn(SWEEP_LANE))
    assert woken == [ALERT_LANE]


@pytest.mark.parametrize(
    ("delivery", "integration"),
    [
        ({}, {}),
        ({"state": S.SENDING, "attempts": 2}, {}),
        ({"state": S.SENDING, "attempts": 2}, {"enabled": False}),
        ({"state": S.HELD}, {}),
        ({"state": S.HELD}, PAUSED),
        ({}, PAUSED | {"probe_at": START + HOUR}),
        ({}, {"paused_at": START, "pause_reason": PauseReason.MANUAL}),
        ({}, {"enabled": False}),
        ({"state": S.DELIVERED}, {"probe_at": START}),
        ({"state": S.DELIVERED}, PAUSED),
        ({"state": S.ACCEPTED, "verdict_at": START}, {}),
    ],
)
async def test_a_lane_with_work_is_woken(
    stage: Stage, delivery: dict[str, Any], integration: dict[str, Any]
) -> None:
    await stage.change(IntegrationRow, stage.lane, **integration)
    await stage.job(delivery)
    assert (await sweep(stage))[1] == [stage.lane]


@pytest.mark.parametrize(
    ("delivery", "integration"),
    [
        ({"next_attempt_at": START + timedelta(seconds=1)}, {}),
        ({"state": S.DELIVERED}, {}),
        ({"state": S.HELD}, {"enabled": False}),
        ({"state": S.ACCEPTED, "verdict_at": START + HOUR}, {}),
        ({"state": S.ACCEPTED, "verdict_at": START}, {"enabled": False}),
        ({"state": S.ACCEPTED, "verdict_at": START}, PAUSED | {"probe_at": START + HOUR}),
        ({"state": S.DELIVERED}, {"probe_at": START + HOUR}),
        ({"state": S.HELD}, PAUSED | {"probe_at": START + HOUR}),
        ({"state": S.HELD}, PAUSED | {"enabled": False}),
        ({"state": S.HELD}, PAUSED | {"pause_reason": PauseReason.MANUAL}),
    ],
)
async def test_a_lane_without_work_is_not_woken(
    stage: Stage, delivery: dict[str, Any], integration: dict[str, Any]
) -> None:
    await stage.change(IntegrationRow, stage.lane, **integration)
    await stage.job(delivery)
    assert (await sweep(stage))[1] == []


@pytest.mark.parametrize(
    ("state", "probe_in", "woken"),
    [
        (S.HELD, timedelta(0), True),
        (S.HELD, HOUR, False),
        (S.SCHEDULED, HOUR, True),
    ],
)
async def test_a_lane_with_a_held_mapping_is_woken_to_probe_and_to_hold(
    stage: Stage, state: DeliveryState, probe_in: timedelta, woken: bool
) -> None:
    mapping = await stage.mapping_row()
    await stage.change(LabelMappingRow, mapping.id, held_at=START, probe_at=START + probe_in)
    await stage.job({"state": state, "next_attempt_at": START + HOUR})
    assert bool((await sweep(stage))[1]) is woken


async def test_what_waits_for_another_delivery_wakes_nobody(stage: Stage) -> None:
    followed = new_id()
    await stage.job(
        {"id": followed, "next_attempt_at": START + HOUR},
        {"kind": DeliveryKind.RESTATE, "follows_id": followed},
    )
    assert (await sweep(stage))[1] == []


async def test_what_is_overdue_expires(stage: Stage) -> None:
    late = {"expires_at": START}
    job = await stage.job(
        late,
        late | {"state": S.HELD, "platform_event_id": "held", "warning": {"code": "INTEGRATION_PAUSED"}},
        late | {"platform_event_id": "tried", "attempts": 3, "error_code": "DOWN", "error_message": "Down."},
        late | {"state": S.SENDING, "attempts": 1, "platform_event_id": "sending"},
        {"expires_at": START + timedelta(seconds=1), "platform_event_id": "in time"},
    )
    await sweep(stage)
    untried, held, tried, sending, in_time = await stage.deliveries_of(job)
    for delivery in (untried, held, tried):
        assert (delivery.state, delivery.finished_at, delivery.next_attempt_at) == (S.EXPIRED, START, None)
        assert delivery.warning is None
    assert (untried.error_code, tried.error_code) == ("EXPIRED", "DOWN")
    closed = "The platform's time window closed while the conversion was waiting."
    assert (untried.error_message, tried.error_message) == (closed, f"Down. {closed}")
    assert (sending.state, in_time.state) == (S.SENDING, S.SCHEDULED)


async def test_an_expired_delivery_ends_its_job(stage: Stage) -> None:
    job = await stage.job({"expires_at": START})
    await sweep(stage)
    assert (await stage.job_row(job)).state is JobState.FAILED
    assert (await stage.lead_of(job)).status is LeadStatus.RATED


async def test_a_disabled_integration_s_deliveries_expire_too(stage: Stage) -> None:
    await stage.change(IntegrationRow, stage.lane, enabled=False)
    job = await stage.job({"expires_at": START})
    await sweep(stage)
    assert (await stage.delivery_of(job)).state is S.EXPIRED


@pytest.mark.parametrize(
    "delivery",
    [
        {"state": S.SKIPPED, "next_attempt_at": None},
        {"state": S.HELD},
        {"next_attempt_at": START + HOUR},
    ],
)
async def test_a_job_with_nothing_to_do_now_lets_its_lead_go(stage: Stage, delivery: dict[str, Any]) -> None:
    job = await stage.job(delivery)
    await sweep(stage)
    assert not (await stage.job_row(job)).active
    assert (await stage.lead_of(job)).status is LeadStatus.RATED


async def test_a_job_that_waits_for_its_first_attempt_is_left_alone(stage: Stage) -> None:
    job = await stage.job()
    await sweep(stage)
    assert (await stage.job_row(job)).active


async def test_no_lead_is_locked_for_more_than_a_quarter_of_an_hour(stage: Stage) -> None:
    job = await stage.job({"state": S.SENDING, "attempts": 1})
    await stage.time.advance(minutes=14)
    await sweep(stage)
    assert (await stage.job_row(job)).active
    await stage.time.advance(minutes=1)
    await sweep(stage)
    settled = await stage.job_row(job)
    assert (settled.active, settled.state) == (False, JobState.PROCESSING)
    assert (await stage.lead_of(job)).status is LeadStatus.RATED


async def test_idempotency_keys_are_forgotten_after_a_day(stage: Stage) -> None:
    def key(name: str, age: timedelta) -> IdempotencyRow:
        return IdempotencyRow(
            project_id=stage.project_id, key=name, fingerprint="", answer={}, created_at=START - age
        )

    day = timedelta(hours=24)
    await stage.add(key("old", day), key("new", day - timedelta(seconds=1)))
    await sweep(stage)
    assert [row.key for row in await stage.rows(IdempotencyRow, "key")] == ["new"]


async def test_more_than_a_transaction_takes_is_gone_on_with_at_once(sqlite_stage: Stage) -> None:
    late = ({"expires_at": START, "platform_event_id": str(number)} for number in range(CHUNK + 1))
    job = await sqlite_stage.job(*late)
    assert (await sweep(sqlite_stage))[0] == START
    assert (await sqlite_stage.job_row(job)).active
    assert (await sweep(sqlite_stage))[0] == START + timedelta(seconds=5)
    assert (await sqlite_stage.job_row(job)).state is JobState.FAILED


async def test_all_idle_jobs_end(sqlite_stage: Stage) -> None:
    for _ in range(CHUNK + 1):
        await sqlite_stage.job({"state": S.SKIPPED})
    assert (await sweep(sqlite_stage))[0] == START
    await sweep(sqlite_stage)
    assert {row.active for row in await sqlite_stage.rows(JobRow)} == {False}
