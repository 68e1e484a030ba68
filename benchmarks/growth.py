"""What growth costs: a status change among more and more rows, hours of load, a start, a second process.

size      The cost of a status change with 1,000 to 1,000,000 leads and with 1,000,000 finished jobs. All
          servers are up at once and take turns, 1,000 status changes at a time; what each turn queued is
          counted and then removed, so that the file stays as large as it was.
memory    The server's memory over minutes of load.
start     From the start of the process to the first 200 at /readyz.
postgres  One web process against the same work on PostgreSQL, and two against one.

Needs some 10 GB of disk and about half an hour, most of it for filling; --scale 0.01 --turns 2 tries it out.
Run it with `make bench-growth`, or from the project's folder:

    python -m benchmarks.growth [size] [memory] [start] [postgres] [--minutes 3] [--scale 1] [--turns 12]
"""

import argparse
import asyncio
import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import uvloop

from benchmarks.contestants import LEADWIRE
from benchmarks.databases import bench_folder, postgres_urls
from benchmarks.demands import Demand, judge
from benchmarks.generator import Generated, generate
from benchmarks.load import EXPECTED, LEAD, WrongReplyError
from benchmarks.servers import Server, serving
from benchmarks.track import PLATFORMS, Track, WrongDatabaseError, lay_sqlite_track, lay_track

CONNECTIONS = 32
TURN = 1_000
"""Status changes; the smallest file has as many leads."""
WARM_UP = 2
"""Turns that do not count."""
SIZES = ((TURN, 0), (100_000, 0), (1_000_000, 0), (50_000, 1_000_000))
"""Leads that nothing was queued for yet, and leads with a finished job."""
MEMORY_LEADS = 10_000
STARTS = 7


@dataclass
class Subject:
    """A server on a file of some size, and what it took."""

    name: str
    track: Track
    servers: Sequence[Server]
    us: list[float] = field(default_factory=list)
    """That passed for each status change, by turns."""
    cpu_us: list[float] = field(default_factory=list)

    def turn(self, leads: Sequence[int]) -> None:
        """Change the status of these leads, with 32 callers. WrongReplyError."""
        used_s = sum(server.cpu_s() for server in self.servers)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            generated = runner.run(self._generate(leads))
        if generated.wrong or len(generated.took_ms) != len(leads):
            raise WrongReplyError(generated.wrong[:600])
        self.us.append(generated.seconds / len(leads) * 1e6)
        self.cpu_us.append((sum(one.cpu_s() for one in self.servers) - used_s) / len(leads) * 1e6)

    async def _generate(self, leads: Sequence[int]) -> Generated:
        requests = [LEADWIRE.request(self.track, server.port) for server in self.servers]
        return await generate(
            [request.url for request in requests],
            (requests[0].body.replace(LEAD, str(lead)).encode() for lead in leads),
            api_key=self.track.api_key,
            expected=EXPECTED.encode(),
            connections=CONNECTIONS,
        )


def undo(path: Path, queued: int) -> None:
    """Remove what a turn queued, and count it. WrongDatabaseError."""
    with closing(sqlite3.connect(path, timeout=30)) as connection, connection:
        deliveries = connection.execute(f"DELETE FROM delivery WHERE job_id IN ({_QUEUED})").rowcount
        leads = connection.execute(f"UPDATE lead SET {_OPEN} WHERE id IN ({_QUEUED_LEADS})").rowcount
        jobs = connection.execute("DELETE FROM conversion_job WHERE active").rowcount
    if (jobs, leads, deliveries) != (queued, queued, queued * len(PLATFORMS)):
        raise WrongDatabaseError(f"{queued} replies, but {jobs} jobs, {leads} leads, {deliveries} deliveries")


_QUEUED = "SELECT id FROM conversion_job WHERE active"
_QUEUED_LEADS = "SELECT lead_id FROM conversion_job WHERE active"
_OPEN = "status = 'OPEN', label_id = NULL, current_job_id = NULL, price_cents = NULL"


def leadwire(track: Track) -> AbstractContextManager[Server]:
    """The server on the track itself, once it is ready."""
    return serving(LEADWIRE.command, LEADWIRE.environment, track, track.url, ready_path="/readyz")


# ---- size


def size_table(folder: Path, scale: float, turns: int) -> list[Demand]:
    with ExitStack() as stack:
        subjects = [
            _subject(
                stack, folder / f"size{number}.sqlite3", max(int(leads * scale), TURN), int(done * scale)
            )
            for number, (leads, done) in enumerate(SIZES)
        ]
        for _ in range(WARM_UP + turns):
            for subject in subjects:
                subject.turn(random.sample(range(1, subject.track.leads + 1), TURN))
                undo(subject.track.path, TURN)
    print_table("SQLite", subjects)
    ratio = compared(subjects[-1], subjects[0])
    return [Demand("a status change in the largest file against the smallest", ratio, 1.25, False)]


