"""What waits and what ended unsent, and that it is found without reading everything."""

from datetime import timedelta
from typing import Any

import pytest

from app.database.database import Database
from app.repositories import health
from app.repositories.health import Queue, list_connected, list_projects, queue_of, unsent_since
from app.tables.integrations import IntegrationRow
from app.values import DeliveryKind, DeliveryState
from tests.repositories.test_plans import plan
from tests.worker.scripted import START
from tests.worker.stage import Stage

S = DeliveryState
MINUTE = timedelta(minutes=1)
ENDED = {"state": S.REJECTED, "finished_at": START, "next_attempt_at": None, "error_code": "100"}


async def queue(stage: Stage) -> Queue:
    return await stage.database.read(lambda session: queue_of(session, stage.lane, stage.time()))


async def test_what_is_due_is_counted_with_the_time_of_the_first(stage: Stage) -> None:
    await stage.job(
        {"next_attempt_at": START - MINUTE, "platform_event_id": "first"},
        {"next_attempt_at": START, "platform_event_id": "second"},
        {"next_attempt_at": START + MINUTE, "platform_event_id": "later"},
        {"state": S.HELD, "platform_event_id": "held"},
        {"state": S.DELIVERED, "next_attempt_at": None, "platform_event_id": "sent"},
    )

    assert await queue(stage) == (2, START - MINUTE, 1)


async def test_an_empty_queue_has_no_first(stage: Stage) -> None:
    assert await queue(stage) == (0, None, 0)


async def test_what_waits_for_another_delivery_is_not_due(stage: Stage) -> None:
    job = await stage.job({"next_attempt_at": START + MINUTE})
    first = await stage.delivery_of(job)
    await stage.job({"kind": DeliveryKind.RESTATE, "follows_id": first.id, "next_attempt_at": START})

    assert (await queue(stage)).due == 0


async def test_what_ended_unsent_is_counted_by_its_code_the_most_frequent_first(stage: Stage) -> None:
    await stage.job(
        ENDED | {"platform_event_id": "1"},
        ENDED | {"state": S.EXPIRED, "error_code": None, "platform_event_id": "2"},
        ENDED | {"platform_event_id": "3"},
        ENDED | {"state": S.DELIVERED, "platform_event_id": "4"},
        ENDED | {"finished_at": START - MINUTE, "platform_event_id": "5"},
    )

    counts = await stage.database.read(
        lambda session: unsent_since(session, stage.project_id, START - MINUTE)
    )

    assert counts == [(stage.lane, S.REJECTED, "100", 2), (stage.lane, S.EXPIRED, None, 1)]


async def test_projects_and_connected_integrations_are_listed(stage: Stage) -> None:
    gone = await stage.second_lane()
    await stage.change(IntegrationRow, gone, disconnected_at=START)

    projects = await stage.database.read(list_projects)
    integrations = await stage.database.read(list_connected)

    assert [project.id for project in projects] == [stage.project_id]
    assert [integration.id for integration in integrations] == [stage.lane]


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (health.SELECT_DUE, "ix_delivery_due"),
        (health.SELECT_HELD, "ix_delivery_held"),
        (health.SELECT_UNSENT, "ix_delivery_unsent (finished_at>?)"),
    ],
)
async def test_a_statement_uses_its_index(sqlite_database: Database, statement: Any, index: str) -> None:
    first, *_ = [
        detail
        for detail in await sqlite_database.read(lambda session: plan(session, statement))
        if "delivery" in detail
    ]
    assert first.startswith("SEARCH")
    assert index in first
