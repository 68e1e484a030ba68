"""The embedded engine: one process owns everything, and each lane's turns are an asyncio task."""

import asyncio
import logging
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from app.clock import Clock
from app.ids import new_id
from app.queue.port import SWEEP_LANE, RunTurn

_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(seconds=30)
"""Between turns of a lane that fails. No wake-up shortens it: each commit would cost a failing turn."""

_logger = logging.getLogger(__name__)


class Timer(Protocol):
    """Something that will be called."""

    def cancel(self) -> None:
        """Forget it."""
        ...


CallLater = Callable[[float, Callable[[], None]], Timer]
"""Calls a function after so many seconds, on the event loop."""


def call_later(delay_s: float, call: Callable[[], None]) -> Timer:
    """CallLater by the running event loop's own clock."""
    return asyncio.get_running_loop().call_later(delay_s, call)


class EmbeddedTurn:
    """A Turn of the embedded engine. One waits at a time; to break off the wait loses no wake-up."""

    def __init__(self, lane: UUID, later: CallLater) -> None:
        self.id = new_id()
        self.lane = lane
        self.stopping = False
        self._later = later
        self._awake = False
        self._waiter: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """Somebody woke the lane."""
        self._awake = True
        self._ring()

    def stop(self) -> None:
        """The engine is shutting down."""
        self.stopping = True
        self._ring()

    def take_wake_up(self) -> bool:
        """Whether the lane was woken since the last time it asked."""
        awake, self._awake = self._awake, False
        return awake

    async def woken(self, timeout_s: float) -> bool:
        """See Turn.woken."""
        if not self._awake and not self.stopping:
            self._waiter = asyncio.get_running_loop().create_future()
            timer = self._later(timeout_s, self._ring)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        return self.take_wake_up()

    def _ring(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


@dataclass(slots=True, eq=False)
class _Lane:
    """What the engine knows of a lane."""

    turn: EmbeddedTurn | None = None
    task: asyncio.Task[None] | None = None
    timer: Timer | None = None
    """Gives it the turn it asked for."""
    failures: int = 0
    """Turns in a row that failed."""


class EmbeddedEngine:
    """An Engine for one process. All of it runs on one event loop."""

    def __init__(self, clock: Clock, later: CallLater = call_later) -> None:
        self._clock = clock
        self._later = later
        self._run: RunTurn | None = None
        self._lanes: dict[UUID, _Lane] = {}
        self._stopping = False

    def wake(self, lanes: Iterable[UUID]) -> None:
        """See Engine.wake. Before start() it does nothing: the first sweep finds what there is."""
        if self._run is None or self._stopping:
            return
        for lane_id in lanes:
            lane = self._lanes.setdefault(lane_id, _Lane())
            if lane.turn is not None:
                lane.turn.wake()
            elif lane.failures == 0:
                self._give_turn(lane_id, lane)

    async def start(self, run: RunTurn) -> None:
        """See Engine.start."""
        self._run = run
        self.wake([SWEEP_LANE])

    async def stop(self, *, grace_s: float) -> None:
        """See Engine.stop."""
        self._stopping = True
        for lane in self._lanes.values():
            if lane.timer is not None:
                lane.timer.cancel()
            if lane.turn is not None:
                lane.turn.stop()
        tasks = {lane.task for lane in self._lanes.values() if lane.task is not None}
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace_s)
            for task in late:
                task.cancel()
            # Until they are really over: what they use is closed next.
            await asyncio.gather(*late, return_exceptions=True)

    def _give_turn(self, lane_id: UUID, lane: _Lane) -> None:
        if lane.timer is not None:
            lane.timer.cancel()
            lane.timer = None
        lane.turn = EmbeddedTurn(lane_id, self._later)
        lane.task = asyncio.create_task(self._take_turn(lane_id, lane, lane.turn))

    async def _take_turn(self, lane_id: UUID, lane: _Lane, turn: EmbeddedTurn) -> None:
        assert self._run is not None
        try:
            due_at = await self._run(turn)
        except Exception as error:  # noqa: BLE001 - the outermost edge of a lane: others must go on
            lane.failures += 1
            due_at = self._clock() + _pause(lane.failures)
            # Where it was raised, and never what it says: the text of an error may quote personal data.
            where = "".join(traceback.format_tb(error.__traceback__))
            _logger.error(  # noqa: TRY400 - see above
                "lane %s: a turn failed: %s\n%s", lane_id, type(error).__name__, where
            )
        else:
            lane.failures = 0
        lane.turn = lane.task = None
        self._plan(lane_id, lane, due_at, woken=turn.take_wake_up())

    def _plan(self, lane_id: UUID, lane: _Lane, due_at: datetime | None, *, woken: bool) -> None:
        """What comes after a turn."""
        if self._stopping:
            return
        if woken and lane.failures == 0:
            self._give_turn(lane_id, lane)
        elif due_at is not None:
            wait_s = max(0.0, (due_at - self._clock()).total_seconds())
            lane.timer = self._later(wait_s, lambda: self._give_turn(lane_id, lane))
        else:
            del self._lanes[lane_id]


def _pause(failures: int) -> timedelta:
    return min(_FIRST_PAUSE * (1 << min(failures - 1, 16)), _LONGEST_PAUSE)
