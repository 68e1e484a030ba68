"""Turns that do what a test tells them."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from pgqueuer.models import Job

from app.queue.port import Turn
from app.queue.postgres import PostgresEngine
from tests.worker.scripted import News

QUICK = {"taken_over_after": timedelta(seconds=1), "looked_for_every": timedelta(seconds=0.2)}
"""For an engine on PostgreSQL: nobody wants to wait for the real times."""


class Turns:
    """A RunTurn that remembers the turns it was given, and does in each what a test says."""

    def __init__(self) -> None:
        self.ids: dict[UUID, list[UUID]] = {}
        self.over: dict[UUID, int] = {}
        self.at_once: dict[UUID, int] = {}
        self.most_at_once: dict[UUID, int] = {}
        self.canceled: list[UUID] = []
        self.due_at: dict[UUID, Any] = {}
        self.during: dict[UUID, Callable[[Turn], Any]] = {}
        self._held: dict[UUID, asyncio.Event] = {}
        self._news = News()

    async def run(self, turn: Turn) -> Any:
        lane = turn.lane
        self.ids.setdefault(lane, []).append(turn.id)
        self.at_once[lane] = self.at_once.get(lane, 0) + 1
        self.most_at_once[lane] = max(self.most_at_once.get(lane, 0), self.at_once[lane])
        self._news.tell()
        try:
            if lane in self._held:
                await self._held[lane].wait()
            if lane in self.during:
                await self.during[lane](turn)
        except asyncio.CancelledError:
            self.canceled.append(lane)
            raise
        finally:
            self.at_once[lane] -= 1
            self.over[lane] = self.over.get(lane, 0) + 1
            self._news.tell()
        return self.due_at.pop(lane, None)

    def hold(self, lane: UUID) -> None:
        """Let the lane's turns not end before let_go()."""
        self._held[lane] = asyncio.Event()

    def let_go(self, lane: UUID) -> None:
        self._held[lane].set()

    async def given(self, lane: UUID, turns: int) -> None:
        await self._news.until(lambda: len(self.ids.get(lane, ())) >= turns)

    async def ended(self, lane: UUID, turns: int) -> None:
        await self._news.until(lambda: self.over.get(lane, 0) >= turns)
        await asyncio.sleep(0)  # the engine hears of it after this


def stop_heart(engine: PostgresEngine) -> None:
    """Let it look dead to the others, as a process that was killed, or stands still."""

    async def no_beat(_job_ids: object) -> None:
        """Nobody hears of it any more."""

    async def no_jobs(**_asked: object) -> list[Job]:
        """It would take its own turn for a dead owner's."""
        return []

    assert engine._consumer is not None
    engine._consumer.queries.update_heartbeat = no_beat  # type: ignore[method-assign]
    engine._consumer.queries.dequeue = no_jobs  # type: ignore[method-assign]
