"""Claims: what is due, in which order, and what becomes of it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from app.ids import new_id
from app.repositories.deliveries import (
    FEW,
    Due,
    begin_attempts,
    next_due_at,
    select_abandoned,
    select_due,
    select_lane_probe,
    select_mapping_probe,
)
from app.tables.jobs import DeliveryRow, JobRow
from app.values import DeliveryKind, DeliveryState, JobState
from tests.worker.scripted import START
from tests.worker.stage import Stage

S = DeliveryState
HOUR = timedelta(hours=1)


@pytest.fixture(params=[FEW, 1], autouse=True)
def _few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test runs twice: with few deliveries that are due, and with what counts as many."""
    monkeypatch.setattr("app.repositories.deliveries.FEW", request.param)


async def due(stage: Stage, limit: int = 10) -> list[Due]:
    return await stage.database.write(lambda session: select_due(session, stage.lane, START, limit))


@pytest.mark.parametrize(
    "columns",
    [
        {"next_attempt_at": START + timedelta(seconds=1)},
        {"expires_at": START},
        *({"state": state} for state in S if state is not S.SCHEDULED),
    ],
)
async def test_what_is_not_due_is_not_claimed(stage: Stage, columns: dict[str, Any]) -> None:
    await stage.job(columns, {"platform_event_id": "due"})
    assert [one.delivery.platform_event_id for one in await due(stage)] == ["due"]


async def test_a_lane_claims_nothing_of_another(stage: Stage) -> None:
    await stage.job({"integration_id": await stage.second_lane()})
    assert await due(stage) == []


async def test_claims_come_with_the_lead_as_it_is_now(stage: Stage) -> None:
    job = await stage.job(lead={"email": "grace@example.com"})
    [claimed] = await due(stage)
    assert (claimed.lead.id, claimed.lead.email) == (job.lead_id, "grace@example.com")


async def test_what_expires_first_is_claimed_first(stage: Stage) -> None:
    days = (3, 1, 2)
    await stage.job(*({"platform_event_id": str(n), "expires_at": START + timedelta(days=n)} for n in days))
    assert [one.delivery.platform_event_id for one in await due(stage, limit=2)] == ["1", "2"]


@pytest.mark.parametrize("state", [S.SCHEDULED, S.HELD, S.SENDING])
async def test_a_restatement_waits_for_what_it_restates(stage: Stage, state: DeliveryState) -> None:
    followed = new_id()
    await stage.job(
        {"id": followed, "state": state, "next_attempt_at": START + HOUR},
        {"kind": DeliveryKind.RESTATE, "follows_id": followed},
    )
    assert await due(stage) == []


@pytest.mark.parametrize("state", [S.DELIVERED, S.ACCEPTED, S.REJECTED, S.CANCELED])
async def test_a_restatement_goes_once_what_it_restates_is_through(
    stage: Stage, state: DeliveryState
) -> None:
    followed = new_id()
    await stage.job(
        {"id": followed, "state": state, "next_attempt_at": None},
        {"kind": DeliveryKind.RESTATE, "follows_id": followed},
    )
    assert [one.delivery.kind for one in await due(stage)] == [DeliveryKind.RESTATE]


async def test_an_attempt_that_begins_is_stored_and_its_job_is_processing(stage: Stage) -> None:
    job, turn_id = await stage.job(), new_id()

    def work(session: Session) -> DeliveryRow:
        [one] = select_due(session, stage.lane, START, 10)
        begin_attempts(session, [one.delivery], turn_id, START)
        return one.delivery

    claimed = await stage.database.write(work)
    stored = await stage.delivery_of(job)
    for row in (claimed, stored):
        assert (row.state, row.turn_id, row.attempts) == (S.SENDING, turn_id, 1)
        assert (row.sending_since, row.first_attempt_at, row.next_attempt_at) == (START, START, None)
    assert (await stage.job_row(job)).state is JobState.PROCESSING


