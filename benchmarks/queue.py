"""The queue: how soon a conversion is sent, how fast many are, and what many that wait cost a status change.

Both databases, in processes as an operator runs them, against a platform that answers at once. It takes
about 20 minutes, most of them for filling two databases with a million deliveries each; less with --rows, and
three with --short, which shows that it works and no more.
PostgreSQL is started for it, in memory where there is room, unless LEADWIRE_BENCH_POSTGRES is the URL of a
server's database `postgres`. Run it from the project's folder:

    python -m benchmarks.queue [start] [drain] [mutations] [--only sqlite] [--rows 1000000] [--short]
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Literal

import uvloop
from pydantic import SecretStr
from sqlmodel import Session

from app.clock import utc_now
from app.database.opening import open_database, open_for_reading
from app.encryption import Cipher, new_secret_key
from app.ids import new_id
from app.repositories.deliveries import select_due
from app.repositories.metering import COUNTS, measure
from app.runtime import Runtime, open_runtime, prepare_database
from app.services.identifying import LeadIdentifier
from app.services.setups import Setups
from app.services.status import StatusService
from app.services.status_change import StatusChange
from app.services.viewer import Viewer
from app.settings import Settings
from app.values import DeliveryState, Platform, Scope
from benchmarks.answering import answering, arrivals_at
from benchmarks.databases import postgres_urls, sqlite_urls
from benchmarks.filling import Place, Story, open_place

WARM_UP = 20
PAUSE_S = 0.15
"""Between status changes of an idle system: longer than a lane lingers."""
CALLERS = 32
DUE_AMONG = 200
ROUNDS = 3
PATIENCE_S = 300
READY_WITHIN_S = 15

_LEADWIRE = (sys.executable, "-c", "from app.cli import main; main()")


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    starts: int = 200
    drained: int = 12_000
    """Deliveries of each lane."""
    mutations: int = 1_500
    """In each round."""
    rows: int = 1_000_000
    """Deliveries, of which half are finished and half wait."""


SHORT = Size(starts=20, drained=600, mutations=300, rows=20_000)
"""Enough to see that everything works; its figures say little."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What every measurement needs."""

    origin: str
    """Of the platform."""
    new_url: Callable[[], str]
    """A new, migrated database."""
    key: str
    kind: str
    size: Size

    def settings(self, url: str, *, worker: Literal["embedded", "off"]) -> Settings:
        """Settings for this process."""
        return Settings.model_construct(
            database_url=url,
            secret_key=SecretStr(self.key),
            worker=worker,
            meta_base_url=self.origin,
            ga4_base_url=self.origin,
        )

    @contextmanager
    def process(self, command: str, url: str) -> Iterator[None]:
        """`leadwire serve` or `leadwire worker`, ready to work; ended with the context."""
        environment = {
            "LEADWIRE_DATABASE_URL": url,
            "LEADWIRE_SECRET_KEY": self.key,
            "LEADWIRE_META_BASE_URL": self.origin,
            "LEADWIRE_GA4_BASE_URL": self.origin,
            "LEADWIRE_PORT": "0",
        }
        process = subprocess.Popen(
            [*_LEADWIRE, command],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.terminate()
            process.communicate(timeout=60)


class Caller:
    """Changes the status of one lead after the other."""

    def __init__(self, place: Place, status: StatusService) -> None:
        self._viewer = Viewer(place.project_id, new_id(), frozenset({Scope.ADMIN}))
        self._label = str(place.label_id)
        self._status = status

    async def change(self, lead_id: int) -> float:
        """How many milliseconds it took."""
        begun_at = time.perf_counter()
        change = StatusChange(lead=LeadIdentifier(lead_id=str(lead_id)), conversion_id=self._label)
        await self._status.update(self._viewer, change)
        return (time.perf_counter() - begun_at) * 1000


# ---- how soon


def _setups(runtime: Runtime) -> Setups:
    return Setups(runtime.database, runtime.connectors)


async def starts(bench: Bench, platform: Platform, *, elsewhere: bool) -> list[float]:
    """Milliseconds from a commit to the first byte at the platform, one status change at a time."""
    url = bench.new_url()
    await prepare_database(url)
    committed: list[float] = []
    settings = bench.settings(url, worker="off" if elsewhere else "embedded")
    async with open_runtime(settings, clock=utc_now) as runtime:

        def wake(lanes: object) -> None:
            committed.append(time.monotonic())
            runtime.wake(lanes)  # type: ignore[arg-type]

        place = await open_place(runtime.database, runtime.cipher, [platform])
        leads = await place.fill(bench.size.starts + WARM_UP, Story.NEW)
        caller = Caller(place, StatusService(runtime.database, _setups(runtime), wake, utc_now))
        await asyncio.to_thread(arrivals_at, bench.origin)
        with _maybe(bench, url, elsewhere=elsewhere):
            await asyncio.sleep(1)
            for lead in leads:
                await caller.change(lead)
                await asyncio.sleep(PAUSE_S)
        arrived = [at for at, _ in await asyncio.to_thread(arrivals_at, bench.origin)]
    took = [(there - here) * 1000 for here, there in zip(committed, arrived, strict=True)]
    return took[WARM_UP:]


@contextmanager
def _maybe(bench: Bench, url: str, *, elsewhere: bool) -> Iterator[None]:
    if not elsewhere:
        yield
        return
    with bench.process("worker", url):
        yield


async def start_table(bench: Bench) -> None:
    ways = [("one process", False), ("two processes", True)]
    if bench.kind == "sqlite":
        ways.pop()
    for platform in (Platform.META, Platform.GA4):
        for name, elsewhere in ways:
            took = await starts(bench, platform, elsewhere=elsewhere)
            say(f"start    {bench.kind:10} {platform.value:5} {name:14} {_ms(took)}")


# ---- how fast


async def drained(bench: Bench, platforms: Sequence[Platform], workers: int) -> float:
    """Deliveries a second, while between a fifth and four fifths of them have arrived."""
    url = bench.new_url()
    await prepare_database(url)
    database = await open_database(url)
    place = await open_place(database, Cipher(bench.key), list(platforms))
    await place.fill(bench.size.drained, Story.DUE)
    await place.settle()
    # Until every worker is there: the first would own all lanes, for as long as they have something to send.
    await place.delay(READY_WITHIN_S)
    await database.close()
    arrivals_at(bench.origin)
    with _workers(bench, url, workers):
        await _until_sent(url)
    return _steady_rate(arrivals_at(bench.origin))


@contextmanager
def _workers(bench: Bench, url: str, count: int) -> Iterator[None]:
    if count == 0:
        yield
        return
    with bench.process("serve" if bench.kind == "sqlite" else "worker", url), _workers(bench, url, count - 1):
        yield


async def _until_sent(url: str) -> None:
    database = await open_for_reading(url, connections=1)

    def left(session: Session) -> bool:
        states = (DeliveryState.SCHEDULED, DeliveryState.SENDING)
        return any(session.connection().execute(COUNTS[state].limit(1)).first() for state in states)

    async with asyncio.timeout(PATIENCE_S):
        while await database.read(left):
            await asyncio.sleep(0.5)
    await database.close()


def _steady_rate(arrivals: list[tuple[float, int]]) -> float:
    total = sum(events for _, events in arrivals)
    seen, begin, end = 0, 0.0, 0.0
    counted = 0
    for at, events in arrivals:
        seen += events
        if seen <= total / 5:
            begin = at
        elif seen <= total * 4 / 5:
            end, counted = at, counted + events
    return counted / (end - begin)


async def drain_table(bench: Bench) -> None:
    cases: list[tuple[str, list[Platform]]] = [
        ("META", [Platform.META]),
        ("GA4", [Platform.GA4]),
        ("META x2", [Platform.META] * 2),
        ("GA4 x2", [Platform.GA4] * 2),
        ("META+GA4", [Platform.META, Platform.GA4]),
    ]
    for name, platforms in cases:
        one = await drained(bench, platforms, 1)
        say(f"drain    {bench.kind:10} {name:9} one worker    {one:7,.0f}/s")
        if bench.kind != "sqlite" and len(platforms) > 1:
            two = await drained(bench, platforms, 2)
            say(f"drain    {bench.kind:10} {name:9} two workers   {two:7,.0f}/s   {two / one:.2f} times")


# ---- what waiting costs


@asynccontextmanager
async def filled(bench: Bench, rows: int) -> AsyncIterator[tuple[Place, StatusService]]:
    """Half of the deliveries are finished, half wait for later."""
    url = bench.new_url()
    await prepare_database(url)
    async with open_runtime(bench.settings(url, worker="off"), clock=utc_now) as runtime:
        place = await open_place(runtime.database, runtime.cipher, [Platform.META, Platform.GA4])
        for story in (Story.FINISHED, Story.LATER):
            await place.fill(rows // 4, story)
        await place.settle()
        yield (
            place,
            StatusService(runtime.database, _setups(runtime), runtime.wake, utc_now),
        )


async def mutation_table(bench: Bench) -> None:
    rows, mutations = bench.size.rows, bench.size.mutations
    alone: dict[int, list[float]] = {0: [], rows: []}
    rates: dict[int, list[float]] = {0: [], rows: []}
    async with filled(bench, 0) as empty, filled(bench, rows) as full:
        for _ in range(ROUNDS + 1):
            for count, (place, status) in ((0, empty), (rows, full)):
                leads = await place.fill(mutations, Story.NEW)
                caller = Caller(place, status)
                alone[count] += [await caller.change(lead) for lead in leads[: mutations // 5]]
                rates[count].append(await _together(caller, leads[mutations // 5 :]))
        for count in (0, rows):
            took, rate = alone[count][mutations // 5 :], statistics.mean(rates[count][1:])
            say(
                f"mutation {bench.kind:10} {count:9,} deliveries {_ms(took)}   {CALLERS} callers"
                f" {rate:6,.0f}/s"
            )
        medians = [statistics.median(alone[count][mutations // 5 :]) for count in (0, rows)]
        means = [statistics.mean(rates[count][1:]) for count in (0, rows)]
        say(
            f"mutation {bench.kind:10} cost with {rows:,} in relation to none: "
            f"alone {medians[1] / medians[0]:.2f}, together {means[0] / means[1]:.2f}"
        )
        await full[0].fill(DUE_AMONG, Story.DUE)
        await _lookups(bench, full[0])


async def _together(caller: Caller, leads: Sequence[int]) -> float:
    waiting = iter(leads)

    async def call() -> None:
        for lead in waiting:
            await caller.change(lead)

    begun_at = time.perf_counter()
    await asyncio.gather(*(call() for _ in range(CALLERS)))
    return len(leads) / (time.perf_counter() - begun_at)


async def _lookups(bench: Bench, place: Place) -> None:
    """What lanes and /metrics pay for what waits."""
    lane = place.lanes[0][0]
    now = utc_now()
    claimed = await _timed(place, lambda session: select_due(session, lane, now, 64))
    say(f"claim    {bench.kind:10} 64 of {DUE_AMONG} due, among what waits  {_ms(claimed)}")
    measured = await _timed(place, lambda session: measure(session, now))
    say(f"metrics  {bench.kind:10} all that /metrics looks up         {_ms(measured)}")


async def _timed(place: Place, look: Callable[[Session], object]) -> list[float]:
    took = []
    for _ in range(6):
        begun_at = time.perf_counter()
        await place.database.write(look)
        took.append((time.perf_counter() - begun_at) * 1000)
    return took[1:]


# ---- all of it


def say(line: str) -> None:
    print(line, flush=True)


def _ms(took: Sequence[float]) -> str:
    ordered = sorted(took)
    return f"p50 {statistics.median(ordered):6.2f} ms  p99 {ordered[int(len(ordered) * 0.99)]:6.2f} ms"


async def run(bench: Bench, parts: Sequence[str]) -> None:
    if "start" in parts:
        await start_table(bench)
    if "drain" in parts:
        await drain_table(bench)
    if "mutations" in parts:
        await mutation_table(bench)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the queue.")
    everything = ["start", "drain", "mutations"]
    parser.add_argument(
        "parts", nargs="*", choices=[*everything, []], metavar="part", help=", ".join(everything)
    )
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--rows", type=int, help="instead of a million deliveries")
    parser.add_argument("--short", action="store_true", help="a few of everything, in three minutes")
    given = parser.parse_args()
    size = SHORT if given.short else Size()
    size = replace(size, rows=given.rows or size.rows)
    for kind, urls in (("sqlite", sqlite_urls), ("postgresql", postgres_urls)):
        if given.only in {None, kind}:
            with answering() as origin, urls() as new_url:
                made: list[str] = [new_url() for _ in range(40)]
                bench = Bench(origin, made.pop, new_secret_key(), kind, size)
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    runner.run(run(bench, given.parts or everything))


if __name__ == "__main__":
    main()
