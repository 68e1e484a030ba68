"""A disk that is full for a while."""

import asyncio
import resource
from pathlib import Path

from tests.torture.callers import Record, queue, refused
from tests.torture.installation import installed
from tests.torture.peace import reckoned

_FULL_BYTES = 16 * 1024
"""No file of the process may grow beyond, which to SQLite is an I/O error; its log begins anew only then."""


async def test_a_full_disk_refuses_what_it_cannot_keep_and_loses_nothing_of_the_rest(tmp_path: Path) -> None:
    record = Record()
    async with installed(f"sqlite+aiosqlite:///{tmp_path / 'leadwire.sqlite3'}", tmp_path) as installation:
        [program] = installation.programs
        program.start()
        await program.started()
        await installation.script("meta", delayS=0.5)
        await queue(installation, record, 5)
        limits = resource.prlimit(program.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (_FULL_BYTES, limits[1]))
        waiting = asyncio.create_task(queue(installation, record, 5))
        await refused(record, tries=10)
        resource.prlimit(program.pid, resource.RLIMIT_FSIZE, limits)
        await waiting
        await reckoned(installation, record)
        survived = program.is_running

    assert survived
    assert record.leads_created == 10
