"""A backup put back into place: what was being sent at that moment may have arrived."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from app.database.backing_up import back_up
from app.database.opening import open_database
from app.ids import new_id
from app.tables.jobs import JobRow
from app.values import DeliveryState as S
from tests.worker.scripted import START, ScriptedConnector, WatchedDatabase
from tests.worker.stage import Stage

SENDING: dict[str, Any] = {
    "state": S.SENDING,
    "turn_id": new_id(),
    "attempts": 1,
    "sending_since": START - timedelta(hours=1),
}


@asynccontextmanager
async def restored(stage: Stage, sqlite_url: str, folder: Path) -> AsyncIterator[Stage]:
    """The stage on a backup that is taken now, beside the one who writes."""
    saved = folder / "saved.sqlite3"
    back_up(
        Path(make_url(sqlite_url).database or ""), saved, replace=False, progress=lambda _done, _all: None
    )
    database = await open_database(f"sqlite+aiosqlite:///{saved}")
    yield replace(stage, database=WatchedDatabase(database))
    await database.close()


async def states(stage: Stage, job: JobRow) -> list[tuple[S, str | None]]:
    return [(delivery.state, delivery.error_code) for delivery in await stage.deliveries_of(job)]


async def test_what_was_being_sent_goes_again_where_the_platform_knows_a_copy(
    sqlite_stage: Stage, sqlite_url: str, tmp_path: Path, connector: ScriptedConnector
) -> None:
    job = await sqlite_stage.job(SENDING)

    async with restored(sqlite_stage, sqlite_url, tmp_path) as stage:
        await stage.run()
        delivery = await stage.delivery_of(job)
        attempts = await stage.attempts_of(delivery)

    assert delivery.state is S.DELIVERED
    assert [attempt.error_code for attempt in attempts] == ["WORKER_DIED", None]
    assert [call.event_id for call in connector.calls] == [f"lw-{job.id}"]


async def test_what_was_being_sent_is_left_to_a_person_where_the_platform_does_not(
    sqlite_stage: Stage, sqlite_url: str, tmp_path: Path
) -> None:
    connector = sqlite_stage.connector = ScriptedConnector(resend_safe_for=timedelta(0))
    job = await sqlite_stage.job(SENDING)

    async with restored(sqlite_stage, sqlite_url, tmp_path) as stage:
        await stage.run()
        found = await states(stage, job)

    assert found == [(S.UNCONFIRMED, "WORKER_DIED")]
    assert connector.calls == []


async def test_what_was_waiting_is_sent(sqlite_stage: Stage, sqlite_url: str, tmp_path: Path) -> None:
    job = await sqlite_stage.job({})

    async with restored(sqlite_stage, sqlite_url, tmp_path) as stage:
        await stage.run()
        found = await states(stage, job)

    assert found == [(S.DELIVERED, None)]
