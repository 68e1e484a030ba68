"""The embedded engine: one process owns everything, and each lane's turns are an asyncio task."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.clock import Clock
from app.queue.pauses import log_failed_turn, pause_after
from app.queue.port import SWEEP_LANE, RunTurn
from app.queue.turns import CallLater, GivenTurn, Timer, call_later


@dataclass(slots=True, eq=False)
class _Lane:
    """What the engine knows of a lane."""

    turn: GivenTurn | None = None
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
        lane.turn = GivenTurn(lane_id, self._later)
        lane.task = asyncio.create_task(self._take_turn(lane_id, lane, lane.turn))

    async def _take_turn(self, lane_id: UUID, lane: _Lane, turn: GivenTurn) -> None:
        assert self._run is not None
        try:
            due_at = await self._run(turn)
        except Exception as error:  # noqa: BLE001 - the outermost edge of a lane: others must go on
            lane.failures += 1
            due_at = self._clock() + pause_after(lane.failures)
            log_failed_turn(lane_id, error)
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
