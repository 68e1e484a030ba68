"""The end of a scenario: everything comes to rest, and nothing may be wrong."""

from tests.torture.callers import Record
from tests.torture.installation import Installation
from tests.torture.reckoning import Findings, compare
from tests.torture.stored import read_all, settled

PEACE_S = 60.0
"""A bound against hanging: it takes some seconds."""


async def reckoned(installation: Installation, record: Record) -> Findings:
    """What came of it once nothing is under way any more; fails when anything is wrong."""
    is_settled, odd = await settled(installation.database_url, within_s=PEACE_S)
    findings = compare(record, await read_all(installation.database_url), await installation.tally())
    assert (is_settled, odd, findings.wrong) == (True, [], [])
    return findings
