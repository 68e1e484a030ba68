"""The SQLite file that every contestant starts from, and what must be in it afterwards."""

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url
from sqlmodel import Session

from app.clock import utc_now
from app.database.opening import open_database
from app.encryption import Cipher, new_secret_key
from app.runtime import prepare_database
from app.services.viewer import key_row, new_key
from app.values import Platform, Scope
from benchmarks.databases import sqlite_url
from benchmarks.filling import Place, Story, open_place

PLATFORMS = [Platform.GOOGLE_ADS, Platform.META, Platform.GA4]
"""One delivery each."""


class WrongDatabaseError(Exception):
    """What was answered is not what is stored."""


@dataclass(frozen=True, slots=True)
class Track:
    """A database to start from: leads `crm-1` and up, for which nothing was queued yet."""

    url: str
    secret_key: str
    """The installation's."""
    api_key: str
    label_id: str
    leads: int
    """That can be converted."""

    @property
    def path(self) -> Path:
        """The file, of SQLite."""
        return Path(make_url(self.url).database or "")

    def copy(self, path: Path) -> None:
        """The same file at `path`, on the disk: nothing of it is left to be written during the race."""
        shutil.copyfile(self.path, path)
        with path.open("rb+") as file:
            os.fsync(file.fileno())


async def lay_track(url: str, leads: int, finished: int = 0) -> Track:
    """A new, migrated and filled database. `finished`: so many more leads, converted long ago."""
    await prepare_database(url)
    secret_key, api_key = new_secret_key(), new_key()
    database = await open_database(url)
    try:
        place = await open_place(database, Cipher(secret_key), PLATFORMS)
        await place.fill(leads, Story.NEW)
        await place.fill(finished, Story.FINISHED)
        await place.settle()
        await database.write(lambda session: _add_key(session, place, api_key))
    finally:
        await database.close()
    return Track(url, secret_key, api_key, str(place.label_id), leads)


def _add_key(session: Session, place: Place, api_key: str) -> None:
    scopes = frozenset({Scope.STATUS_WRITE})
    session.add(key_row(project_id=place.project_id, name="race", key=api_key, scopes=scopes, clock=utc_now))


def lay_sqlite_track(path: Path, leads: int, finished: int = 0) -> Track:
    """The same outside of an event loop, in one file: what is in its log is moved into it."""
    track = asyncio.run(lay_track(sqlite_url(path), leads, finished))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return track


def check_database(path: Path, *, replies: int, in_flight: int) -> None:
    """Refuse a database that does not hold what was answered.

    `replies`: status changes that were answered. `in_flight`: how many more may have been carried out, whose
    answers nobody waited for. WrongDatabaseError.
    """
    with closing(sqlite3.connect(path)) as connection:

        def number(sql: str) -> int:
            return int(connection.execute(sql).fetchone()[0])

        jobs = number("SELECT count(*) FROM conversion_job WHERE active")
        found = {
            "jobs": jobs,
            "leads": number(
                "SELECT count(*) FROM lead WHERE status = 'PENDING' AND current_job_id IS NOT NULL"
            ),
            "whole jobs": number(_WHOLE_JOBS),
            "damage": number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
            "orphans": number("SELECT count(*) FROM pragma_foreign_key_check"),
        }
    expected = {"jobs": jobs, "leads": jobs, "whole jobs": jobs, "damage": 0, "orphans": 0}
    if found != expected or not replies <= jobs <= replies + in_flight:
        raise WrongDatabaseError(f"{replies} replies, at most {in_flight} more, but stored: {found}")


_WHOLE_JOBS = f"""
SELECT count(*) FROM (
    SELECT job_id FROM delivery JOIN conversion_job ON conversion_job.id = job_id AND active
    WHERE delivery.state = 'SCHEDULED'
    GROUP BY job_id HAVING count(DISTINCT integration_id) = {len(PLATFORMS)}
)
"""
