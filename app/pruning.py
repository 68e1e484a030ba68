"""`leadwire prune`: deletes what is older than somebody wants to keep, or says how much that is."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

from app.clock import Clock
from app.database.errors import DatabaseLockedError
from app.database.migrating import is_up_to_date, upgrade
from app.database.opening import open_database, open_for_reading
from app.services.pruning import Pruned, Retention, Steps, count_prunable, prune
from app.settings import SettingsError

Say = Callable[[str], None]


async def run_prune(url: str, retention: Retention, *, dry_run: bool, say: Say, clock: Clock) -> None:
    """Delete, and `say` how much went; broken off, it goes on when it is run again.

    Raises:
        SettingsError: all of it is kept for ever, or (`dry_run`) the tables are not of this version.
        DatabaseLockedError: another process owns the SQLite file; not for `dry_run`, which locks nothing.
    """
    if retention.is_for_ever:
        raise SettingsError(
            "nothing to delete: give --leads, --jobs, --bodies or --audit a number of days, or set"
            " LEADWIRE_RETENTION_LEADS_DAYS, LEADWIRE_RETENTION_JOBS_DAYS and so on."
        )
    opened = _counting(url, retention, clock) if dry_run else _deleting(url, retention, clock)
    total = Pruned()
    async with opened as steps:
        async for pruned in steps:
            total += pruned
    say("Would be deleted; nothing was changed:" if dry_run else "Deleted:")
    for what, count in _lines(total):
        say(f"{count:>12,}  {what}")


@asynccontextmanager
async def _deleting(url: str, retention: Retention, clock: Clock) -> AsyncIterator[Steps]:
    try:
        await upgrade(url)
        database = await open_database(url)
    except DatabaseLockedError as error:
        raise DatabaseLockedError(
            f"{error} Or have `leadwire serve` do it by itself: LEADWIRE_RETENTION_JOBS_DAYS and so on."
        ) from None
    try:
        async with aclosing(prune(database, retention, clock())) as steps:
            yield steps
    finally:
        await database.close()


@asynccontextmanager
async def _counting(url: str, retention: Retention, clock: Clock) -> AsyncIterator[Steps]:
    database = await open_for_reading(url)
    try:
        if not await database.read(lambda session: is_up_to_date(session.connection())):
            raise SettingsError("the tables are not those of this version: run `leadwire migrate` first")
        async with aclosing(count_prunable(database, retention, clock())) as steps:
            yield steps
    finally:
        await database.close()


def _lines(pruned: Pruned) -> list[tuple[str, int]]:
    return [
        ("leads", pruned.leads),
        ("jobs", pruned.jobs),
        ("deliveries", pruned.deliveries),
        ("attempts", pruned.attempts),
        ("requests and responses", pruned.bodies),
        ("audit events", pruned.events),
    ]
