"""Somebody else holds SQLite's write lock."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.torture.callers import Record, queue, refused
from tests.torture.installation import Installation, installed
from tests.torture.peace import reckoned

_SHORTLY_S = 1.5


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "leadwire.sqlite3"


@pytest.fixture
async def installation(path: Path, tmp_path: Path) -> AsyncIterator[Installation]:
    """One that is just sending something."""
    async with installed(f"sqlite+aiosqlite:///{path}", tmp_path) as started:
        [program] = started.programs
        program.start()
        await program.started()
        await started.script("meta", delayS=0.5)
        yield started


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """The file, as a backup or a person with a shell locks it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        yield


async def test_callers_wait_while_somebody_shortly_locks_the_database(
    installation: Installation, path: Path
) -> None:
    record = Record()
    await queue(installation, record, 5)
    with locked(path):
        waiting = asyncio.create_task(queue(installation, record, 5))
        await asyncio.sleep(_SHORTLY_S)
    await waiting
    await reckoned(installation, record)

    assert (record.leads_created, record.failures.total()) == (10, 0)


async def test_callers_are_refused_while_somebody_locks_the_database_for_longer_and_nothing_is_lost(
    installation: Installation, path: Path
) -> None:
    record = Record()
    await queue(installation, record, 5)
    with locked(path):
        waiting = asyncio.create_task(queue(installation, record, 5))
        await refused(record, tries=1)
    await waiting
    await reckoned(installation, record)

    assert record.leads_created == 10