async def test_a_second_attempt_keeps_the_time_of_the_first(stage: Stage) -> None:
    job = await stage.job({"attempts": 1, "first_attempt_at": START - HOUR, "taken_back": True})

    def work(session: Session) -> None:
        begin_attempts(session, [select_due(session, stage.lane, START, 1)[0].delivery], new_id(), START)

    await stage.database.write(work)
    stored = await stage.delivery_of(job)
    assert (stored.attempts, stored.first_attempt_at, stored.sending_since) == (2, START - HOUR, START)
    assert not stored.taken_back


async def test_a_claim_that_is_rolled_back_claims_nothing(stage: Stage) -> None:
    job = await stage.job()

    def work(session: Session) -> None:
        begin_attempts(session, [select_due(session, stage.lane, START, 1)[0].delivery], new_id(), START)
        raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError):
        await stage.database.write(work)
    assert (await stage.delivery_of(job)).state is S.SCHEDULED
    assert (await stage.job_row(job)).state is JobState.PENDING


async def test_the_next_due_time_is_the_first_that_is_still_to_come(stage: Stage) -> None:
    await stage.job(
        {},
        {"platform_event_id": "2", "next_attempt_at": START + 2 * HOUR},
        {"platform_event_id": "1", "next_attempt_at": START + HOUR},
        {"platform_event_id": "held", "next_attempt_at": START + HOUR / 2, "state": S.HELD},
    )
    assert await stage.database.read(lambda s: next_due_at(s, stage.lane, START)) == START + HOUR
    assert await stage.database.read(lambda s: next_due_at(s, stage.lane, START + 2 * HOUR)) is None


async def test_what_another_turn_was_sending_is_abandoned(stage: Stage) -> None:
    mine, dead = new_id(), new_id()
    await stage.job(
        {"state": S.SENDING, "turn_id": mine},
        {"state": S.SENDING, "turn_id": dead, "platform_event_id": "left"},
        {"state": S.SCHEDULED, "turn_id": dead, "platform_event_id": "waits"},
    )
    left = await stage.database.read(lambda session: select_abandoned(session, stage.lane, mine, 10))
    assert [delivery.platform_event_id for delivery in left] == ["left"]


async def test_the_probe_of_a_lane_is_what_was_tried_longest_ago(stage: Stage) -> None:
    label = stage.label()
    await stage.add(label, stage.mapping(stage.lane, label.id, target="Gone", held_at=START))
    await stage.job(
        {"state": S.HELD, "sending_since": START - HOUR},
        {"state": S.HELD, "sending_since": START - 2 * HOUR, "platform_event_id": "longest ago"},
        {"state": S.HELD, "next_attempt_at": START + HOUR, "platform_event_id": "not due"},
        {"state": S.HELD, "label_id": label.id, "target": "Gone", "platform_event_id": "held itself"},
    )

    def probe(session: Session) -> list[Due]:
        return select_lane_probe(session, stage.lane, START, any_target=False)

    assert [one.delivery.platform_event_id for one in await stage.database.write(probe)] == ["longest ago"]
    await stage.job({"state": S.HELD, "platform_event_id": "never tried"})
    assert [one.delivery.platform_event_id for one in await stage.database.write(probe)] == ["never tried"]


async def test_the_probe_of_a_mapping_goes_to_its_target(stage: Stage) -> None:
    label = stage.label()
    await stage.add(label)
    job: JobRow = await stage.job(
        {"state": S.HELD, "label_id": label.id},
        {"state": S.HELD, "label_id": label.id, "target": "Before", "platform_event_id": "2"},
        {"state": S.HELD, "platform_event_id": "3"},
    )

    def probe(session: Session) -> list[Due]:
        return select_mapping_probe(session, stage.lane, label.id, "Won", START)

    [found] = await stage.database.write(probe)
    assert found.delivery.id == (await stage.delivery_of(job)).id


async def test_beginning_no_attempts_does_nothing(stage: Stage) -> None:
    await stage.database.write(lambda session: begin_attempts(session, [], new_id(), START))