def _subject(stack: ExitStack, path: Path, leads: int, finished: int) -> Subject:
    begun_at = time.perf_counter()
    track = lay_sqlite_track(path, leads, finished)
    took_s, size_mb = time.perf_counter() - begun_at, path.stat().st_size / 1e6
    name = f"{leads + finished:,} leads, {finished:,} finished jobs"
    say(f"filled in {took_s:.0f} s, {size_mb:,.0f} MB: {name}")
    return Subject(name, track, [stack.enter_context(leadwire(track))])


def compared(one: Subject, other: Subject) -> float:
    """How many times as long `one` takes: the median of turns that followed each other."""
    return statistics.median(a / b for a, b in zip(one.us[WARM_UP:], other.us[WARM_UP:], strict=True))


# ---- memory


def memory_table(folder: Path, minutes: float) -> list[Demand]:
    track = lay_sqlite_track(folder / "memory.sqlite3", MEMORY_LEADS)
    looks: list[tuple[float, float]] = []
    with leadwire(track) as server:
        subject, begun_at = Subject("memory", track, [server]), time.monotonic()
        while (passed_s := time.monotonic() - begun_at) < minutes * 60:
            subject.turn(range(1, MEMORY_LEADS + 1))
            undo(track.path, MEMORY_LEADS)
            looks.append((passed_s / 60, server.memory_mib()))
        peak_mib = server.peak_mib()
    later = looks[len(looks) // 2 :]
    slope = statistics.linear_regression(*zip(*later, strict=True)).slope if len(later) > 1 else float("nan")
    say(
        f"memory: {looks[0][1]:.1f} MiB after {MEMORY_LEADS:,} status changes, {looks[-1][1]:.1f} MiB after"
        f" {len(looks) * MEMORY_LEADS:,} in {minutes:g} minutes; in the second half {slope:+.2f} MiB a minute"
    )
    return [Demand("peak memory under load, MiB", peak_mib, 160, False)]


# ---- start


def start_table(folder: Path) -> list[Demand]:
    track = lay_sqlite_track(folder / "start.sqlite3", TURN)
    took_s = []
    for _ in range(STARTS):
        with leadwire(track) as server:
            took_s.append(server.started_in_s)
    say(f"start to ready: {', '.join(f'{one:.2f}' for one in took_s)} s")
    return [Demand("start to ready, s (median)", statistics.median(took_s), 2, False)]


# ---- PostgreSQL


def postgres_table(turns: int) -> list[Demand]:
    with postgres_urls() as new_url:
        track = asyncio.run(lay_track(new_url(), leads=2 * (WARM_UP + turns) * TURN))
        leads = iter(range(1, track.leads + 1))
        with leadwire(track) as first, leadwire(track) as second:
            one = Subject("one web process", track, [first])
            two = Subject("two web processes", track, [first, second])
            for _ in range(WARM_UP + turns):
                for subject in (one, two):
                    subject.turn(list(islice(leads, TURN)))
    print_table("PostgreSQL", (one, two))
    say(f"two do {compared(one, two):.2f} times as many as one")
    return []


# ---- all of it


def say(line: str = "") -> None:
    print(line, flush=True)


def print_table(title: str, subjects: Sequence[Subject]) -> None:
    say(f"\n| {title} | us/status change | CPU us | status changes/s |\n|---|--:|--:|--:|")
    for subject in subjects:
        us, cpu_us = (statistics.median(some[WARM_UP:]) for some in (subject.us, subject.cpu_us))
        say(f"| {subject.name} | {us:,.0f} | {cpu_us:,.0f} | {1e6 / us:,.0f} |")
    say()


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what growth costs.")
    everything = ["size", "memory", "start", "postgres"]
    parser.add_argument(
        "parts", nargs="*", choices=[*everything, []], metavar="part", help=", ".join(everything)
    )
    parser.add_argument("--minutes", type=float, default=3, help="Of load, for memory.")
    parser.add_argument("--scale", type=float, default=1, help="Of the sizes; 0.01 tries it out.")
    parser.add_argument(
        "--turns", type=int, default=12, help="Of 1,000 status changes, for size and postgres."
    )
    parser.add_argument("--folder", default=".", help="On which disk the files lie.")
    given = parser.parse_args()
    parts: dict[str, Callable[[Path], list[Demand]]] = {
        "size": lambda folder: size_table(folder, given.scale, given.turns),
        "memory": lambda folder: memory_table(folder, given.minutes),
        "start": start_table,
        "postgres": lambda _folder: postgres_table(given.turns),
    }
    found: list[Demand] = []
    for part in given.parts or everything:
        with bench_folder(given.folder) as folder:
            found += parts[part](folder)
    if not judge(found):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
