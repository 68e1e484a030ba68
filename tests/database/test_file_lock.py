"""One process owns a SQLite file for writing."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.database.database import Database
from app.database.errors import DatabaseLockedError
from app.database.file_lock import FileLock
from app.database.opening import open_database

OPEN_AND_WAIT = """
import asyncio, sys
from app.database.errors import DatabaseLockedError
from app.database.opening import open_database

async def main() -> None:
    try:
        database = await open_database(sys.argv[1])
    except DatabaseLockedError as error:
        print(f"refused: {error}", flush=True)
        return
    print("opened", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await database.close()

asyncio.run(main())
"""


def another_process(url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OPEN_AND_WAIT, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def test_a_second_process_is_refused_with_a_message_that_says_what_to_do(sqlite_url: str) -> None:
    with another_process(sqlite_url) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "opened\n"
        with another_process(sqlite_url) as second:
            answer, _ = second.communicate()
        owner.communicate()

    assert answer.startswith("refused: ")
    assert sqlite_url.removeprefix("sqlite+aiosqlite:///") in answer
    assert f"process {owner.pid}" in answer
    assert "stop that one first" in answer
    assert "PostgreSQL" in answer


async def test_the_owner_goes_on_after_another_process_was_refused(
    sqlite_database: Database, sqlite_url: str
) -> None:
    with another_process(sqlite_url) as second:
        answer, _ = second.communicate()

    assert answer.startswith("refused: ")
    assert await sqlite_database.write(lambda _session: 42) == 42


async def test_the_death_of_its_process_gives_the_file_back(sqlite_url: str) -> None:
    with another_process(sqlite_url) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "opened\n"
        owner.kill()

    database = await open_database(sqlite_url)
    await database.close()


async def test_closing_gives_the_file_back(sqlite_url: str) -> None:
    first = await open_database(sqlite_url)
    await first.close()

    second = await open_database(sqlite_url)
    await second.close()


async def test_a_second_opening_in_one_process_is_refused_too(
    sqlite_database: Database, sqlite_url: str
) -> None:
    with pytest.raises(DatabaseLockedError, match=f"process {os.getpid()}"):
        await open_database(sqlite_url)


async def test_two_names_of_one_file_share_the_lock(
    sqlite_database: Database, sqlite_url: str, tmp_path: Path
) -> None:
    link = tmp_path / "link.sqlite3"
    link.symlink_to(sqlite_url.removeprefix("sqlite+aiosqlite:///"))

    with pytest.raises(DatabaseLockedError):
        await open_database(f"sqlite+aiosqlite:///{link}")


async def test_a_file_that_is_no_database_leaves_no_lock_behind(tmp_path: Path) -> None:
    path = tmp_path / "letter.sqlite3"
    path.write_text("Dear Ada, this is no database. " * 100)

    with pytest.raises(Exception, match="not a database"):
        await open_database(f"sqlite+aiosqlite:///{path}")

    lock = FileLock(path)
    lock.acquire()
    lock.release()


def test_an_owner_that_has_not_written_its_number_yet_is_still_an_owner(tmp_path: Path) -> None:
    with (tmp_path / "leadwire.sqlite3.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        with pytest.raises(DatabaseLockedError, match="in use by another process"):
            FileLock(tmp_path / "leadwire.sqlite3").acquire()


def test_a_file_system_without_locks_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)

    with pytest.raises(OSError, match="No locks available"):
        FileLock(tmp_path / "leadwire.sqlite3").acquire()


def test_releasing_a_lock_that_is_not_held_does_nothing(tmp_path: Path) -> None:
    FileLock(tmp_path / "leadwire.sqlite3").release()


async def test_the_file_and_its_log_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "private.sqlite3"
    database = await open_database(f"sqlite+aiosqlite:///{path}")
    await database.write(lambda session: session.connection().exec_driver_sql("CREATE TABLE t (x)"))

    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    await database.close()

    assert set(modes) >= {"private.sqlite3", "private.sqlite3-wal", "private.sqlite3.lock"}
    assert set(modes.values()) == {0o600}
