"""Where the time of a status change goes: the running server under the race's load, looked at by py-spy.

py-spy reads the server's stacks from outside, many times a second, so it neither slows it nor prefers threads
that let go of the interpreter's lock. A first recording counts only threads that are on a processor; a second
one counts waiting ones, too, to see how long the writer waits for the disk. Run it with `make bench-profile`,
or from the project's folder:

    python -m benchmarks.layers [--seconds 8] [--connections 32] [--stacks FILE]
"""

import argparse
import subprocess
import sysconfig
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contestants import LEADWIRE
from benchmarks.databases import bench_folder
from benchmarks.load import Load, Request, put_load
from benchmarks.servers import Server, serving
from benchmarks.track import lay_sqlite_track

SAMPLES_A_SECOND = 400
LEADS = 150_000
_SETTLING_S = 1
"""The load begins before the recording, and ends after it."""

BELOW = "event loop and sockets, below Python"
COMMIT = "commit"
LAYERS = {
    "HTTP: uvicorn": ("uvicorn/",),
    "edge: routing, limits, metrics": ("starlette/", "app/asgi.py", "app/limits.py", "app/metrics/"),
    "view: headers, body, answer": ("schema/",),
    "GraphQL: Strawberry, graphql-core": (
        "schema/execution.py",
        "schema/documents.py",
        "strawberry/",
        "graphql/",
        "resolvers/",
    ),
    "database: sessions, groups, hand-over": ("app/database/",),
    "services: the rules": ("app/services/",),
    "connectors: what each platform needs": ("app/connectors/",),
    "repositories: statements": ("app/repositories/", "app/database/deferred.py"),
    "API key": ("app/services/viewer.py", "aiosqlite/"),
    COMMIT: ("(the writer's COMMIT)",),
}
"""From the outside to the inside: a stack belongs to the last one that any of its frames is in."""
THREADS = ("event loop", "writer", "others")


def layer_of(stack: str) -> str:
    """The layer of a stack of py-spy's: frames from the outermost to the innermost, by semicolons."""
    marked = f"{stack} (the writer's COMMIT)" if _commits(stack) else stack
    inwards = [name for name, fragments in LAYERS.items() if any(one in marked for one in fragments)]
    return inwards[-1] if inwards else BELOW


def _commits(stack: str) -> bool:
    # A statement of the group itself: BEGIN takes no time, and savepoints are executed for a piece.
    *_, caller, innermost = ("", *stack.split(";"))
    return "_execute (app/database/group.py" in innermost and ".run (app/database/group.py" in caller


def thread_of(stack: str) -> str:
    """Which of THREADS it is of."""
    thread = stack.partition(";")[0]
    names = {"MainThread": "event loop", "database-writer": "writer"}
    return next((title for name, title in names.items() if f": {name}" in thread), "others")


def record(pid: int, seconds: int, *more: str) -> Counter[str]:
    """How often each stack was seen."""
    program = str(Path(sysconfig.get_path("scripts")) / "py-spy")
    with tempfile.NamedTemporaryFile() as file:
        command = (program, "record", "--pid", str(pid), "--format", "raw", "--threads", "--nonblocking")
        how = ("--rate", str(SAMPLES_A_SECOND), "--duration", str(seconds), "--output", file.name)
        subprocess.run([*command, *how, *more], check=True, capture_output=True)
        lines = Path(file.name).read_text().splitlines()
    counted = Counter({stack: int(count) for stack, _, count in (line.rpartition(" ") for line in lines)})
    # A thread without a frame changed while it was read.
    return Counter({stack: count for stack, count in counted.items() if ";" in stack})


@dataclass(frozen=True, slots=True)
class Recording:
    """What was seen under which load."""

    stacks: Counter[str]
    seconds: int
    load: Load
    cpu_us: float
    """Of a processor, for each request."""

    def running_us(self, layer: str, thread: str) -> float:
        """Microseconds of a processor for each request."""
        # Its share of what was used: a thread that is ready to run is seen though others have the processor.
        return self._count(layer, thread) / self.stacks.total() * self.cpu_us

    def passed_us(self, layer: str, thread: str) -> float:
        """Microseconds that pass for each request."""
        return self._count(layer, thread) / SAMPLES_A_SECOND / (self.load.rate * self.seconds) * 1e6

    def _count(self, layer: str, thread: str) -> int:
        wanted = (layer, thread)
        return sum(n for stack, n in self.stacks.items() if (layer_of(stack), thread_of(stack)) == wanted)


def under_load(
    server: Server, request: Request, after: Load, given: argparse.Namespace, *more: str
) -> Recording:
    """Record the server while it answers; `after`: the load before this one."""
    cpu_s = server.cpu_s()
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(
            put_load,
            request,
            connections=given.connections,
            seconds=given.seconds + 3 * _SETTLING_S,
            first_lead=after.next_lead,
        )
        time.sleep(_SETTLING_S)
        stacks = record(server.pid, given.seconds, *more)
        replies = load.result().replies
        return Recording(stacks, given.seconds, load.result(), (server.cpu_s() - cpu_s) / replies * 1e6)


def print_layers(running: Recording, waiting: Recording) -> None:
    print(f"| us of a processor for each request | {' | '.join(THREADS)} | all |\n|---|--:|--:|--:|--:|")
    totals = [0.0] * len(THREADS)
    for layer in (BELOW, *LAYERS):
        spent = [running.running_us(layer, thread) for thread in THREADS]
        totals = [total + us for total, us in zip(totals, spent, strict=True)]
        _print_row(layer, spent)
    _print_row("all", totals)
    passed_us = waiting.passed_us(COMMIT, "writer")
    print(f"\nWith its waits for the disk, the commit takes {passed_us:,.0f} us a request.")


def _print_row(title: str, spent: list[float]) -> None:
    print(f"| {title} | {' | '.join(f'{us:,.0f}' for us in (*spent, sum(spent)))} |")


def main() -> None:
    parser = argparse.ArgumentParser(description="See where the time of a status change goes.")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--folder", default=".", help="On which disk the database lies.")
    parser.add_argument("--stacks", type=Path, help="Where to write all stacks, for a flame graph.")
    given = parser.parse_args()
    with bench_folder(given.folder) as folder:
        track = lay_sqlite_track(folder / "track.sqlite3", LEADS)
        with serving(LEADWIRE.command, LEADWIRE.environment, track, track.url) as server:
            request = LEADWIRE.request(track, server.port)
            warm = put_load(request, connections=given.connections, seconds=2, first_lead=1)
            running = under_load(server, request, warm, given)
            waiting = under_load(server, request, running.load, given, "--idle")
    print_layers(running, waiting)
    if given.stacks:
        given.stacks.write_text("".join(f"{stack} {count}\n" for stack, count in running.stacks.items()))


if __name__ == "__main__":
    main()
