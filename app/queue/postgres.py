"""The PostgreSQL engine: PgQueuer sees to it that a lane has one owner in the whole installation.

A PgQueuer job is a turn of a lane, at most one queued or running for each: its dedupe key is the lane.
Nothing of a conversion is in it, so a job that is lost costs no more than the time to the next sweep.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from pgqueuer.models import Job
from pgqueuer.qm import QueueManager

from app.clock import Clock
from app.queue.pauses import log_failed_turn, pause_after
from app.queue.port import ALERT_LANE, SWEEP_LANE, RunTurn, Wake
from app.queue.postgres_jobs import OwnQueries
from app.queue.postgres_waking import LOST, Waker, connect, disconnect, install, require_queue
from app.queue.turns import CallLater, GivenTurn, Timer, call_later

__all__ = ["PostgresEngine", "install", "waking"]

TURN = "leadwire_turn"
"""The name under which PgQueuer's dashboard shows turns."""

TAKEN_OVER_AFTER = timedelta(seconds=10)
"""An owner that was silent for so long is taken for dead; its heart beats twice in that time."""
LOOKED_FOR_EVERY = timedelta(seconds=2)
"""How long a turn that nobody was notified of lies around, and a dead owner's after that."""
SWEPT_EVERY_S = 15.0
"""By this process, should the one that swept last be gone."""
RECENTLY_S = 2.0
"""Whoever notified an owner that had just ended may have found its job not yet deleted."""

OFFERED_AFTER = timedelta(seconds=2)
"""How long a process is busy with several lanes before it offers one of them, and then the next one.

Without this whoever happens to be first keeps all of them for as long as they have something to send.
"""
HESITATES_S = 0.02
"""How much sooner than a busy process an idle one looks for turns."""

_PRUNED_EVERY = 40
"""Of those sweeps: every ten minutes."""
_RECONNECTED_AFTER_S = (0.5, 1.0, 2.0, 5.0)
_GOODBYE_S = 3.0
"""How long saying goodbye to the queue may take, and breaking that off: a server may be silent for ever."""

_logger = logging.getLogger(__name__)


