"""Kills an installation's processes again and again while it is being used, then looks what became of it."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.postgres_server import PostgresServer
from tests.torture import weather
from tests.torture.callers import Caller, Record, kinds
from tests.torture.installation import Installation, installed
from tests.torture.processes import Program
from tests.torture.reckoning import Findings, compare
from tests.torture.stored import read_all, settled

_KILLED_WHILE_STARTING = 0.2
"""Of all kills: the one killed last. What a start cleans up must survive being broken off, too."""
_START_S = 1.5
_SUPERVISED_EVERY_S = 0.2
_DEATHS_AT_MOST = 3
"""Of processes that nobody killed: a program that does not run need not be killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of everything."""

    seed: int
    kills: int
    callers: int = 6
    pause_s: float = 0.7
    """Between two calls of a caller, on average."""
    life_s: float = 3.0
    """At most this long a process goes on once it has started and is the next to be killed."""
    storm_every_s: float = 0.7
    database_restarts: int = 0
    """PostgreSQL's own, at once and without saying goodbye."""
    at_most_s: float = 3_600.0
    peace_s: float = 300.0
    """How long everything may take to come to rest at the end."""


@dataclass(slots=True)
class Report:
    """What happened."""

    kills: Counter[str] = field(default_factory=Counter)
    died: list[str] = field(default_factory=list)
    """Processes that ended by themselves."""
    refused_to_start: int = 0
    """Processes that found the database gone when they started, said so and ended, as they should."""
    database_restarts: int = 0
    storms: int = 0
    record: Record = field(default_factory=Record)
    findings: Findings = field(default_factory=Findings)
    jobs: int = 0
    deliveries: int = 0
    peace_s: float = 0.0
    took_s: float = 0.0

    @property
    def wrong(self) -> list[str]:
        """All that must not be."""
        return [*self.died, *self.findings.wrong]


async def ordeal(
    plan: Plan, database_url: str, folder: Path, *, postgres: PostgresServer | None = None
) -> Report:
    """One whole run on an empty database. `folder`: for the logs; `postgres`: what may be restarted.

    TimeoutError: it took longer than `plan.at_most_s`.
    """
    report, begun = Report(), time.monotonic()
    async with asyncio.timeout(plan.at_most_s), installed(database_url, folder) as installation:
        for program in installation.programs:
            program.start()
        for program in installation.programs:
            await program.started()
        await _killing(plan, installation, report, postgres)
        await _peace(plan, installation, report)
    report.took_s = time.monotonic() - begun
    return report


async def _killing(
    plan: Plan, installation: Installation, report: Report, postgres: PostgresServer | None
) -> None:
    """Everybody at once, until the last kill."""
    enough = asyncio.Event()
    dice = [random.Random(f"{plan.seed}-{number}") for number in range(plan.callers + 3)]
    async with asyncio.TaskGroup() as tasks:
        for number in range(plan.callers):
            caller = Caller(installation, report.record, dice[number], pause_s=plan.pause_s)
            tasks.create_task(caller.go_on(enough))
        tasks.create_task(_supervise(installation.programs, report, enough))
        storms = tasks.create_task(weather.change(installation, dice[-1], enough, every_s=plan.storm_every_s))
        if postgres is not None and plan.database_restarts:
            tasks.create_task(_restart_database(plan, postgres, dice[-2], report, enough))
        try:
            await _kill(plan, installation.programs, dice[-3], report)
        finally:
            enough.set()
    report.storms = storms.result()


async def _kill(plan: Plan, programs: Sequence[Program], dice: random.Random, report: Report) -> None:
    victim: Program | None = None
    while report.kills.total() < plan.kills and len(report.died) < _DEATHS_AT_MOST:
        if victim is not None and dice.random() < _KILLED_WHILE_STARTING:
            await asyncio.sleep(dice.uniform(0, _START_S))
        else:
            victim = dice.choice(programs)
            while not victim.has_started and len(report.died) < _DEATHS_AT_MOST:
                await asyncio.sleep(_SUPERVISED_EVERY_S)
            await asyncio.sleep(dice.uniform(0, plan.life_s))
        victim.kill()
        report.kills[victim.name] += 1
        victim.start()


