"""What a job's deliveries make of the job and the lead."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from app.database.database import Database
from app.repositories.chores import find_idle_jobs
from app.repositories.outcomes import OutcomeChange, record_outcomes
from app.repositories.settling import DeliveryStanding, lock_jobs
from app.services.progress import (
    ACTIVE_AT_MOST,
    DUE_SOON,
    deactivate_job,
    job_progress,
    settle_job,
    settle_jobs,
)
from app.tables.jobs import DeliveryRow, JobRow
from app.tables.leads import LeadRow
from app.values import DeliveryState, JobState, LeadStatus
from tests.worker.scripted import START, ScriptedConnector
from tests.worker.stage import Stage, build_stage

S = DeliveryState
FINAL = [s for s in S if s not in {S.SCHEDULED, S.HELD, S.SENDING, S.ACCEPTED}]


@pytest.fixture
async def stage(database: Database) -> AsyncIterator[Stage]:
    async with httpx.AsyncClient() as http:
        yield await build_stage(database, http, ScriptedConnector())


def standing(state: DeliveryState, *, attempts: int = 0, due_in_s: float | None = None) -> DeliveryStanding:
    due_at = None if due_in_s is None else START + timedelta(seconds=due_in_s)
    return DeliveryStanding(state, attempts, due_at)


def progress(*deliveries: DeliveryStanding, age: timedelta = timedelta(0)) -> Any:
    return job_progress(deliveries, created_at=START - age, now=START)


@pytest.mark.parametrize(
    ("deliveries", "state"),
    [
        ([], JobState.COMPLETED),
        ([standing(S.SKIPPED)], JobState.COMPLETED),
        ([standing(S.SKIPPED), standing(S.DELIVERED, attempts=1)], JobState.COMPLETED),
        ([standing(S.ACCEPTED, attempts=1), standing(S.DELIVERED, attempts=2)], JobState.COMPLETED),
        ([standing(S.DELIVERED, attempts=1), standing(S.CANCELED)], JobState.COMPLETED),
        ([standing(S.CANCELED)], JobState.CANCELED),
        ([standing(S.CANCELED), standing(S.SKIPPED)], JobState.CANCELED),
        ([standing(S.DELIVERED, attempts=1), standing(S.REJECTED, attempts=1)], JobState.FAILED),
        ([standing(S.ACCEPTED, attempts=1), standing(S.EXPIRED)], JobState.FAILED),
        ([standing(S.FAILED, attempts=9)], JobState.FAILED),
        ([standing(S.UNCONFIRMED, attempts=1), standing(S.CANCELED)], JobState.FAILED),
        ([standing(S.SCHEDULED, due_in_s=0)], JobState.PENDING),
        ([standing(S.HELD)], JobState.PENDING),
        ([standing(S.SKIPPED), standing(S.SCHEDULED, due_in_s=0)], JobState.PENDING),
        ([standing(S.SENDING, attempts=1)], JobState.PROCESSING),
        ([standing(S.DELIVERED, attempts=1), standing(S.SCHEDULED, due_in_s=0)], JobState.PROCESSING),
        ([standing(S.HELD, attempts=1)], JobState.PROCESSING),
    ],
)
def test_the_state_of_a_job_follows_from_its_deliveries(
    deliveries: list[DeliveryStanding], state: JobState
) -> None:
    assert progress(*deliveries).state is state


@pytest.mark.parametrize(
    ("delivery", "active"),
    [
        (standing(S.SCHEDULED, due_in_s=0), True),
        (standing(S.SCHEDULED, due_in_s=60), True),
        (standing(S.SCHEDULED, due_in_s=61), False),
        (standing(S.SCHEDULED, attempts=1, due_in_s=0), False),
        (standing(S.SENDING, attempts=1), True),
        (standing(S.SENDING, attempts=2), False),
        (standing(S.HELD), False),
        (standing(S.ACCEPTED, attempts=1), False),
        *((standing(state), False) for state in FINAL),
    ],
)
def test_a_job_is_active_until_each_delivery_was_processed_once(
    delivery: DeliveryStanding, active: bool
) -> None:
    assert progress(delivery).active is active
    assert progress(standing(S.DELIVERED, attempts=1), delivery).active is active


def test_a_job_is_active_for_fifteen_minutes_at_most() -> None:
    waiting = standing(S.SENDING, attempts=1)
    assert progress(waiting, age=ACTIVE_AT_MOST - timedelta(seconds=1)).active
    assert not progress(waiting, age=ACTIVE_AT_MOST).active


@given(st.lists(st.tuples(st.sampled_from(list(S)), st.integers(0, 3))))
def test_a_finished_job_is_not_active_and_only_a_finished_job_has_an_end_state(
    parts: list[tuple[DeliveryState, int]],
) -> None:
    result = progress(*(standing(state, attempts=attempts, due_in_s=0) for state, attempts in parts))
    assert not (result.finished and result.active)
    assert result.finished is (result.state not in {JobState.PENDING, JobState.PROCESSING})


async def set_states(stage: Stage, job: JobRow, *states: DeliveryState, attempts: int = 1) -> None:
    def work(session: Session) -> None:
        lock_jobs(session, [job.id])
        rows = session.exec(
            select(DeliveryRow).where(col(DeliveryRow.job_id) == job.id).order_by(col(DeliveryRow.id))
        ).all()
        for row, state in zip(rows, states, strict=True):
            row.state, row.attempts = state, attempts
        session.flush()
        settle_job(session, job.id, stage.time())

    await stage.database.write(work)


@pytest.mark.parametrize("status", [LeadStatus.RATED, LeadStatus.OPEN, LeadStatus.LOST])
async def test_the_end_of_a_job_gives_its_lead_the_promised_status(stage: Stage, status: LeadStatus) -> None:
    job = await stage.job(lead_status_after=status)
    await set_states(stage, job, S.DELIVERED)
    settled = await stage.job_row(job)
    assert (settled.state, settled.active, settled.finished_at) == (JobState.COMPLETED, False, START)
    assert (await stage.lead_of(job)).status is status


async def test_a_failed_job_moves_its_lead_the_same_way(stage: Stage) -> None:
    job = await stage.job()
    await set_states(stage, job, S.REJECTED)
    assert (await stage.job_row(job)).state is JobState.FAILED
    assert (await stage.lead_of(job)).status is LeadStatus.RATED


async def test_a_job_that_retries_lets_its_lead_go_and_stays_unfinished(stage: Stage) -> None:
    job = await stage.job()
    await set_states(stage, job, S.SCHEDULED)
    settled = await stage.job_row(job)
    assert (settled.state, settled.active, settled.finished_at) == (JobState.PROCESSING, False, None)
    assert (await stage.lead_of(job)).status is LeadStatus.RATED


async def test_a_job_that_is_not_its_leads_newest_does_not_touch_the_lead(stage: Stage) -> None:
    job = await stage.job()

    def supersede(session: Session) -> None:
        session.get_one(LeadRow, job.lead_id).current_job_id = None

    await stage.database.write(supersede)
    await set_states(stage, job, S.DELIVERED)
    assert not (await stage.job_row(job)).active
    assert (await stage.lead_of(job)).status is LeadStatus.PENDING


async def test_an_inactive_job_never_becomes_active_or_touches_its_lead_again(stage: Stage) -> None:
    job = await stage.job()
    await set_states(stage, job, S.ACCEPTED)

    def reopen(session: Session) -> None:
        session.get_one(LeadRow, job.lead_id).status = LeadStatus.OPEN

    await stage.database.write(reopen)
    await set_states(stage, job, S.SCHEDULED, attempts=0)
    assert not (await stage.job_row(job)).active
    await set_states(stage, job, S.REJECTED)
    settled = await stage.job_row(job)
    assert (settled.active, settled.state) == (False, JobState.FAILED)
    assert (await stage.lead_of(job)).status is LeadStatus.OPEN


async def test_a_replay_takes_the_end_of_a_job_back_and_sets_it_again(stage: Stage) -> None:
    job = await stage.job()
    await set_states(stage, job, S.FAILED)
    await set_states(stage, job, S.SCHEDULED)
    assert (await stage.job_row(job)).finished_at is None
    await stage.time.advance(hours=1)
    await set_states(stage, job, S.DELIVERED)
    settled = await stage.job_row(job)
    assert (settled.state, settled.finished_at) == (JobState.COMPLETED, START + timedelta(hours=1))


async def test_a_late_verdict_keeps_the_time_at_which_the_job_was_finished(stage: Stage) -> None:
    job = await stage.job()
    await set_states(stage, job, S.ACCEPTED)
    await stage.time.advance(hours=1)
    await set_states(stage, job, S.REJECTED)
    settled = await stage.job_row(job)
    assert (settled.state, settled.finished_at) == (JobState.FAILED, START)


async def test_a_job_with_nothing_to_send_is_completed(stage: Stage) -> None:
    job = await stage.job({"state": S.SKIPPED, "next_attempt_at": None})
    await stage.database.write(lambda session: settle_jobs(session, [job.id], START))
    assert (await stage.job_row(job)).state is JobState.COMPLETED
    assert (await stage.lead_of(job)).status is LeadStatus.RATED


async def test_settling_no_job_does_nothing(stage: Stage) -> None:
    await stage.database.write(lambda session: settle_jobs(session, [], START))


async def test_a_deactivated_job_leaves_its_lead_alone(stage: Stage) -> None:
    job = await stage.job({}, {"state": S.SENDING, "attempts": 1, "platform_event_id": "sent"})
    await stage.database.write(lambda session: deactivate_job(session, job, START))
    waiting, sending = await stage.deliveries_of(job)
    assert (waiting.taken_back, sending.taken_back) == (False, True)
    settled = await stage.job_row(job)
    assert (settled.active, settled.state) == (False, JobState.PROCESSING)
    assert (await stage.lead_of(job)).status is LeadStatus.PENDING


async def test_two_last_outcomes_at_the_same_instant_end_the_job(stage: Stage) -> None:
    """On PostgreSQL each transaction sees the other's delivery as SENDING unless they wait for each other."""
    for _ in range(5):
        job = await stage.job(
            *({"state": S.SENDING, "attempts": 1, "platform_event_id": event} for event in ("a", "b"))
        )
        first, second = await stage.deliveries_of(job)
        both = (deliver(stage, job, delivery) for delivery in (first, second))
        await asyncio.gather(*both)
        settled = await stage.job_row(job)
        assert (settled.state, settled.active) == (JobState.COMPLETED, False)
        assert (await stage.lead_of(job)).status is LeadStatus.RATED


