"""`leadwire backup` as a person uses it, and the way back from a backup."""

import asyncio
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.backup import _Telling, run_backup
from app.database.backing_up import BackupError
from app.encryption import new_secret_key
from tests.test_cli import run, set_up
from tests.test_demo import PATIENCE_S, ROOT, read_until, started


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "LEADWIRE_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'leadwire.sqlite3'}",
        "LEADWIRE_SECRET_KEY": new_secret_key(),
        "LEADWIRE_PORT": "0",
    }


def key_of_a_project(environment: dict[str, str]) -> str:
    assert set_up(environment).exit_code == 0
    return run("create-key", "Example", "--scope", "admin", **environment).stdout


class Served:
    """A server that has started, and a caller with a key."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, key: str) -> None:
        self.process = process
        self._url = url
        self._key = key

    @classmethod
    async def by(cls, process: asyncio.subprocess.Process, key: str) -> "Served":
        said = await read_until(process, "/graphql")
        return cls(process, re.search(r"http://\S+", said)[0], key)  # type: ignore[index]

    async def ask(self, query: str) -> Any:
        async with httpx.AsyncClient() as http:
            answer = await http.post(self._url, json={"query": query}, headers={"X-API-Key": self._key})
        return answer.json()["data"]

    async def create(self, identifier: str) -> None:
        created = f'mutation {{ createLead(input: {{ uniqueIdentifier: "{identifier}" }}) {{ __typename }} }}'
        assert (await self.ask(created))["createLead"]["__typename"] == "CreateLeadSuccess"

    async def has(self, identifier: str) -> bool:
        found = await self.ask(f'{{ lead(by: {{ uniqueIdentifier: "{identifier}" }}) {{ id }} }}')
        return found["lead"] is not None

    async def kill(self) -> None:
        self.process.kill()
        async with asyncio.timeout(PATIENCE_S):
            await self.process.communicate()


async def test_a_server_goes_on_from_a_backup_that_was_made_while_it_ran(
    environment: dict[str, str], tmp_path: Path
) -> None:
    key = (await asyncio.to_thread(key_of_a_project, environment)).strip()
    database, saved = tmp_path / "leadwire.sqlite3", tmp_path / "saved.sqlite3"

    async with started("serve", cwd=tmp_path, **environment) as process:
        server = await Served.by(process, key)
        await server.create("before")
        async with started("backup", str(saved), cwd=tmp_path, **environment) as backing_up:
            said, errors = await backing_up.communicate()
        await server.create("after")
        # The worst end: its log still holds pages of the file that is replaced now.
        await server.kill()
    database.with_name("leadwire.sqlite3-wal").unlink()
    database.with_name("leadwire.sqlite3-shm").unlink()
    shutil.copyfile(saved, database)
    async with started("serve", cwd=tmp_path, **environment) as process:
        server = await Served.by(process, key)
        known = [await server.has("before"), await server.has("after")]
        await server.create("later")

    assert (backing_up.returncode, errors) == (0, b"")
    assert said.decode() == f"{saved}: {saved.stat().st_size:,} bytes, checked.\n"
    assert known == [True, False]


async def test_giving_up_leaves_nothing_behind(environment: dict[str, str], tmp_path: Path) -> None:
    source = tmp_path / "leadwire.sqlite3"
    with closing(sqlite3.connect(source)) as connection:
        connection.executescript("CREATE TABLE x (y); INSERT INTO x VALUES (zeroblob(30000000))")
    said: list[str] = []

    backing_up = asyncio.create_task(
        run_backup(environment["LEADWIRE_DATABASE_URL"], tmp_path / "copy", force=False, say=said.append)
    )
    await asyncio.sleep(0)
    backing_up.cancel()

    with pytest.raises(asyncio.CancelledError):
        await backing_up
    assert (said, os.listdir(tmp_path)) == ([], ["leadwire.sqlite3"])


def test_a_disk_without_room_is_said_in_a_line_and_holds_nothing_after(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "leadwire.sqlite3")) as connection:
        connection.executescript("CREATE TABLE x (y); INSERT INTO x VALUES (zeroblob(30000000))")
    before = set(os.listdir(tmp_path))
    # In blocks of 512 bytes, for every file this process writes.
    limited = (
        f"ulimit -f 10000; exec {sys.executable} -c 'from app.cli import main; main()' backup copy.sqlite3"
    )

    done = subprocess.run(
        ["/bin/sh", "-c", limited],
        cwd=tmp_path,
        env=os.environ | environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert re.fullmatch(
        r"leadwire: .* cannot be copied: (disk I/O error|database or disk is full)\n", done.stderr
    )
    assert set(os.listdir(tmp_path)) - before <= {"leadwire.sqlite3-wal", "leadwire.sqlite3-shm"}


def test_a_backup_is_not_overwritten_unless_that_is_said(environment: dict[str, str], tmp_path: Path) -> None:
    run("migrate", **environment)
    target = str(tmp_path / "copy.sqlite3")

    codes = [run("backup", *options, target, **environment).exit_code for options in ([], [], ["--force"])]

    assert codes == [0, 1, 0]


def test_for_postgresql_it_names_the_command_without_the_password() -> None:
    url = "postgresql+asyncpg://lead:secret@db.example.com:5433/leads?ssl=require"

    result = run("backup", "my copy", LEADWIRE_DATABASE_URL=url)

    wanted = "pg_dump --format=custom '--file=my copy' postgresql://lead@db.example.com:5433/leads"
    assert result.exit_code == 1
    assert result.stderr == f"leadwire: PostgreSQL makes its own backups: {wanted}\n"


def test_of_a_large_copy_every_tenth_is_told() -> None:
    said: list[str] = []
    whole = 1_000_000_000
    telling = _Telling(said.append, threading.Event())

    for percent in range(101):
        telling.at(whole * percent // 100, whole)

    assert said[0] == "10 % of 1,000,000,000 bytes"
    assert len(said) == 10


def test_of_a_small_copy_nothing_is_told() -> None:
    said: list[str] = []

    _Telling(said.append, threading.Event()).at(50_000, 100_000)

    assert said == []


def test_a_copy_nobody_wants_any_more_ends() -> None:
    given_up = threading.Event()
    given_up.set()

    with pytest.raises(BackupError, match="broken off"):
        _Telling(print, given_up).at(1, 2)
