"""`leadwire prune` as a person uses it, and beside a server."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.clock import utc_now
from app.connectors.registry import build_connectors
from app.database.database import Database
from app.database.errors import DatabaseLockedError
from app.database.opening import open_database
from app.pruning import run_prune
from app.services.pruning import Retention
from app.settings import SettingsError
from tests.test_cli import run
from tests.world import FakeClock, World, new_cipher

LONG_AGO = FakeClock(utc_now() - timedelta(days=500))
RETENTION = Retention(leads=400)
NOTHING_LEFT = [
    "Deleted:",
    "           0  leads",
    "           0  jobs",
    "           0  deliveries",
    "           0  attempts",
    "           0  requests and responses",
    "           0  audit events",
]
ONE_LEAD = ["           1  leads", *NOTHING_LEFT[2:]]


@pytest.fixture
async def opened(database_url: str) -> AsyncIterator[Database]:
    """The database with a lead that is 500 days old, as a running server has it open."""
    database = await open_database(database_url)
    world = await World(database, LONG_AGO, new_cipher(), dict(build_connectors())).begin()
    await world.lead(email="ada@example.com")
    yield database
    await database.close()


async def pruned(url: str, retention: Retention = RETENTION, *, dry_run: bool = False) -> list[str]:
    said: list[str] = []
    await run_prune(url, retention, dry_run=dry_run, say=said.append, clock=utc_now)
    return said


async def test_a_dry_run_counts_beside_a_running_server_and_changes_nothing(
    opened: Database, database_url: str
) -> None:
    said = await pruned(database_url, dry_run=True)

    assert said == ["Would be deleted; nothing was changed:", *ONE_LEAD]
    assert await pruned(database_url, dry_run=True) == said
    assert opened.waiting.writes == 0


async def test_on_postgresql_it_deletes_beside_a_running_server(
    postgres_database: Database, postgres_database_url: str
) -> None:
    world = await World(postgres_database, LONG_AGO, new_cipher(), dict(build_connectors())).begin()
    await world.lead(email="ada@example.com")

    assert await pruned(postgres_database_url) == ["Deleted:", *ONE_LEAD]
    assert await pruned(postgres_database_url) == NOTHING_LEFT


async def test_on_sqlite_whoever_runs_the_server_is_told_how_it_does_so_by_itself(sqlite_url: str) -> None:
    database = await open_database(sqlite_url)
    try:
        with pytest.raises(DatabaseLockedError, match=r"in use by process \d+.*LEADWIRE_RETENTION_JOBS_DAYS"):
            await pruned(sqlite_url)
    finally:
        await database.close()


async def test_without_a_number_of_days_it_deletes_nothing_and_says_what_to_give(database_url: str) -> None:
    with pytest.raises(SettingsError, match="give --leads, --jobs, --bodies or --audit"):
        await pruned(database_url, Retention())


async def test_tables_of_another_version_are_not_counted(empty_postgres_url: str) -> None:
    with pytest.raises(SettingsError, match="run `leadwire migrate` first"):
        await pruned(empty_postgres_url, dry_run=True)


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["--leads", "400"], {}),
        ([], {"LEADWIRE_RETENTION_LEADS_DAYS": "400"}),
        (["--leads", "400"], {"LEADWIRE_RETENTION_LEADS_DAYS": "900"}),
    ],
)
def test_the_command_takes_what_is_given_and_else_what_is_set(
    sqlite_url: str, arguments: list[str], environment: dict[str, str]
) -> None:
    result = run("prune", *arguments, "--dry-run", LEADWIRE_DATABASE_URL=sqlite_url, **environment)

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0] == "Would be deleted; nothing was changed:"


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        ([], {}, "nothing to delete"),
        (["--jobs", "99"], {}, "greater than or equal to 100"),
        (["--leads", "99"], {}, "greater than or equal to 100"),
        (["--bodies", "0"], {}, "greater than or equal to 1"),
        ([], {"LEADWIRE_RETENTION_JOBS_DAYS": "99"}, "LEADWIRE_RETENTION_JOBS_DAYS: Input should be greater"),
        ([], {"LEADWIRE_RETENTION_AUDIT_DAYS": "no"}, "LEADWIRE_RETENTION_AUDIT_DAYS: Input should be"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_deleted(
    sqlite_url: str, arguments: list[str], environment: dict[str, str], said: str
) -> None:
    result = run("prune", *arguments, LEADWIRE_DATABASE_URL=sqlite_url, **environment)

    assert result.exit_code != 0
    assert said in " ".join(result.stderr.replace("│", " ").split())
