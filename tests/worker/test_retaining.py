"""Retention while the server runs: a little with each sweep, all of it once a day."""

import logging
from datetime import timedelta

import pytest

from app.queue.port import SWEEP_LANE
from app.services.pruning import Retention
from app.tables.jobs import AttemptRow, DeliveryRow, JobRow
from app.tables.leads import LeadRow
from app.values import DeliveryState, JobState
from app.worker.retaining import DailyPruning
from app.worker.sweep import Sweep
from tests.worker.stage import Stage

FINISHED = {"active": False, "state": JobState.COMPLETED}
SENT = {"state": DeliveryState.DELIVERED, "request": {"sent": 1}, "next_attempt_at": None}


async def old_conversion(stage: Stage) -> None:
    """A job that was finished now."""
    now = stage.time()
    await stage.job(SENT | {"finished_at": now}, **FINISHED, finished_at=now)


def sweeping(stage: Stage, retention: Retention) -> Sweep:
    pruning = DailyPruning(stage.database, retention)
    return Sweep(database=stage.database, wake=lambda _: None, clock=stage.time, pruning=pruning)


async def bodies(stage: Stage) -> int:
    return sum(row.request is not None for row in await stage.rows(DeliveryRow))


async def test_each_sweep_does_no_more_than_a_transaction_and_comes_back_when_it_would_anyway(
    stage: Stage,
) -> None:
    await old_conversion(stage)
    await stage.time.advance(days=200)
    sweep = sweeping(stage, Retention(leads=100))
    writes = []
    for _ in range(8):
        before = stage.database.writes
        assert await sweep.run(stage.turn(SWEEP_LANE)) == stage.time() + timedelta(seconds=5)
        writes.append(stage.database.writes - before)

    for table in (LeadRow, JobRow, DeliveryRow, AttemptRow):
        assert await stage.rows(table) == []
    assert writes == [1, 1, 1, 1, 1, 1, 1, 0]


async def test_it_is_done_once_a_day(stage: Stage) -> None:
    sweep = sweeping(stage, Retention(bodies=1))
    await sweep.run(stage.turn(SWEEP_LANE))
    await old_conversion(stage)
    await stage.time.advance(days=1, hours=1)
    await sweep.run(stage.turn(SWEEP_LANE))
    assert await bodies(stage) == 0
    await sweep.run(stage.turn(SWEEP_LANE))

    await old_conversion(stage)
    await stage.time.advance(hours=22)
    await sweep.run(stage.turn(SWEEP_LANE))
    assert await bodies(stage) == 1
    await stage.time.advance(hours=2)
    await sweep.run(stage.turn(SWEEP_LANE))
    assert await bodies(stage) == 0


async def test_what_a_round_deleted_is_logged_and_a_round_that_found_nothing_is_not(
    sqlite_stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "app.worker.retaining")
    await old_conversion(sqlite_stage)
    await sqlite_stage.time.advance(days=2)
    sweep = sweeping(sqlite_stage, Retention(bodies=1))
    for _ in range(2):
        await sweep.run(sqlite_stage.turn(SWEEP_LANE))
    await sqlite_stage.time.advance(days=2)
    for _ in range(2):
        await sweep.run(sqlite_stage.turn(SWEEP_LANE))

    [record] = caplog.records
    assert "'bodies': 1" in record.getMessage()


async def test_by_itself_nothing_is_ever_deleted(stage: Stage) -> None:
    await old_conversion(stage)
    await stage.time.advance(days=4000)
    sweep = sweeping(stage, Retention())
    for _ in range(3):
        await sweep.run(stage.turn(SWEEP_LANE))

    assert await bodies(stage) == 1
