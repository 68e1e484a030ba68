"""PostgreSQL itself goes down under load, without saying goodbye."""

import asyncio
import random
from pathlib import Path

from tests.postgres_server import postgres_server
from tests.torture.callers import Caller, Record
from tests.torture.installation import installed
from tests.torture.peace import reckoned


async def test_a_database_that_crashes_under_load_costs_time_and_nothing_else(tmp_path: Path) -> None:
    record, enough = Record(), asyncio.Event()
    # The tests' own server may forget what it confirmed.
    with postgres_server(synchronous_commit="on") as postgres:
        async with installed(postgres.url, tmp_path, webs=1, workers=2) as installation:
            for program in installation.programs:
                program.start()
            for program in installation.programs:
                await program.started()
            async with asyncio.TaskGroup() as tasks:
                for number in range(4):
                    caller = Caller(installation, record, random.Random(number), pause_s=0.1)
                    tasks.create_task(caller.go_on(enough))
                for _ in range(2):
                    await asyncio.sleep(1.5)
                    await asyncio.to_thread(postgres.restart)
                await asyncio.sleep(1)
                enough.set()
            findings = await reckoned(installation, record)
            survived = [program.is_running for program in installation.programs]

    assert survived == [True, True, True]
    assert (findings.lost, findings.doubled) == (0, 0)
    assert record.leads_created > 0
