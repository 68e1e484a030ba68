"""The short form of `make torture`: a few kills on each database."""

from pathlib import Path

from tests.torture.ordeal import Plan, ordeal, told

PLAN = Plan(
    seed=20261123, kills=4, callers=4, pause_s=0.4, life_s=2.0, storm_every_s=0.5, at_most_s=120, peace_s=60
)


async def test_nothing_is_lost_and_nothing_doubled_when_processes_are_killed(
    empty_database_url: str, tmp_path: Path
) -> None:
    report = await ordeal(PLAN, empty_database_url, tmp_path)

    assert not report.wrong, told(report, PLAN)
    assert (report.kills.total(), report.findings.lost, report.findings.doubled) == (PLAN.kills, 0, 0)
    assert report.jobs > 0
