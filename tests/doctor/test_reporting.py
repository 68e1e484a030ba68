"""The doctor's report, for people and for programs."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.doctor.checks import Check
from app.doctor.monitoring import as_json
from app.doctor.report import ExitCode, Report
from app.doctor.text import as_text
from app.repositories.health import Queue, UnsentCount
from app.services.health import IntegrationHealth, ProjectHealth
from app.services.health_findings import HealthFinding, Severity
from app.services.probe_report import Report as Probe
from app.services.sunsets import ApiVersion
from app.tables.integrations import IntegrationRow
from app.tables.projects import ProjectRow
from app.values import DeliveryState, PauseReason, Platform
from tests.world import START

PROJECT = ProjectRow(id=UUID(int=1), name="Shop", country_code="NL", currency="EUR", created_at=START)
API = ApiVersion(
    title="Meta",
    variable="LEADWIRE_META_API_VERSION",
    version="v26.0",
    is_override=False,
    ends_on=date(2028, 7, 29),
    is_known=True,
)
OK = Check(code="DATABASE", title="Database", text="up to date")
NOTICE = Check(code="ALERTS", title="Alerts", text="not set", severity=Severity.NOTICE)
FINDING = HealthFinding(
    code="TEST_MODE", severity=Severity.WARNING, text="Test mode is on.", integration_ids=(UUID(int=2),)
)


def integration(*, name: str = "Main", api: ApiVersion | None = API, **columns: Any) -> IntegrationHealth:
    row = IntegrationRow(
        id=UUID(int=2),
        project_id=PROJECT.id,
        platform=Platform.META,
        name=name,
        settings={},
        credentials="hunter2",
        created_at=START,
        updated_at=START,
        **columns,
    )
    return IntegrationHealth(row=row, api=api, queue=Queue(0, None, 0), unsent=[], mappings=[])


PAUSED = IntegrationHealth(
    row=integration(
        paused_at=START,
        pause_reason=PauseReason.AUTHENTICATION,
        pause_message="The token has ended.",
        probe_at=START + timedelta(minutes=15),
        test_mode=True,
    ).row,
    api=API,
    queue=Queue(3, START, 2),
    unsent=[
        UnsentCount(UUID(int=2), DeliveryState.REJECTED, "2804003", 4),
        UnsentCount(UUID(int=2), DeliveryState.UNCONFIRMED, None, 1),
    ],
    mappings=[],
)


def report(
    *integrations: IntegrationHealth, findings: list[HealthFinding] | None = None, **parts: Any
) -> Report:
    project = ProjectHealth(project=PROJECT, labels={}, integrations=integrations, findings=findings or [])
    return Report(**({"looked_at": START, "checks": [OK, NOTICE], "projects": [project]} | parts))


def test_nothing_to_do_is_said_and_a_notice_does_not_change_that() -> None:
    found = report(integration())

    assert found.exit_code is ExitCode.NOTHING_TO_DO
    assert as_text(found) == (
        "Leadwire, looked at on 2026-11-23 09:30 UTC\n"
        "\n"
        "Installation\n"
        "  ok       Database  up to date\n"
        "  notice   Alerts    not set\n"
        "\n"
        "Project Shop\n"
        "  Main  META  running  live  API: v26.0, ends on 2028-07-29  0 due, 0 held\n"
        "\n"
        "Nothing to do."
    )


def test_everything_that_is_wrong_with_an_integration_stands_below_it() -> None:
    probe = Probe(
        is_accepted=False, message="Meta does not accept the connection.", problems=["The token has ended."]
    )

    found = report(PAUSED, findings=[FINDING], probes={UUID(int=2): probe})

    assert found.exit_code is ExitCode.NEEDS_A_PERSON
    assert as_text(found).split("\n")[7:] == [
        "  Main  META  paused  test mode  API: v26.0, ends on 2028-07-29  3 due since 2026-11-23 09:30 UTC, 2 held",
        "      paused since 2026-11-23 09:30 UTC, AUTHENTICATION, tried again at 2026-11-23 09:45 UTC: The token has ended.",
        "      unsent in the last 7 days: 4 REJECTED 2804003, 1 UNCONFIRMED",
        "      asked just now: error: Meta does not accept the connection.",
        "      The token has ended.",
        "  Findings",
        "    warning  Test mode is on.",
        "",
        "Needs a person: 1 error(s), 1 warning(s).",
    ]


def test_columns_are_aligned() -> None:
    lines = as_text(report(integration(), integration(name="Longer name", enabled=False, api=None))).split(
        "\n"
    )

    first, second = lines[7:9]
    assert first.index("META") == second.index("META")
    assert first.index("API: v26.0") == second.index("API: not supported")
    assert " disabled " in second


def test_a_pause_without_reason_and_message_is_shown_all_the_same() -> None:
    assert "for a reason that is not known: no message" in as_text(report(integration(paused_at=START)))


def test_a_project_without_integrations_says_so() -> None:
    assert "  No integration is connected." in as_text(report()).split("\n")


def test_a_name_cannot_give_orders_to_a_terminal() -> None:
    text = as_text(report(integration(name="\x1b[2J\nMain")))

    assert "\x1b" not in text
    assert "[2J Main" in text


def test_what_could_not_be_looked_at_says_why() -> None:
    found = Report(looked_at=START, failure="there is no database file")

    assert found.exit_code is ExitCode.COULD_NOT_LOOK
    assert as_text(found).split("\n")[-1] == "Could not look: there is no database file"
    assert as_json(found)["exitCode"] == 2


@pytest.mark.parametrize("severity", [Severity.ERROR, Severity.WARNING])
def test_a_check_that_failed_needs_a_person(severity: Severity) -> None:
    check = Check(code="WORKER", title="Worker", text="", severity=severity)

    assert report(checks=[check]).exit_code is ExitCode.NEEDS_A_PERSON


def test_programs_get_the_same_as_json() -> None:
    probe = Probe(is_accepted=True, message="Meta was asked.", problems=[])

    body = as_json(report(PAUSED, findings=[FINDING], probes={UUID(int=2): probe}))

    id_ = "00000000-0000-0000-0000-00000000000{}"
    assert json.loads(json.dumps(body)) == {
        "exitCode": 1,
        "failure": None,
        "lookedAt": "2026-11-23T09:30:00+00:00",
        "counts": {"ERROR": 0, "WARNING": 1, "NOTICE": 1},
        "checks": [
            {"code": "DATABASE", "severity": None, "text": "up to date"},
            {"code": "ALERTS", "severity": "NOTICE", "text": "not set"},
        ],
        "projects": [
            {
                "id": id_.format(1),
                "name": "Shop",
                "integrations": [
                    {
                        "id": id_.format(2),
                        "name": "Main",
                        "platform": "META",
                        "enabled": True,
                        "testMode": True,
                        "paused": True,
                        "pauseReason": "AUTHENTICATION",
                        "pauseMessage": "The token has ended.",
                        "pausedAt": "2026-11-23T09:30:00+00:00",
                        "nextProbeAt": "2026-11-23T09:45:00+00:00",
                        "apiVersion": {
                            "version": "v26.0",
                            "isOverride": False,
                            "endsOn": "2028-07-29",
                            "isKnown": True,
                        },
                        "due": 3,
                        "oldestDueAt": "2026-11-23T09:30:00+00:00",
                        "held": 2,
                        "unsent": [
                            {"state": "REJECTED", "errorCode": "2804003", "count": 4},
                            {"state": "UNCONFIRMED", "errorCode": None, "count": 1},
                        ],
                        "probe": {"ok": True, "message": "Meta was asked.", "problems": []},
                    }
                ],
                "findings": [
                    {
                        "code": "TEST_MODE",
                        "severity": "WARNING",
                        "text": "Test mode is on.",
                        "labelIds": [],
                        "integrationIds": [id_.format(2)],
                        "mappingIds": [],
                    }
                ],
            }
        ],
    }


def test_credentials_are_in_neither_form() -> None:
    found = report(integration(api=None))

    assert "hunter2" not in as_text(found) + json.dumps(as_json(found))
