"""`leadwire copy-to`: an installation on SQLite becomes one on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, Table, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.util import immutabledict

from app.database.applications import COPYING, named_engine, working_elsewhere
from app.database.backing_up import find_damage
from app.database.copying import marks
from app.database.copying.fingerprints import Fingerprint, fingerprint
from app.database.copying.rows import CopyError, copy_table, go_on_counting
from app.database.errors import DatabaseLockedError, DatabaseUrlError
from app.database.migrating import is_up_to_date, upgrade
from app.database.owning import owned_sqlite
from app.database.redaction import plain_text
from app.database.urls import read_url, sqlite_path
from app.tables.registry import metadata

CHUNK: Final = 1_000
"""Rows in one transaction."""

_ADVISORY_LOCK = 5_316_291_308
"""As in app.database.migrating, and another one."""
_LOCK_TRIES = 50
_LOOK_AGAIN_S = 0.2

Say = Callable[[str], None]
Fingerprints = dict[str, Fingerprint]


async def run_copy(source_url: str, target_url: str, *, restart: bool, say: Say, chunk: int = CHUNK) -> None:
    """Copy all rows to the PostgreSQL database `target_url`, compare both, and have everybody move over.

    Broken off at any moment, it goes on when it is run again. Until it has come to its end nobody may work on
    the target, and from then on nobody on the source. `restart`: empty a target that is half copied first.

    Raises:
        DatabaseUrlError: the source is no SQLite file, or the target no PostgreSQL database.
        DatabaseLockedError: somebody works on the source.
        CopyError: it cannot be done, or the copy is not the original.
    """
    path, target_place = _ends(source_url, target_url)
    try:
        with owned_sqlite(path) as source:
            async with _alone(target_place) as target:
                with source.begin():
                    job = Job(source, target_url, target_place, say, chunk)
                    await job.run(target, restart=restart)
                # The source first: never are there two that would send.
                await target.run_sync(_finish)
    except DatabaseLockedError as error:
        raise DatabaseLockedError(f"{error} Nobody may write while it is copied.") from None
    except DBAPIError as error:
        raise CopyError(f"{plain_text(error)}. Run it again: it goes on where it was.") from None
    say(f"Complete. Set LEADWIRE_DATABASE_URL to {_for_people(target_place)} from now on: {path} is retired.")


@dataclass
class Job:
    """One run of the command, once both ends are at hand."""

    source: Connection
    """In a transaction that shuts out every other writer."""
    target_url: str
    target_place: URL
    say: Say
    chunk: int
    held: Fingerprints = field(default_factory=dict)
    """What the source holds."""

    async def run(self, target: AsyncConnection, *, restart: bool) -> None:
        """Check, copy, compare, and mark the source, still uncommitted, as moved."""
        self._check_source()
        self.held = {table.name: fingerprint(self.source, table) for table in _tables()}
        self.say(f"The source holds {sum(one.rows for one in self.held.values()):,} rows.")
        await target.run_sync(self._prepare, restart)
        await upgrade(self.target_url)
        await target.run_sync(self._begin)
        await target.run_sync(self._copy)
        marks.mark_moved(self.source, _for_people(self.target_place))

    def _check_source(self) -> None:
        if not is_up_to_date(self.source):
            raise CopyError("the source's tables are not those of this version: run `leadwire migrate` first")
        damage = find_damage(self.source)
        if damage:
            raise CopyError(f"the source is damaged: {'; '.join(damage)}")

    def _prepare(self, target: Connection, restart: bool) -> None:
        """Make sure, before anything is changed, that the target is empty or has a part of this copy."""
        with target.begin():
            if not marks.is_half_copied(target):
                self._refuse_repetition()
                _refuse_rows(target)
            elif restart:
                target.execute(text(f"TRUNCATE {', '.join(table.name for table in _tables_in(target))}"))
                marks.end(target)
                self.say("The target was emptied.")
            else:
                self._refuse_another_source(marks.begun_with(target))

    def _refuse_repetition(self) -> None:
        moved_to = marks.moved_to(self.source)
        if moved_to is not None:
            raise CopyError(f"the source was copied to {moved_to} already: its rows are out of date")

    def _refuse_another_source(self, begun_with: Fingerprints) -> None:
        changed = _different(begun_with, self.held)
        if changed:
            raise CopyError(
                "the target has a part of another source, or the source has changed since"
                f" ({', '.join(changed)}): --restart empties the target and begins anew"
            )
        self.say("Going on where it was broken off.")

    def _begin(self, target: Connection) -> None:
        is_new = not marks.is_half_copied(target)
        if is_new:
            marks.begin(target, self.held)
        target.commit()
        # After the mark is seen: whoever comes from now on is refused.
        others = working_elsewhere(target)
        if others and is_new:
            marks.end(target)
        target.commit()
        if others:
            raise CopyError(f"others are at work on the target, stop them first: {'; '.join(others)}")

    def _copy(self, target: Connection) -> None:
        for table in _tables():
            telling = _Telling(self.say, table.name, self.held[table.name].rows)
            copy_table(self.source, target, table, chunk=self.chunk, copied=telling.copied)
        with target.begin():
            for table in _tables():
                go_on_counting(self.source, target, table)
                target.execute(text(f"ANALYZE {table.name}"))  # plans go by it from the first request on
        self.say("Comparing.")
        with target.begin():
            arrived = {table.name: fingerprint(target, table) for table in _tables()}
        self.say(_report(self.held, arrived))
        wrong = _different(self.held, arrived)
        if wrong:
            raise CopyError(
                f"the copy is not the original: {', '.join(wrong)}. Nobody may work on it;"
                " --restart empties the target and begins anew"
            )


def _ends(source_url: str, target_url: str) -> tuple[Path, URL]:
    source, target = read_url(source_url), read_url(target_url)
    if source.get_backend_name() != "sqlite":
        raise DatabaseUrlError("LEADWIRE_DATABASE_URL is what is copied from, and must be a SQLite file")
    if target.get_backend_name() != "postgresql":
        raise DatabaseUrlError("what is copied to must be postgresql+asyncpg://user:password@host/name")
    path = sqlite_path(source)
    if not path.is_file():
        raise DatabaseUrlError(f"there is no database file {path}")
    return path, target


@asynccontextmanager
async def _alone(target: URL) -> AsyncIterator[AsyncConnection]:
    """A connection to the target while no other process copies into it."""
    engine = named_engine(target, COPYING)
    try:
        async with engine.connect() as connection:
            take = text("SELECT pg_try_advisory_lock(:key)")
            for _ in range(_LOCK_TRIES):
                taken = await connection.scalar(take, {"key": _ADVISORY_LOCK})
                await connection.commit()
                if taken:
                    break
                # The server may take a moment to see that a copier was killed.
                await asyncio.sleep(_LOOK_AGAIN_S)
            else:
                raise CopyError("another `leadwire copy-to` is copying into this database")
            yield connection
    finally:
        await engine.dispose()


def _tables() -> list[Table]:
    """Every table, parents before those that refer to them."""
    return metadata.sorted_tables


def _tables_in(target: Connection) -> list[Table]:
    there = set(inspect(target).get_table_names())
    return [table for table in _tables() if table.name in there]


def _refuse_rows(target: Connection) -> None:
    for table in _tables_in(target):
        if target.execute(select(text("1")).select_from(table).limit(1)).first():
            raise CopyError(f"the target is in use: {table.name} has rows. Copy into an empty database")


def _finish(target: Connection) -> None:
    with target.begin():
        marks.end(target)


def _different(one: Fingerprints, other: Fingerprints) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def _report(held: Fingerprints, arrived: Fingerprints) -> str:
    """A line a table: rows and checksum on both sides."""
    lines = [("table", "rows", "copied", "checksum", "")]
    for name, source in held.items():
        target = arrived[name]
        verdict = "same" if source == target else "DIFFERENT"
        lines.append((name, f"{source.rows:,}", f"{target.rows:,}", source.checksum[:16], verdict))
    return "\n".join(_aligned(lines))


def _aligned(lines: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for name, rows, copied, checksum, verdict in lines:
        numbers = f"{rows:>{widths[1]}}  {copied:>{widths[2]}}"
        yield f"{name:<{widths[0]}}  {numbers}  {checksum:<{widths[3]}}  {verdict}".rstrip()


def _for_people(url: URL) -> str:
    return url._replace(username=None, password=None, query=immutabledict()).render_as_string()


class _Telling:
    """Says every tenth of a table."""

    def __init__(self, say: Say, table: str, rows: int) -> None:
        self._say = say
        self._table = table
        self._rows = rows
        self._copied = 0

    def copied(self, rows: int) -> None:
        """Take `rows` more into account."""
        before, self._copied = self._copied, self._copied + rows
        if self._copied * 10 // self._rows > before * 10 // self._rows:
            self._say(f"{self._table}: {self._copied:,} more of {self._rows:,} rows")
