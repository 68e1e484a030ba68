"""A lane's turn: claim, send many at once, record, linger for more, end. One integration, one owner."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import Session

from app.clock import Clock
from app.connectors.opening import Opener
from app.database.database import Database
from app.database.errors import DatabaseClosedError
from app.queue.port import Turn
from app.worker.attempts import Attempt, Ended
from app.worker.backoff import Jitter
from app.worker.claiming import end_unsendable
from app.worker.pace import Pace
from app.worker.saving import save
from app.worker.sending import send
from app.worker.step import BUNDLE, LaneSteps, Order, Step
from app.worker.tidying import tidy

LINGER_S = 0.075
"""How long an idle owner waits for more before it ends its turn: a new turn costs more than a claim."""

RECHECK_S = 0.5
"""How long an owner that is sending goes without looking for more: a wake-up may be lost."""

STAY = timedelta(seconds=1)
"""What is due within this is waited for; what is due later gets a turn of its own."""

T = TypeVar("T")

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """Every lane of the installation, as far as this process is given turns of them."""

    database: Database
    opener: Opener
    clock: Clock
    jitter: Jitter
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Seconds between two tries to record what the database would not take."""
    _paces: dict[UUID, Pace] = field(default_factory=dict)

    async def run(self, turn: Turn) -> datetime | None:
        """A RunTurn: the whole turn of one lane.

        Cancelling it leaves what is in flight SENDING: to the lane's next owner these are attempts of which
        nobody knows the end.
        """
        return await _LaneTurn(self, turn, self._paces).run()


class _LaneTurn:
    """One turn under way."""

    def __init__(self, lanes: Lanes, turn: Turn, paces: dict[UUID, Pace]) -> None:
        self._lanes = lanes
        self._turn = turn
        self._steps = LaneSteps(turn.lane, turn.id, opener=lanes.opener, jitter=lanes.jitter, paces=paces)
        self._in_flight: set[asyncio.Task[Ended]] = set()
        self._ended: list[Ended] = []
        self._news = asyncio.Event()
        """An attempt has ended."""
        self._begin = True
        self._busy = False
        """The next step has something to do already."""
        self._closing = False
        """Claim nothing more, whatever the engine says."""
        self._failed = False
        """A write failed: what it claimed is not known."""
        self._due_at: datetime | None = None

    async def run(self) -> datetime | None:
        """Take steps while there is a reason to; answers when the lane is due next."""
        try:
            await self._step()
            while await self._reason_to_go_on():
                await self._step()
        finally:
            # Cancelled, or failed: otherwise nothing is left in flight.
            await _cancel(self._in_flight.copy())
        return self._lanes.clock() if self._failed else self._due_at

    @property
    def _ending(self) -> bool:
        return self._closing or self._turn.stopping

    async def _step(self) -> None:
        self._news.clear()
        ended, self._ended = self._ended[:BUNDLE], self._ended[BUNDLE:]
        step = await self._take(ended)
        for attempt in step.attempts:
            self._start(attempt)
        if step.unsendable:
            await self._write(lambda session: end_unsendable(session, step.unsendable, self._lanes.clock()))
        if step.untidy and not self._ending:
            await self._write(lambda session: tidy(session, self._turn.lane, self._lanes.clock()))
        self._begin = step.unfinished_beginning
        self._busy = step.more or step.untidy or step.unfinished_beginning or bool(step.unsendable)

    async def _take(self, ended: list[Ended]) -> Step:
        order = Order(
            now=self._lanes.clock(),
            begin=self._begin,
            ended=ended,
            in_flight=len(self._in_flight),
            claiming=not self._ending,
        )
        step = await self._write(lambda session: self._take_in(session, order), unsaved=ended)
        if step is None:
            await save(ended, self._record_one, self._lanes.sleep)
            return Step()
        self._closing = self._closing or step.lost
        self._due_at = step.due_at
        _tell(step)
        return step

    def _take_in(self, session: Session, order: Order) -> Step:
        return self._steps.take(session, order)

    async def _record_one(self, ended: Ended) -> None:
        order = Order(
            now=self._lanes.clock(),
            begin=False,
            ended=[ended],
            in_flight=len(self._in_flight),
            claiming=False,
        )
        _tell(await self._lanes.database.write(lambda session: self._take_in(session, order)))

    async def _write(self, work: Callable[[Session], T], unsaved: list[Ended] | None = None) -> T | None:
        """Write; None when that failed though an attempt is not recorded yet, which must not be lost."""
        try:
            return await self._lanes.database.write(work)
        except DatabaseClosedError:
            raise  # nothing will be recorded any more
        except Exception as error:
            if not (self._in_flight or self._ended or unsaved):
                raise  # the engine gives another turn
            # Whether it was committed and what it claimed is not known: the next turn finds that.
            self._closing = self._failed = True
            _logger.error("lane %s: a write failed: %s", self._turn.lane, type(error).__name__)  # noqa: TRY400 - its text and frames may hold personal data
            return None

    def _start(self, attempt: Attempt) -> None:
        task = asyncio.create_task(send(attempt, self._turn.id, self._lanes.clock))
        self._in_flight.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[Ended]) -> None:
        self._in_flight.discard(task)
        if not task.cancelled():
            self._ended.append(task.result())
        self._news.set()

    async def _reason_to_go_on(self) -> bool:
        """Wait for something to do; False: there is nothing, and the turn is over."""
        if self._ended or (self._busy and not self._ending):
            return True
        if self._in_flight:
            await self._wait_for_news()
            return True
        if self._ending:
            return False
        wait = self._due_at - self._lanes.clock() if self._due_at else None
        if wait is not None and wait <= STAY:
            await self._turn.woken(max(0.0, wait.total_seconds()))
            return True
        return await self._turn.woken(LINGER_S)

    async def _wait_for_news(self) -> None:
        """Wait until an attempt ends, somebody wakes the lane, or it is time to look for more."""
        waiting: set[asyncio.Task[bool]] = {asyncio.create_task(self._news.wait())}
        if not self._ending:
            waiting.add(asyncio.create_task(self._turn.woken(RECHECK_S)))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancel(waiting)


def _tell(step: Step) -> None:
    for notice in step.notices:
        _logger.warning(notice)


async def _cancel(tasks: Collection[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
