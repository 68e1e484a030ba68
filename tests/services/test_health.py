"""How integrations do, as the database alone tells it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from app.connectors.base import Endpoint
from app.services.health import HealthService, ProjectHealth
from app.services.health_findings import Severity
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelRow
from app.values import DeliveryState, PauseReason, Platform
from tests.worker.scripted import START
from tests.worker.stage import Stage

ENDED = {
    "state": DeliveryState.REJECTED,
    "finished_at": START - timedelta(days=1),
    "next_attempt_at": None,
    "error_code": "100",
}
LATE = {"next_attempt_at": START - timedelta(minutes=16)}


def service(stage: Stage, **facts: Any) -> HealthService:
    return HealthService(
        database=stage.database,
        facts={Platform.META: replace(stage.connector.facts, **facts)},
        endpoints={Platform.META: Endpoint(base_url="", api_version="v1", token_url=None)},
        clock=stage.time,
    )


async def look(stage: Stage, **facts: Any) -> ProjectHealth:
    [project] = await service(stage, **facts).projects()
    return project


def codes(project: ProjectHealth) -> list[tuple[str, Severity]]:
    return [(finding.code, finding.severity) for finding in project.findings]


async def test_an_integration_that_works_is_shown_with_its_version_and_its_queue(stage: Stage) -> None:
    await stage.job()

    project = await look(stage)

    [one] = project.integrations
    assert (project.project.name, list(project.labels)) == ("Example", [stage.label_id])
    assert (one.row.id, one.queue.due, one.unsent) == (stage.lane, 1, [])
    assert one.api is not None
    assert (one.api.version, [mapping.target for mapping in one.mappings]) == ("v1", ["Won"])
    assert project.findings == []


async def test_looking_changes_nothing(stage: Stage) -> None:
    await stage.job()
    writes = stage.database.writes
    await look(stage)

    assert stage.database.writes == writes


async def test_what_is_due_and_not_sent_is_an_error(stage: Stage) -> None:
    await stage.job(LATE)

    project = await look(stage)

    assert codes(project) == [("DELIVERIES_LATE", Severity.ERROR)]
    assert project.findings[0].text.startswith(
        "Example account: 1 due, the first for 16 minutes (since 2026-11-23 09:14 UTC)."
    )


@pytest.mark.parametrize(
    "columns", [{"enabled": False}, {"paused_at": START, "pause_reason": PauseReason.AUTHENTICATION}]
)
async def test_what_does_not_send_anyway_is_not_called_late(stage: Stage, columns: dict[str, Any]) -> None:
    await stage.change(IntegrationRow, stage.lane, **columns)
    await stage.job(LATE)

    assert "DELIVERIES_LATE" not in {code for code, _ in codes(await look(stage))}


async def test_what_ended_unsent_within_a_week_is_a_warning(stage: Stage) -> None:
    await stage.job(ENDED, ENDED | {"finished_at": START - timedelta(days=8), "platform_event_id": "old"})

    project = await look(stage)

    assert codes(project) == [("DELIVERIES_UNSENT", Severity.WARNING)]
    assert project.findings[0].text.startswith("1 delivery ended unsent in the last 7 days.")
    assert [count.deliveries for count in project.integrations[0].unsent] == [1]


async def test_several_that_ended_unsent_are_counted(stage: Stage) -> None:
    await stage.job(ENDED, ENDED | {"platform_event_id": "other"})

    assert (await look(stage)).findings[0].text.startswith("2 deliveries ended unsent")


async def test_a_version_that_ends_soon_is_told_once_for_all_that_use_it(stage: Stage) -> None:
    other = await stage.second_lane()

    project = await look(stage, sunset_on=date(2026, 12, 24))

    assert codes(project) == [("API_SUNSET", Severity.WARNING)]
    assert set(project.findings[0].integration_ids) == {stage.lane, other}


async def test_a_platform_this_version_does_not_know_is_an_error(stage: Stage) -> None:
    await stage.change(IntegrationRow, stage.lane, platform=Platform.TIKTOK)

    project = await look(stage)

    assert codes(project) == [("PLATFORM_NOT_SUPPORTED", Severity.ERROR)]
    assert project.integrations[0].api is None


async def test_what_is_odd_about_labels_is_among_the_findings(stage: Stage) -> None:
    await stage.add(stage.label(name="Forgotten"))
    await stage.change(LabelRow, stage.label_id, archived_at=START)

    project = await look(stage)

    assert [code for code, _ in codes(project)] == ["LABEL_NOT_MAPPED", "INTEGRATION_NOT_MAPPED"]
    assert project.integrations[0].mappings == []


async def test_disconnected_integrations_are_not_shown(stage: Stage) -> None:
    await stage.change(IntegrationRow, stage.lane, disconnected_at=START, enabled=False, credentials="")

    assert (await look(stage)).integrations == []
