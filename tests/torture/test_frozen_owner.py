"""A worker stands still in the middle of sending, is replaced, and comes back."""

import asyncio
import os
import signal
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.values import Platform
from tests.torture.callers import Record, queue
from tests.torture.installation import installed
from tests.torture.peace import reckoned
from tests.torture.processes import PATIENCE_S, Program

_OPEN_TRANSACTIONS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = 'leadwire' AND xact_start IS NOT NULL"
)
_SENDING = text("SELECT count(*) FROM delivery WHERE state = 'SENDING'")


async def test_a_worker_that_was_frozen_and_replaced_doubles_nothing_when_it_comes_back(
    empty_postgres_url: str, tmp_path: Path
) -> None:
    record = Record()
    async with installed(empty_postgres_url, tmp_path, webs=1, workers=1) as installation:
        web, worker = installation.programs
        for program in (web, worker):
            program.start()
            await program.started()
        for platform in Platform:
            await installation.script(platform.value.lower(), delayS=1.0)
        await queue(installation, record, 12)
        await _freeze(worker, empty_postgres_url)
        await installation.calm()
        with worker.copy("successor") as successor:
            successor.start()
            await successor.started()
            await reckoned(installation, record)
            os.kill(worker.pid, signal.SIGCONT)
            await queue(installation, record, 12)
            findings = await reckoned(installation, record)
            codes = [await program.stop() for program in (worker, successor)]

    assert (findings.lost, findings.doubled) == (0, 0)
    assert record.leads_created == 24
    assert codes == [0, 0]


async def _freeze(worker: Program, url: str) -> None:
    """Let it stand still while it waits for platforms: the server keeps what a transaction locks for longer."""
    engine = create_async_engine(url)
    async with engine.connect() as connection, asyncio.timeout(PATIENCE_S):
        while True:
            os.kill(worker.pid, signal.SIGSTOP)
            waits = [await connection.scalar(one) for one in (_OPEN_TRANSACTIONS, _SENDING)]
            await connection.rollback()
            if waits[0] == 0 and waits[1]:
                break
            os.kill(worker.pid, signal.SIGCONT)
            await asyncio.sleep(0.05)
    await engine.dispose()
