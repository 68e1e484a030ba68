"""The PostgreSQL engine: PgQueuer sees to it that a lane has one owner in the whole installation.

A PgQueuer job is a turn of a lane, at most one queued or running for each: its dedupe key is the lane.
Nothing of a conversion is in it, so a job that is lost costs no more than the time to the next sweep.

A turn may outlive the connection it was given over. The engine takes turns of other lanes over another one
meanwhile; the next turn of that lane waits for it.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from uuid import UUID

from pgqueuer.models import Job

from app.clock import Clock
from app.queue.pauses import log_failed_turn, pause_after
from app.queue.port import ALERT_LANE, SWEEP_LANE, RunTurn, Wake
from app.queue.postgres_consumer import Consumer
from app.queue.postgres_waking import LOST, Waker, connect, install, require_queue
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
        self._one_at_a_time: defaultdict[UUID, asyncio.Lock] = defaultdict(asyncio.Lock)
        """Held by a lane's turn, which may outlive its connection."""
        self._service: asyncio.Task[None] | None = None
        self._consumer: Consumer | None = None
        """Takes turns; None: there is no connection."""
        self._running: dict[asyncio.Task[None], Consumer] = {}
        """That one, and those that lost their connection and whose turns are not all over."""
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
        if self._consumer is not None:
            self._consumer.closed.set()
        elif self._service is not None:
            self._service.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace_s)
            for task in late:
                task.cancel()
        if self._service is not None:
            await self._say_goodbye(self._service)
        await self._waker.close()

    async def _say_goodbye(self, service: asyncio.Task[None]) -> None:
        _, late = await asyncio.wait({service, *self._running}, timeout=_GOODBYE_S)
        for consumer in self._running.values():
            consumer.break_off()
        if late:
            await asyncio.wait(late, timeout=_GOODBYE_S)

    def _stop_turns(self) -> None:
        for turn in self._turns.values():
            turn.stop()

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
        """Until the connection is lost or the engine stops, whatever turns are still under way then."""
        connection = await connect(self._url)
        consumer = self._consumer = Consumer(connection, TURN, self._give, hesitate=self._hesitate)
        running = asyncio.create_task(
            consumer.run(
                self._waker.channel,
                self._hear,
                taken_over_after=self._taken_over_after,
                looked_for_every=self._looked_for_every,
            )
        )
        self._running[running] = consumer
        running.add_done_callback(self._end)
        await consumer.closed.wait()
        self._consumer = None
        # Without the connection nobody hears this process's heart: its turns are somebody else's soon.
        self._stop_turns()
        if running.done():  # it failed by itself
            await running
        elif not self._stopping:
            consumer.break_off()
            if consumer.failure is not None:
                raise consumer.failure
            _logger.warning("the queue's connection is lost")

    def _end(self, running: asyncio.Task[None]) -> None:
        self._running.pop(running).closed.set()
        if not running.cancelled():
            running.exception()  # asyncio would log what the last turns of a lost connection met

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

    async def _give(self, consumer: Consumer, job: Job) -> None:
        """One turn, once the lane's last one is over.

        Never raises: PgQueuer would keep the job of a turn that failed for ever.
        """
        assert job.payload is not None
        lane = UUID(bytes=job.payload)
        async with self._one_at_a_time[lane]:
            turn = self._begin(lane)
            try:
                # What nobody would hear the heart of is not begun: the lane is due, for somebody else.
                due_at = self._clock() if consumer.closed.is_set() else await self._taken(turn)
            finally:
                # At once, where PgQueuer would bundle it with others: until it is gone none can be queued.
                # Without a database it stays, and is given to somebody else as a dead owner's.
                with suppress(*LOST):
                    await consumer.queries.log_jobs([(job, "successful", None)])
                del self._turns[lane], self._begun_at[lane]
                self._ended_at[lane] = asyncio.get_running_loop().time()
            self._plan(lane, due_at, woken=turn.take_wake_up())

    def _begin(self, lane: UUID) -> GivenTurn:
        if lane in self._timers:
            self._timers.pop(lane).cancel()
        self._begun_at[lane] = self._clock()
        turn = self._turns[lane] = GivenTurn(lane, self._later)
        return turn

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
