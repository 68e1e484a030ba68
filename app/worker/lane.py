"""A lane's turn: claim, send many at once, record, linger for more, end. One integration, one owner."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlmodel import Session

from app.clock import Clock
from app.connectors.opening import Opener
from app.database.database import Database
from app.database.errors import DatabaseClosedError
from app.queue.port import Turn
from app.worker.asking import ask, carry_out
from app.worker.attempts import Channel, Ended, Question, Result, Trial
from app.worker.backoff import Jitter
from app.worker.claiming import end_unsendable
from app.worker.saving import save
from app.worker.sending import Prepared, groups, prepare, send
from app.worker.step import BUNDLE, LaneSteps, Memory, Order, Step
from app.worker.tidying import tidy
from app.worker.watch import Unwatched, Watch

LINGER_S = 0.075
"""How long an idle owner waits for more before it ends its turn: a new turn costs more than a claim."""

RECHECK_S = 0.5
"""How long an owner that is sending goes without looking for more: a wake-up may be lost."""

TOGETHER_S = 0.005
"""How long what came back waits for what is still under way, to be recorded together."""

STAY = timedelta(seconds=1)
"""What is due within this is waited for; what is due later gets a turn of its own."""

T = TypeVar("T")

_Request = Callable[[], Awaitable[list[Result]]]

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
    watch: Watch = field(default_factory=Unwatched)
    _memory: Memory = field(default_factory=Memory)

    async def run(self, turn: Turn) -> datetime | None:
        """A RunTurn: the whole turn of one lane.

        Cancelling it leaves what is in flight SENDING: to the lane's next owner these are attempts of which
        nobody knows the end.
        """
        return await _LaneTurn(self, turn, self._memory).run()


class _LaneTurn:
    """One turn under way."""

    def __init__(self, lanes: Lanes, turn: Turn, memory: Memory) -> None:
        self._lanes = lanes
        self._turn = turn
        self._steps = LaneSteps(turn.lane, turn.id, opener=lanes.opener, jitter=lanes.jitter, memory=memory)
        self._in_flight: set[asyncio.Task[list[Result]]] = set()
        self._slots: asyncio.Semaphore | None = None
        """Requests that may be made at once; None: nothing was claimed yet."""
        self._results: list[Result] = []
        self._news = asyncio.Event()
        """Something came back."""
        self._begin = True
        self._busy = False
        """The next step has something to do already."""
        self._closing = False
        """Claim nothing more, whatever the engine says."""
        self._unfinished = False
        """There is more to do at once, or a write failed: what it claimed is not known."""
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
        return self._lanes.clock() if self._unfinished else self._due_at

    @property
    def _ending(self) -> bool:
        return self._closing or self._turn.stopping

    async def _step(self) -> None:
        self._news.clear()
        results, self._results = self._results[:BUNDLE], self._results[BUNDLE:]
        step = await self._take(results)
        self._start(step)
        if step.unsendable:
            await self._write(lambda session: end_unsendable(session, step.unsendable, self._lanes.clock()))
        if step.untidy and not self._ending:
            await self._write(lambda session: tidy(session, self._turn.lane, self._lanes.clock()))
        self._begin = step.unfinished_beginning
        self._busy = step.more or step.untidy or step.unfinished_beginning or bool(step.unsendable)

    async def _take(self, results: list[Result]) -> Step:
        if self._turn.offered and not (self._in_flight or self._begin):
            self._closing = self._unfinished = True
        order = Order(
            now=self._lanes.clock(),
            begin=self._begin,
            results=results,
            in_flight=len(self._in_flight),
            claiming=not self._ending,
        )
        # Whatever else came back can be asked again.
        ended = [one for one in results if isinstance(one, Ended)]
        for one in ended:
            self._lanes.watch.attempted(one.delivery.platform, one.outcome.kind, one.duration_ms / 1000)
        begun_at = asyncio.get_running_loop().time()
        step = await self._write(lambda session: self._take_in(session, order), unsaved=ended)
        seconds = asyncio.get_running_loop().time() - begun_at
        self._lanes.watch.stepped(seconds, claimed=len(step.attempts) if step else 0)
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
            results=[ended],
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
            if not (self._in_flight or self._results or unsaved):
                raise  # the engine gives another turn
            # Whether it was committed and what it claimed is not known: the next turn finds that.
            self._closing = self._unfinished = True
            _logger.error("lane %s: a write failed: %s", self._turn.lane, type(error).__name__)  # noqa: TRY400 - its text and frames may hold personal data
            return None

    def _start(self, step: Step) -> None:
        """Begin all that the step claimed."""
        clock, turn_id = self._lanes.clock, self._turn.id
        prepared = [prepare(attempt, turn_id, clock) for attempt in step.attempts]
        self._results += [one for one in prepared if isinstance(one, Ended)]
        ready = groups([one for one in prepared if isinstance(one, Prepared)])
        for group in ready:
            self._begin_request(group[0].attempt.channel, partial(self._send, group))
        if ready and ready[0][0].attempt.channel.connector.facts.batch:
            # The step counted one for all that might have shared a request.
            self._steps.spend(len(ready) - 1, clock())
        for question in step.questions:
            self._begin_request(question.channel, partial(self._ask, question))
        for trial in step.trials:
            self._begin_request(trial.channel, partial(self._try, trial))

    def _begin_request(self, channel: Channel, request: _Request) -> None:
        if self._slots is None:
            self._slots = asyncio.Semaphore(channel.connector.facts.max_concurrency)
        task = asyncio.create_task(_in_turn(self._slots, request))
        self._in_flight.add(task)
        task.add_done_callback(self._end)

    async def _send(self, group: Sequence[Prepared]) -> list[Result]:
        ended, requests = await send(group, self._turn.id, self._lanes.clock)
        self._steps.spend(requests - 1, self._lanes.clock())
        return [*ended]

    async def _ask(self, question: Question) -> list[Result]:
        return [await ask(question)]

    async def _try(self, trial: Trial) -> list[Result]:
        return [await carry_out(trial)]

    def _end(self, task: asyncio.Task[list[Result]]) -> None:
        self._in_flight.discard(task)
        if not task.cancelled():
            self._results += task.result()
        self._news.set()

    async def _reason_to_go_on(self) -> bool:
        """Wait for something to do; False: there is nothing, and the turn is over."""
        if self._results or (self._busy and not self._ending):
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
        """Wait until something comes back, somebody wakes the lane, or it is time to look for more."""
        waiting: set[asyncio.Task[bool]] = {asyncio.create_task(self._news.wait())}
        if not self._ending:
            waiting.add(asyncio.create_task(self._turn.woken(RECHECK_S)))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancel(waiting)
        if self._results and self._in_flight:
            await asyncio.wait(self._in_flight, timeout=TOGETHER_S)


async def _in_turn(slots: asyncio.Semaphore, request: _Request) -> list[Result]:
    async with slots:
        return await request()


def _tell(step: Step) -> None:
    for notice in step.notices:
        _logger.warning(notice)


async def _cancel(tasks: Collection[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
