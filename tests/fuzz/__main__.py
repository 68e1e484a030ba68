"""`make fuzz`: random requests against a real server. Exit code 0: every answer was as it should be, and in time."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from random import randrange
from typing import Annotated, Final

import httpx
import typer

from app.clock import utc_now
from app.connectors.registry import build_connectors
from app.database.opening import open_database
from app.encryption import Cipher, new_secret_key
from app.runtime import prepare_database
from app.settings import Settings
from app.values import Platform, Scope
from tests.fuzz.documents import BULK
from tests.fuzz.running import Fuzz, Report, new_fuzz, send
from tests.ports import free_port
from tests.torture.processes import LEADWIRE, Program
from tests.world import World

KEY: Final = "fuzz-key"
_NOWHERE: Final = "http://127.0.0.1:9"
"""Where all platforms are: nobody answers there."""
_SLOW_S: Final = 1.0
_GROWTH: Final = 1.15
"""How much more memory may be in use at the end than halfway."""
_TOO_OFTEN: Final = 0.02
"""Answers that say no more than that there is too much to do."""


def main(
    requests: Annotated[int, typer.Option(help="How many to send.")] = 50_000,
    seed: Annotated[int | None, typer.Option(help="Repeats the decisions of another run.")] = None,
    at_a_time: Annotated[int, typer.Option(help="How many are under way.")] = 6,
) -> None:
    """Send random documents, mutated ones and random bytes, and judge every answer."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # Whoever ends this, in the background too, ends the server that it has started.
        signal.signal(number, signal.default_int_handler)
    chosen = randrange(10**6) if seed is None else seed
    typer.echo(f"{requests:,} requests, {at_a_time} at a time, seed {chosen}")
    with tempfile.TemporaryDirectory(prefix="leadwire-fuzz-") as folder:
        sys.exit(asyncio.run(_run(Path(folder), requests, chosen, at_a_time)))


async def _run(folder: Path, count: int, seed: int, at_a_time: int) -> bool:
    """Whether anything was wrong."""
    url, secret, port = f"sqlite+aiosqlite:///{folder / 'fuzz.sqlite3'}", new_secret_key(), free_port()
    await _fill(url, secret)
    environment = {
        "LEADWIRE_DATABASE_URL": url,
        "LEADWIRE_SECRET_KEY": secret,
        "LEADWIRE_PORT": str(port),
        "LEADWIRE_WORKER": "off",
        # Refusing is not what is tried here.
        "LEADWIRE_RATE_LIMIT_PER_MINUTE": "0",
        **_places(),
    }
    program = Program("serve", [*LEADWIRE, "serve"], environment, says="answers at", log=folder / "serve.log")
    with closing(program):
        program.start()
        await program.started()
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False
        ) as http:
            fuzz = new_fuzz(http, seed, key=KEY, memory=lambda: _resident(program.pid))
            begun = time.monotonic()
            report = await fuzz.run(count, at_a_time=at_a_time)
            seconds = time.monotonic() - begun
            again = await _again(fuzz)
        bugs = [line for line in program.heard().splitlines() if " ERROR " in line]
        await program.stop()
    typer.echo(_told(report, seconds, again, bugs))
    return bool(_problems(report, again, bugs))


async def _fill(url: str, secret: str) -> None:
    """A project with every platform, so that there is something to be found."""
    await prepare_database(url)
    database = await open_database(url)
    try:
        world = await World(database, utc_now, Cipher(secret), dict(build_connectors())).begin()
        await world.key(KEY, Scope.ADMIN)
        label = await world.label()
        for platform in Platform:
            await world.map(label.id, await world.integration(platform))
        for number in range(20):
            await world.complete_lead(unique_identifier=f"crm-{number}")
    finally:
        await database.close()


def _places() -> dict[str, str]:
    names = (f"{platform.value.lower()}_{what}_url" for platform in Platform for what in ("base", "token"))
    return {f"LEADWIRE_{name.upper()}": _NOWHERE for name in names if name in Settings.model_fields}


def _resident(pid: int) -> int:
    """Bytes; 0 where the system does not say."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


async def _again(fuzz: Fuzz) -> list[tuple[float, float, str]]:
    """The slowest once more, with nothing else under way: seconds then, the best of three now, and what it was."""
    told = []
    for seconds, _, asked in sorted(fuzz.report.slowest, key=lambda entry: -entry[0]):
        best = min([await _timed(fuzz, asked) for _ in range(3)])
        told.append((seconds, best, f"{asked.kind}: {asked.content.decode(errors='replace') or asked.path}"))
    return told


async def _timed(fuzz: Fuzz, asked: object) -> float:
    begun = time.perf_counter()
    await send(fuzz.http, asked)  # type: ignore[arg-type]
    return time.perf_counter() - begun


def _problems(report: Report, again: list[tuple[float, float, str]], bugs: list[str]) -> list[str]:
    problems = [line for _, line in report.wrong]
    problems += [
        f"{best:.2f} s alone: {what[:200]}" for _, best, what in again if best > _SLOW_S and BULK not in what
    ]
    if report.refused > report.asked * _TOO_OFTEN:
        problems.append(f"{report.refused} requests were refused, so they tested nothing")
    warm, end = _memory(report)
    if end > warm * _GROWTH:
        problems.append(f"memory grew from {_mib(warm)} to {_mib(end)}")
    return problems + bugs


def _memory(report: Report) -> tuple[int, int]:
    """Halfway and at the end; each the most of a tenth of the run.

    Random documents and filters take tens of thousands of requests to fill what is kept of either.
    """
    samples, tenth = report.memory, max(len(report.memory) // 10, 1)
    return max(samples[5 * tenth : 6 * tenth] or samples), max(samples[-tenth:])


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"


def _told(report: Report, seconds: float, again: list[tuple[float, float, str]], bugs: list[str]) -> str:
    outcomes = sorted({outcome for _, outcome in report.answers})
    lines = [f"\n{report.asked:,} answers in {seconds:.0f} s\n"]
    lines.append(f"{'':18}" + "".join(f"{outcome:>12}" for outcome in outcomes))
    for kind in sorted({kind for kind, _ in report.answers}):
        counts = (report.answers[kind, outcome] for outcome in outcomes)
        lines.append(f"{kind:18}" + "".join(f"{count or '':>12}" for count in counts))
    lines.append("\nThe slowest, in seconds: under load, alone, and what it was")
    lines += [f"{under:8.2f} {alone:8.2f}  {what[:120]!r}" for under, alone, what in again]
    series = " ".join(
        _mib(size).removesuffix(" MiB") for size in report.memory[:: max(len(report.memory) // 10, 1)]
    )
    lines.append(f"\nResident memory in MiB: {series}")
    for asked, line in report.wrong[:20]:
        lines.append(f"\nWRONG: {line}\n  {asked}")
    lines += [f"\nLOGGED: {line}" for line in bugs[:20]]
    problems = _problems(report, again, bugs)
    lines.append(f"\n{len(problems)} problems" + "".join(f"\n  {problem}" for problem in problems[:20]))
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(main)
