"""The race: the running server against what a user would take instead, all doing the same work.

One request = one status change, answered after its commit: the API key is looked up, the lead found by its
unique identifier and updated, a job and three deliveries are inserted. Everybody has the same SQLite file
with the same settings (WAL, synchronous=FULL), and sends nothing. The server runs as `leadwire serve` does,
with limits, masking, authentication and metrics. Contestants take turns, round by round, each turn on a fresh
copy of the file; every reply is looked at, and every file afterwards. Takes about 8 minutes. Run it with
`make bench`, which installs the peers, or from the project's folder:

    python -m benchmarks.race [--rounds 3] [--seconds 8] [--warm-up 2] [--leads 80000] [--only Leadwire]
"""

import argparse
import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contestants import DOCUMENTED, FASTAPI, LEADWIRE, MERCURIUS, YOGA, Contestant, entered
from benchmarks.databases import bench_folder, sqlite_url
from benchmarks.demands import Demand, judge
from benchmarks.load import WrongReplyError, generator_name, put_load
from benchmarks.servers import serving
from benchmarks.track import Track, check_database, lay_sqlite_track

CONNECTIONS = 32
ALONE = 1
MANY = 128
REPEATED = 2
"""Turns of a peer whose replies were wrong, at the most."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One contestant's turn in one round."""

    rate: float
    p50_ms: float
    p99_ms: float
    peak_mib: float
    cpu_us: float
    """Of a processor, for each request; of the server alone."""


Entry = tuple[Contestant, int]
"""Who, with how many connections."""


def take_turn(entry: Entry, track: Track, folder: Path, *, seconds: int, warm_up: int) -> Turn:
    """Start the contestant on a copy of the track, race it, end it, and look at what it stored."""
    contestant, connections = entry
    path = folder / "turn.sqlite3"
    for leftover in folder.glob("turn.sqlite3*"):
        leftover.unlink()
    track.copy(path)
    # What earlier turns wrote is on the disk, so that nobody pays for anybody else.
    os.sync()
    with serving(contestant.command, contestant.environment, track, sqlite_url(path)) as server:
        request = contestant.request(track, server.port)
        warm = put_load(request, connections=connections, seconds=warm_up, first_lead=1)
        cpu_s = server.cpu_s()
        load = put_load(request, connections=connections, seconds=seconds, first_lead=warm.next_lead)
        cpu_us = (server.cpu_s() - cpu_s) / load.replies * 1e6
        peak_mib = server.peak_mib()
    check_database(path, replies=warm.replies + load.replies, in_flight=2 * connections)
    return Turn(load.rate, load.p50_ms, load.p99_ms, peak_mib, cpu_us)


def take_valid_turn(entry: Entry, track: Track, folder: Path, *, seconds: int, warm_up: int) -> Turn:
    """take_turn(), which a peer that answers wrongly may repeat: some find the file locked now and then."""
    for _ in range(REPEATED):
        try:
            return take_turn(entry, track, folder, seconds=seconds, warm_up=warm_up)
        except WrongReplyError as error:
            if entry[0] is LEADWIRE:
                raise
            say(f"{entry[0].name}: its turn is repeated: {str(error)[:200]}")
    return take_turn(entry, track, folder, seconds=seconds, warm_up=warm_up)


def median(turns: Sequence[Turn]) -> Turn:
    """The median of each figure."""
    figures = ("rate", "p50_ms", "p99_ms", "peak_mib", "cpu_us")
    return Turn(**{name: statistics.median(getattr(turn, name) for turn in turns) for name in figures})


# ---- what is said of it


def say(line: str = "") -> None:
    print(line, flush=True)


def print_table(results: dict[Entry, Turn]) -> None:
    base = results.get((DOCUMENTED, CONNECTIONS))
    say()
    say("| contestant | connections | requests/s | ratio | p50 ms | p99 ms | CPU us/request | peak MiB |")
    say("|---|--:|--:|--:|--:|--:|--:|--:|")
    for (contestant, connections), turn in results.items():
        ratio = f"{turn.rate / base.rate:.1f}" if base and connections == CONNECTIONS else ""
        say(
            f"| {contestant.name} | {connections} | {turn.rate:,.0f} | {ratio} | {turn.p50_ms:.2f} |"
            f" {turn.p99_ms:.2f} | {turn.cpu_us:,.0f} | {turn.peak_mib:.0f} |"
        )
    say()


def demands(results: dict[Entry, Turn]) -> list[Demand]:
    """Those that can be judged by who took part."""
    ours = results.get((LEADWIRE, CONNECTIONS))
    if ours is None:
        return []
    wanted = ((DOCUMENTED, 30.0), (YOGA, 1.5), (MERCURIUS, 1.0))
    found = [
        Demand(f"requests/s against: {peer.name}", ours.rate / results[peer, CONNECTIONS].rate, bound, True)
        for peer, bound in wanted
        if (peer, CONNECTIONS) in results
    ]
    alone, fastapi = results.get((LEADWIRE, ALONE)), results.get((FASTAPI, ALONE))
    if alone and fastapi:
        text = "p50 on 1 connection against FastAPI's"
        found.append(Demand(text, alone.p50_ms / fastapi.p50_ms, 1.3, False))
    many = results.get((LEADWIRE, MANY))
    if many:
        found.append(Demand(f"p99 against p50 on {MANY} connections", many.p99_ms / many.p50_ms, 5, False))
    return [*found, Demand("peak memory, MiB", ours.peak_mib, 160, False)]


# ---- all of it


def entries(contestants: Sequence[Contestant]) -> list[Entry]:
    """Everybody with 32 connections; what else is asked of some."""
    more = [(FASTAPI, ALONE), (LEADWIRE, ALONE), (LEADWIRE, MANY)]
    return [(one, CONNECTIONS) for one in contestants] + [entry for entry in more if entry[0] in contestants]


def main() -> None:
    parser = argparse.ArgumentParser(description="Race the server against its peers.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--leads", type=int, default=80_000, help="More than one turn needs.")
    parser.add_argument("--only", nargs="*", help="Only those whose names hold one of these texts.")
    parser.add_argument("--folder", default=".", help="On which disk the files lie.")
    given = parser.parse_args()
    contestants, missing = entered()
    contestants = [
        one for one in contestants if not given.only or any(text in one.name for text in given.only)
    ]
    for reason in missing:
        say(reason)
    say(f"load: {generator_name()}; {given.rounds} rounds of {given.seconds} s after {given.warm_up} s")
    turns: dict[Entry, list[Turn]] = {entry: [] for entry in entries(contestants)}
    with bench_folder(given.folder) as folder:
        track = lay_sqlite_track(folder / "track.sqlite3", given.leads)
        for number in range(1, given.rounds + 1):
            for entry, taken in turns.items():
                turn = take_valid_turn(entry, track, folder, seconds=given.seconds, warm_up=given.warm_up)
                taken.append(turn)
                say(f"round {number}  {turn.rate:7,.0f}/s  {entry[1]:3} connections  {entry[0].name}")
    results = {entry: median(taken) for entry, taken in turns.items()}
    print_table(results)
    if not judge(demands(results)):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