async def _supervise(programs: Sequence[Program], report: Report, enough: asyncio.Event) -> None:
    """Start again what ended by itself, as whatever runs it in earnest does."""
    while not enough.is_set():
        await asyncio.sleep(_SUPERVISED_EVERY_S)
        _restart_ended(programs, report)


def _restart_ended(programs: Sequence[Program], report: Report) -> None:
    for program in programs:
        if program.ended_by_itself:
            _note_end(program, report)
            program.start()


def _note_end(program: Program, report: Report) -> None:
    heard = program.heard()
    if report.database_restarts and not program.has_started and "Traceback" not in heard:
        report.refused_to_start += 1
    else:
        report.died.append(f"{program.name} ended by itself: {heard[-1000:]}")


async def _restart_database(
    plan: Plan, postgres: PostgresServer, dice: random.Random, report: Report, enough: asyncio.Event
) -> None:
    every_s = plan.kills * plan.life_s / 3 / plan.database_restarts
    while not enough.is_set() and report.database_restarts < plan.database_restarts:
        await asyncio.sleep(dice.uniform(0.5, 1.5) * every_s)
        await asyncio.to_thread(postgres.restart)
        report.database_restarts += 1


async def _peace(plan: Plan, installation: Installation, report: Report) -> None:
    """Let it come to rest, and compare."""
    begun = time.monotonic()
    _restart_ended(installation.programs, report)
    for program in installation.programs:
        await program.started()
    is_settled, odd = await settled(installation.database_url, within_s=plan.peace_s)
    report.peace_s = time.monotonic() - begun
    _restart_ended(installation.programs, report)
    stored = await read_all(installation.database_url)
    report.jobs, report.deliveries = len(stored.jobs), len(stored.deliveries)
    report.findings = compare(report.record, stored, await installation.tally())
    report.findings.wrong += odd
    if not is_settled:
        report.findings.wrong.append(f"not at rest after {plan.peace_s:.0f} s")


def told(report: Report, plan: Plan) -> str:
    """The report for people, as Markdown."""
    record, findings = report.record, report.findings
    kills = ", ".join(f"{name} {number}" for name, number in sorted(report.kills.items()))
    failures = ", ".join(f"{name} {number}" for name, number in record.failures.most_common())
    answers = ", ".join(f"{name} {number}" for name, number in kinds(record.calls).most_common())
    lines = [
        f"seed {plan.seed}, {report.took_s:.0f} s, of which {report.peace_s:.0f} s of peace at the end",
        f"kills: {report.kills.total()} ({kills})",
        f"restarts of the database: {report.database_restarts}; starts refused meanwhile: {report.refused_to_start}",
        f"orders to the platforms to misbehave: {report.storms}",
        f"leads created: {record.leads_created}; calls: {len(record.calls)} ({answers})",
        f"tries without an answer: {record.failures.total()} ({failures})",
        f"jobs: {report.jobs}; deliveries: {report.deliveries}; lost: {findings.lost}; doubled: {findings.doubled}",
        "",
        "| platform | requests | conversions taken, with copies | counted | lost | doubled | deliveries |",
        "|---|---|---|---|---|---|---|",
    ]
    for platform, of in findings.platforms.items():
        states = ", ".join(f"{state} {number}" for state, number in sorted(of.states.items()))
        lines.append(
            f"| {platform} | {of.requests} | {of.copies} | {of.conversions} | {of.lost} | {of.doubled} | {states} |"
        )
    wrong = report.wrong
    return "\n".join(
        [*lines, "", f"{len(wrong)} things are wrong." if wrong else "Nothing is wrong.", *wrong[:50]]
    )
