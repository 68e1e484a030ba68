"""PostgreSQL falls silent: no answer comes, and nobody hangs up."""

import asyncio
from pathlib import Path

from tests.link import linked
from tests.torture.callers import Record, queue
from tests.torture.installation import installed
from tests.torture.peace import reckoned

_MEANWHILE_S = 2.0


async def test_a_database_that_is_silent_for_a_while_costs_time_and_keeps_no_process_from_ending(
    empty_postgres_url: str, tmp_path: Path
) -> None:
    record = Record()
    async with (
        linked(empty_postgres_url) as (link, url),
        installed(url, tmp_path, webs=1, workers=1) as installation,
    ):
        for program in installation.programs:
            program.start()
        for program in installation.programs:
            await program.started()
        await installation.script("meta", delayS=0.5)
        await queue(installation, record, 5)
        link.fall_silent()
        waiting = asyncio.create_task(queue(installation, record, 5))
        await asyncio.sleep(_MEANWHILE_S)
        link.speak()
        await waiting
        findings = await reckoned(installation, record)
        survived = [program.is_running for program in installation.programs]

        link.fall_silent()
        codes = await asyncio.gather(*(program.stop() for program in installation.programs))

    assert record.leads_created == 10
    assert (findings.lost, findings.doubled) == (0, 0)
    assert survived == [True, True]
    assert codes == [0, 0]