class PostgresEngine:
    """An Engine for any number of processes that share a PostgreSQL database."""

    def __init__(
        self,
        database_url: str,
        clock: Clock,
        later: CallLater = call_later,
        *,
        taken_over_after: timedelta = TAKEN_OVER_AFTER,
        looked_for_every: timedelta = LOOKED_FOR_EVERY,
    ) -> None:
        """`database_url` as SQLAlchemy writes it."""
        self._url = database_url
        self._clock = clock
        self._later = later
        self._taken_over_after = taken_over_after
        self._looked_for_every = looked_for_every
        self._waker = Waker(database_url, TURN)
        self._run: RunTurn | None = None
        self._turns: dict[UUID, GivenTurn] = {}
        self._begun_at: dict[UUID, datetime] = {}
        """When each of them was given."""
        self._tasks: set[asyncio.Task[datetime | None]] = set()
        self._timers: dict[UUID, Timer] = {}
        self._ended_at: dict[UUID, float] = {}
        self._failures: dict[UUID, int] = {}
        self._connection: asyncpg.Connection | None = None
        self._manager: QueueManager | None = None
        self._service: asyncio.Task[None] | None = None
        self._stopping = False
        self._sweeps = 0

    def wake(self, lanes: Iterable[UUID]) -> None:
        """See Engine.wake. Before start() it does nothing: the first sweep finds what there is."""
        if self._run is None or self._stopping:
            return
        lanes = list(lanes)
        for lane in lanes:
            if lane in self._turns:
                self._turns[lane].wake()
        self._waker.wake(lanes)

    async def start(self, run: RunTurn) -> None:
        """See Engine.start. QueueNotInstalledError: PgQueuer's tables are not there."""
        await require_queue(self._url)
        self._run = run
        self._service = asyncio.create_task(self._serve())
        self._sweep()
        self._balance()

    async def stop(self, *, grace_s: float) -> None:
        """See Engine.stop."""
        self._stopping = True
        for timer in self._timers.values():
            timer.cancel()
        self._stop_turns()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace_s)
            for task in late:
                task.cancel()
        if self._service is not None:
            if self._manager is None:
                self._service.cancel()
            _, late = await asyncio.wait({self._service}, timeout=_GOODBYE_S)
            if late and self._connection is not None:
                self._connection.terminate()
                await asyncio.wait(late, timeout=_GOODBYE_S)
        await self._waker.close()

    def _stop_turns(self) -> None:
        for turn in self._turns.values():
            turn.stop()
        if self._manager is not None:
            self._manager.shutdown.set()

    def _sweep(self) -> None:
        """Have the sweep a turn now and then, whoever had it last."""
        self.wake([SWEEP_LANE])
        self._sweeps += 1
        if self._sweeps % _PRUNED_EVERY == 0:
            self._waker.prune()
        if not self._stopping:
            self._timers[_WATCH] = self._later(SWEPT_EVERY_S, self._sweep)

    def _balance(self) -> None:
        """Of several busy lanes, offer the one that was busy for longest."""
        busy = self._busy()
        if len(busy) > 1:
            self._turns[min(busy, key=self._begun_at.__getitem__)].offered = True
        if not self._stopping:
            self._timers[_BALANCE] = self._later(OFFERED_AFTER.total_seconds(), self._balance)

    def _busy(self) -> list[UUID]:
        """The lanes that this process has had something to do with for a while."""
        since = self._clock() - OFFERED_AFTER
        lanes = self._turns.keys() - {SWEEP_LANE, ALERT_LANE}
        return [lane for lane in lanes if self._begun_at[lane] <= since]

    async def _hesitate(self) -> None:
        if self._busy():
            await asyncio.sleep(HESITATES_S)

    async def _serve(self) -> None:
        """Take turns while there is a database, and wait for it while there is none."""
        tries = 0
        while not self._stopping:
            try:
                await self._take_turns()
                tries = 0
            except Exception as error:  # noqa: BLE001 - the outermost edge: who gave no turns any more would look well
                _logger.warning("the queue's connection is lost: %s", type(error).__name__)
            if not self._stopping:
                await asyncio.sleep(_RECONNECTED_AFTER_S[min(tries, len(_RECONNECTED_AFTER_S) - 1)])
                tries += 1

    async def _take_turns(self) -> None:
        connection = self._connection = await connect(self._url)
        try:
            queries = OwnQueries(connection, hesitate=self._hesitate)
            manager = QueueManager(queries)
            queries.owner = manager.queue_manager_id
            manager.entrypoint(TURN, on_failure="hold")(self._give)
            # Without the connection nobody hears this process's heart: its turns are somebody else's soon.
            connection.add_termination_listener(lambda _connection: self._stop_turns())
            await connection.add_listener(self._waker.channel, self._hear)
            self._manager = manager
            if self._stopping:
                return
            await manager.run(
                # With more the first worker to wake up would take every lane, and the others none.
                batch_size=1,
                dequeue_timeout=self._looked_for_every,
                heartbeat_timeout=self._taken_over_after,
                shutdown_on_listener_failure=True,
                log_aggregation_interval=timedelta(0),
            )
        finally:
            self._manager = self._connection = None
            await disconnect(connection)

    def _hear(self, *heard: object) -> None:
        """Some process woke lanes: the owner may be here, or may just have been."""
        now = asyncio.get_running_loop().time()
        missed = []
        for lane in self._waker.lanes_in(heard[-1]):
            turn = self._turns.get(lane)
            if turn is not None:
                turn.wake()
            elif now - self._ended_at.get(lane, -RECENTLY_S) < RECENTLY_S:
                missed.append(lane)
        if missed and not self._stopping:
            self._waker.queue(missed)

    async def _give(self, job: Job) -> None:
        """One turn. Never raises: PgQueuer would keep the job of a turn that failed for ever."""
        assert self._manager is not None
        assert job.payload is not None
        queries = self._manager.queries
        lane = UUID(bytes=job.payload)
        if lane in self._timers:
            self._timers.pop(lane).cancel()
        turn = self._turns[lane] = GivenTurn(lane, self._later)
        self._begun_at[lane] = self._clock()
        if self._stopping:
            turn.stop()
        try:
            due_at = await self._taken(turn)
        finally:
            # At once, where PgQueuer would bundle it with others: until the job is gone none can be queued.
            # Without a database it stays, and is given to somebody else as a dead owner's.
            with suppress(*LOST):
                await queries.log_jobs([(job, "successful", None)])
            if self._turns.get(lane) is turn:
                del self._turns[lane], self._begun_at[lane]
            self._ended_at[lane] = asyncio.get_running_loop().time()
        self._plan(lane, due_at, woken=turn.take_wake_up())

    async def _taken(self, turn: GivenTurn) -> datetime | None:
        assert self._run is not None
        task = asyncio.ensure_future(self._run(turn))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            due_at = await task
        except Exception as error:  # noqa: BLE001 - the outermost edge of a lane: others must go on
            failures = self._failures[turn.lane] = self._failures.get(turn.lane, 0) + 1
            log_failed_turn(turn.lane, error)
            return self._clock() + pause_after(failures)
        self._failures.pop(turn.lane, None)
        return due_at

    def _plan(self, lane: UUID, due_at: datetime | None, *, woken: bool) -> None:
        """What comes after a turn; what this process does not live to do, a sweep does."""
        failed = lane in self._failures
        if (woken and not failed) or (self._stopping and due_at is not None and due_at <= self._clock()):
            self._waker.wake([lane])
        elif due_at is not None and not self._stopping:
            wait_s = max(0.0, (due_at - self._clock()).total_seconds())
            self._timers[lane] = self._later(wait_s, lambda: self.wake([lane]))


_WATCH, _BALANCE = UUID(int=(1 << 128) - 1), UUID(int=(1 << 128) - 2)
"""Among the timers: not lanes."""


@asynccontextmanager
async def waking(database_url: str) -> AsyncIterator[Wake]:
    """Wake lanes of other processes, for one that gives no turns itself; on leaving, tell what is left.

    QueueNotInstalledError: PgQueuer's tables are not there.
    """
    await require_queue(database_url)
    waker = Waker(database_url, TURN)
    try:
        yield waker.wake
    finally:
        await waker.close()
