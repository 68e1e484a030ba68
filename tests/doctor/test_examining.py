"""`leadwire doctor` on real databases, beside whatever is running."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Mount
from typer.testing import CliRunner, Result

from app.cli import main
from app.connectors.registry import build_connectors
from app.database.database import Database
from app.database.migrating import migrate, run_step
from app.database.opening import open_database
from app.doctor.examining import examine
from app.doctor.report import ExitCode, Report
from app.encryption import Cipher, new_secret_key
from app.sandbox.application import sandbox_app
from app.services.health_findings import Severity
from app.settings import Settings
from app.values import PauseReason, Platform
from tests.end_to_end.live import serving
from tests.world import START, FakeClock, World

KEY = new_secret_key()


async def installation(database: Database) -> World:
    """One project with a label that is mapped to Meta."""
    world = await World(database, FakeClock(), Cipher(KEY), dict(build_connectors())).begin()
    label = await world.label()
    await world.map(label.id, await world.integration(Platform.META, "Main account"))
    return world


async def look(url: str, *, probe: bool = False, **changes: Any) -> Report:
    settings = Settings(**({"database_url": url, "secret_key": SecretStr(KEY)} | changes))
    return await examine(settings, probe=probe, clock=FakeClock())


def codes(report: Report) -> set[str]:
    found = {check.code for check in report.checks if check.severity in {Severity.ERROR, Severity.WARNING}}
    return found | {
        finding.code
        for project in report.projects
        for finding in project.findings
        if finding.severity is not Severity.NOTICE
    }


async def test_an_installation_in_order_has_nothing_to_do_while_it_is_running(
    sqlite_database: Database, sqlite_url: str
) -> None:
    await installation(sqlite_database)

    report = await look(sqlite_url)

    assert (report.exit_code, codes(report), report.failure) == (ExitCode.NOTHING_TO_DO, set(), None)
    assert [one.row.name for one in report.projects[0].integrations] == ["Main account"]
    assert report.probes == {}


async def test_postgresql_is_looked_at_the_same_way(
    postgres_database: Database, postgres_database_url: str
) -> None:
    await installation(postgres_database)

    report = await look(postgres_database_url, worker="off")

    assert (report.failure, codes(report)) == (None, set())


async def test_a_held_integration_needs_a_person(sqlite_database: Database, sqlite_url: str) -> None:
    world = await installation(sqlite_database)
    label = await world.label("Won")
    held = await world.integration(
        Platform.GOOGLE_ADS, paused_at=START, pause_reason=PauseReason.AUTHENTICATION
    )
    await world.map(label.id, held)

    report = await look(sqlite_url)

    assert (report.exit_code, codes(report)) == (ExitCode.NEEDS_A_PERSON, {"INTEGRATION_PAUSED"})


async def test_a_key_that_does_not_fit_needs_a_person(sqlite_database: Database, sqlite_url: str) -> None:
    await installation(sqlite_database)

    report = await look(sqlite_url, secret_key=SecretStr(new_secret_key()))

    assert (report.exit_code, codes(report)) == (ExitCode.NEEDS_A_PERSON, {"SECRET_KEY"})


async def test_an_old_version_that_was_set_needs_a_person(sqlite_database: Database, sqlite_url: str) -> None:
    await installation(sqlite_database)

    report = await look(sqlite_url, meta_api_version="v24.0")

    assert codes(report) == {"API_SUNSET"}


async def test_the_platforms_are_asked_when_that_is_wanted(
    sqlite_database: Database, sqlite_url: str
) -> None:
    world = await installation(sqlite_database)
    off = await world.integration(Platform.GA4, enabled=False)
    async with serving(Starlette(routes=[Mount("/sandbox", sandbox_app())])) as origin:
        report = await look(sqlite_url, probe=True, meta_base_url=f"{origin}/sandbox/meta")

    [probe] = report.probes.values()
    assert (probe.ok, probe.problems) == (True, [])
    assert off.id not in report.probes
    assert report.exit_code is ExitCode.NOTHING_TO_DO


async def test_a_platform_that_does_not_accept_the_connection_needs_a_person(
    sqlite_database: Database, sqlite_url: str, free_tcp_port: int
) -> None:
    await installation(sqlite_database)

    report = await look(sqlite_url, probe=True, meta_base_url=f"http://127.0.0.1:{free_tcp_port}")

    [probe] = report.probes.values()
    assert not probe.ok
    assert report.exit_code is ExitCode.NEEDS_A_PERSON


async def test_without_a_key_nobody_can_be_asked(sqlite_database: Database, sqlite_url: str) -> None:
    await installation(sqlite_database)

    report = await look(sqlite_url, probe=True, secret_key=None)

    assert (report.probes, codes(report)) == ({}, {"SECRET_KEY"})


def an_older_one(connection: Any) -> None:
    connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")


async def test_tables_of_another_version_cannot_be_looked_at(database_url: str) -> None:
    run_step(database_url, an_older_one)

    report = await look(database_url)

    assert report.exit_code is ExitCode.COULD_NOT_LOOK
    assert "`leadwire migrate`" in (report.failure or "")


async def test_what_is_no_database_cannot_be_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "leadwire.sqlite3"
    path.write_text("ada@example.com " * 100)

    report = await look(f"sqlite+aiosqlite:///{path}")

    assert report.failure == "the database could not do it: DatabaseError"


async def test_a_server_that_does_not_answer_cannot_be_looked_at(free_tcp_port: int) -> None:
    report = await look(f"postgresql+asyncpg://leadwire:hunter2@127.0.0.1:{free_tcp_port}/leadwire")

    assert report.exit_code is ExitCode.COULD_NOT_LOOK
    assert "hunter2" not in (report.failure or "")


def run(*arguments: str, **env: Any) -> Result:
    return CliRunner().invoke(main, ["doctor", *arguments], env=env)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "LEADWIRE_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'leadwire.sqlite3'}",
        "LEADWIRE_SECRET_KEY": KEY,
    }


def test_the_command_says_it_and_ends_with_it(environment: dict[str, str]) -> None:
    migrate(environment["LEADWIRE_DATABASE_URL"])

    result = run(**environment)

    assert result.exit_code == 0
    assert result.stdout.startswith("Leadwire, looked at on ")
    assert result.stdout.endswith("Nothing to do.\n")
    assert KEY not in result.stdout


def test_the_command_takes_no_lock(environment: dict[str, str]) -> None:
    migrate(environment["LEADWIRE_DATABASE_URL"])

    async def owned() -> Result:
        database = await open_database(environment["LEADWIRE_DATABASE_URL"])
        result = await asyncio.to_thread(run, **environment)
        await database.close()
        return result

    assert asyncio.run(owned()).exit_code == 0


def test_the_command_speaks_json_too(environment: dict[str, str]) -> None:
    result = run("--json", **environment)

    body = json.loads(result.stdout)
    assert (result.exit_code, body["exitCode"]) == (2, 2)
    assert "there is no database file" in body["failure"]


def test_settings_that_cannot_be_read_cannot_be_looked_at(environment: dict[str, str]) -> None:
    result = run(**(environment | {"LEADWIRE_PORT": "none"}))

    assert result.exit_code == 2
    assert "Could not look: LEADWIRE_PORT" in result.stdout
