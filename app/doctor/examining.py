"""`leadwire doctor`: opens what it takes to look, and looks."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from app.clock import Clock
from app.connectors.base import Connector
from app.connectors.client import open_client
from app.connectors.http import Wire
from app.connectors.opening import Opener
from app.connectors.registry import build_connectors
from app.database.database import ReadableDatabase
from app.database.errors import DatabaseError
from app.database.migrating import is_up_to_date
from app.database.opening import open_for_reading
from app.database.redaction import plain_text
from app.doctor.checks import Check, check_alerts, check_key, check_worker, overrides, place_of
from app.doctor.monitoring import as_json
from app.doctor.report import Report
from app.doctor.text import as_text
from app.repositories.health import list_connected
from app.runtime import endpoints, read_cipher
from app.services.health import HealthService, IntegrationHealth, ProjectHealth
from app.services.probe_report import Report as Probe
from app.services.probing import try_out
from app.settings import Settings, SettingsError, read_settings
from app.values import Platform


async def run_doctor(*, probe: bool, json_wanted: bool, say: Callable[[str], None], clock: Clock) -> int:
    """Look at the installation the environment names, `say` what was found, answer the exit code."""
    try:
        report = await examine(read_settings(), probe=probe, clock=clock)
    except SettingsError as error:
        report = Report(looked_at=clock(), failure=str(error))
    say(json.dumps(as_json(report), indent=2) if json_wanted else as_text(report))
    return int(report.exit_code)


async def examine(settings: Settings, *, probe: bool, clock: Clock) -> Report:
    """Look at everything. `probe`: ask the platforms, too, which counts nothing; nothing is written."""
    report = Report(looked_at=clock(), checks=[await check_alerts(settings), *overrides(settings)])
    try:
        database = await open_for_reading(settings.database_url)
        try:
            return await _look(database, report, settings, probe=probe, clock=clock)
        finally:
            await database.close()
    except (DatabaseError, OSError) as error:
        failure = str(error)
    except SQLAlchemyError as error:
        failure = plain_text(error)
    return replace(report, failure=failure)


async def _look(
    database: ReadableDatabase, report: Report, settings: Settings, *, probe: bool, clock: Clock
) -> Report:
    place = place_of(settings.database_url)
    if not await database.read(_is_up_to_date):
        failure = (
            f"the tables of {place} are not those of this version; `leadwire migrate` brings them up to date"
        )
        return replace(report, failure=failure)
    connectors = build_connectors(
        Wire(clock=clock, allow_private_addresses=settings.webhook_allow_private_addresses)
    )
    service = HealthService(
        database=database,
        facts={platform: connector.facts for platform, connector in connectors.items()},
        endpoints=endpoints(settings, connectors),
        clock=clock,
    )
    projects = await service.projects()
    checks = [
        check_key(settings, await database.read(list_connected)),
        Check(code="DATABASE", title="Database", text=f"{place}, up to date"),
        check_worker(settings, database.dialect),
        *report.checks,
    ]
    probes = await _probe(settings, connectors, projects) if probe else {}
    return replace(report, checks=checks, projects=projects, probes=probes)


def _is_up_to_date(session: Session) -> bool:
    return is_up_to_date(session.connection())


async def _probe(
    settings: Settings, connectors: Mapping[Platform, Connector], projects: Sequence[ProjectHealth]
) -> dict[UUID, Probe]:
    """Ask about every integration that is enabled."""
    try:
        cipher = read_cipher(settings)
    except SettingsError:
        return {}  # check_key() says so
    asked = [(one, project) for project in projects for one in project.integrations if one.row.enabled]
    async with open_client() as http:
        # A refresh token that is replaced meanwhile is not stored: platforms do not end the old one by that.
        opener = Opener(
            connectors=connectors, endpoints=endpoints(settings, connectors), cipher=cipher, http=http
        )
        probes = await asyncio.gather(*(_ask(opener, one, project) for one, project in asked))
    return {one.row.id: probe for (one, _), probe in zip(asked, probes, strict=True)}


async def _ask(opener: Opener, one: IntegrationHealth, project: ProjectHealth) -> Probe:
    targets: dict[str, list[str]] = {}
    for mapping in one.mappings:
        targets.setdefault(mapping.target, []).append(project.labels[mapping.label_id].name)
    return await try_out(opener, one.row, targets)