async def deliver(stage: Stage, job: JobRow, delivery: DeliveryRow) -> None:
    change = OutcomeChange(
        id=delivery.id,
        state=S.DELIVERED,
        next_attempt_at=None,
        finished_at=START,
        only_tested=False,
        unknown_errors=0,
        uncertain_since=None,
        accepted_at=None,
        verdict_at=None,
        warning=None,
        error_code=None,
        error_message=None,
    )

    def work(session: Session) -> None:
        lock_jobs(session, [job.id])
        record_outcomes(session, [change], [], [])
        settle_job(session, job.id, START)

    await stage.database.write(work)


@pytest.mark.parametrize(
    "delivery",
    [
        {},
        {"next_attempt_at": START + DUE_SOON},
        {"next_attempt_at": START + DUE_SOON + timedelta(seconds=1)},
        {"attempts": 1},
        {"state": S.SENDING, "attempts": 1},
        {"state": S.SENDING, "attempts": 2},
        *({"state": state, "next_attempt_at": None} for state in S if state not in {S.SCHEDULED, S.SENDING}),
    ],
)
async def test_the_sweep_finds_exactly_the_jobs_that_would_end(
    sqlite_database: Database, delivery: dict[str, Any]
) -> None:
    async with httpx.AsyncClient() as http:
        stage = await build_stage(sqlite_database, http, ScriptedConnector())
    job = await stage.job(delivery)
    found = await stage.database.read(
        lambda session: find_idle_jobs(
            session, soon=START + DUE_SOON, too_old=START - ACTIVE_AT_MOST, limit=10
        )
    )
    await stage.database.write(lambda session: settle_job(session, job.id, START))
    assert (list(found) == [job.id]) is not (await stage.job_row(job)).active
