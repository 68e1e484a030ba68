"""Those who watch jobs: one poll for all of them, the newest state wins, and nothing runs for nobody."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, col, update

from app.database.database import Database
from app.errors import InvalidInputError
from app.ids import new_id
from app.repositories.watching import DeliveryMark, JobMark
from app.services.viewer import Viewer
from app.services.watching import JOBS_A_READ, JobFeed
from app.tables.jobs import DeliveryRow, JobRow
from app.values import DeliveryState, JobState, Platform, Scope
from tests.api import Api, open_api, process
from tests.world import START


class Pulse:
    """A sleep that ends when the test says so."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    async def __call__(self, _seconds: float) -> None:
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting

    async def beat(self) -> None:
        """One poll, to its end."""
        while not self._waiting:
            await asyncio.sleep(0.001)
        self._waiting.pop().set_result(None)
        while not self._waiting:
            await asyncio.sleep(0.001)

    async def last_beat(self, feed: JobFeed) -> None:
        """Let the task find out that nobody watches."""
        self._waiting.pop().set_result(None)
        while feed.polling:
            await asyncio.sleep(0.001)


class CountingDatabase:
    """Counts reads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.reads = 0

    async def read(self, work: Callable[[Session], Any]) -> Any:
        self.reads += 1
        return await self._database.read(work)


class Watchers:
    """A feed over a world with jobs, and a pulse."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.pulse = Pulse()
        self.database = CountingDatabase(api.world.database)
        self.feed = JobFeed(self.database, sleep=self.pulse)  # type: ignore[arg-type]
        self.viewer = Viewer(api.world.project_id, new_id(), frozenset({Scope.LEADS_READ}))

    async def job(self) -> str:
        lead, label = await self.api.world.complete_lead(), await self.api.world.label()
        await self.api.world.map(label.id, await self.api.world.integration(Platform.META))
        job_id: str = (await self.api.update({"leadId": str(lead.id)}, label.id))["job"]["id"]
        return job_id

    async def attempts(self, job_id: str, attempts: int) -> None:
        statement = update(DeliveryRow).where(col(DeliveryRow.job_id) == UUID(job_id))
        changed = statement.values(attempts=attempts)
        await self.api.world.database.write(lambda session: session.execute(changed))

    async def watch(self, job_id: str) -> Any:
        marks = self.feed.follow(await self.feed.find(self.viewer, job_id))
        await anext(marks)
        return marks


@pytest.fixture
async def watchers(database: Database) -> Any:
    async with open_api(database) as api:
        yield Watchers(api)


def attempts_of(mark: JobMark) -> list[int]:
    return sorted(delivery.attempts for delivery in mark.deliveries)


async def test_a_watcher_is_told_what_moved_and_nothing_while_nothing_moves(watchers: Watchers) -> None:
    job_id = await watchers.job()
    marks = await watchers.watch(job_id)
    coming = asyncio.ensure_future(anext(marks))
    await watchers.pulse.beat()
    assert not coming.done()

    await watchers.attempts(job_id, 1)
    await watchers.pulse.beat()
    assert attempts_of(await coming) == [1]
    await marks.aclose()


async def test_however_often_it_moves_only_the_newest_is_kept(watchers: Watchers) -> None:
    job_id = await watchers.job()
    marks = await watchers.watch(job_id)
    for attempts in range(1, 4):
        await watchers.attempts(job_id, attempts)
        await watchers.pulse.beat()

    assert attempts_of(await anext(marks)) == [3]
    coming = asyncio.ensure_future(anext(marks))
    await watchers.pulse.beat()
    assert not coming.done()
    coming.cancel()


async def test_what_moved_between_the_first_look_and_the_poll_is_told(watchers: Watchers) -> None:
    job_id = await watchers.job()
    found = await watchers.feed.find(watchers.viewer, job_id)
    await watchers.attempts(job_id, 7)
    marks = watchers.feed.follow(found)
    first = await anext(marks)
    await watchers.pulse.beat()

    assert (attempts_of(first), attempts_of(await anext(marks))) == ([0], [7])
    await marks.aclose()


async def test_one_read_serves_everybody_who_watches(watchers: Watchers) -> None:
    job_ids = [await watchers.job() for _ in range(3)]
    watched = [await watchers.watch(job_id) for job_id in job_ids * 2]
    before = watchers.database.reads
    await watchers.pulse.beat()

    assert (watchers.feed.watching, watchers.database.reads - before) == (6, 1)
    for marks in watched:
        await marks.aclose()


async def test_many_jobs_are_read_in_portions(watchers: Watchers) -> None:
    mark = await watchers.feed.find(watchers.viewer, await watchers.job())
    others = [
        watchers.feed.follow(JobMark(new_id(), JobState.PENDING, True, None, frozenset()))
        for _ in range(JOBS_A_READ)
    ]
    watched = [watchers.feed.follow(mark), *others]
    for marks in watched:
        await anext(marks)
    before = watchers.database.reads
    await watchers.pulse.beat()

    assert watchers.database.reads - before == 2
    with pytest.raises(StopAsyncIteration):
        await anext(others[-1])
    for marks in watched:
        await marks.aclose()


async def test_nothing_runs_before_somebody_watches_and_after_the_last_one_has_stopped(
    watchers: Watchers,
) -> None:
    job_id = await watchers.job()
    found = await watchers.feed.find(watchers.viewer, job_id)
    never_begun = watchers.feed.follow(found)
    assert (watchers.feed.watching, watchers.feed.polling) == (0, False)

    marks = await watchers.watch(job_id)
    assert (watchers.feed.watching, watchers.feed.polling) == (1, True)
    await watchers.pulse.beat()
    await marks.aclose()
    await never_begun.aclose()
    before = watchers.database.reads
    await watchers.pulse.last_beat(watchers.feed)

    assert (watchers.feed.watching, watchers.database.reads - before) == (0, 0)


async def test_it_is_over_when_all_is_final_and_the_watcher_with_it(watchers: Watchers) -> None:
    job_id = await watchers.job()
    marks = await watchers.watch(job_id)
    await process(watchers.api)
    await watchers.pulse.beat()

    assert (await anext(marks)).over
    with pytest.raises(StopAsyncIteration):
        await anext(marks)
    assert watchers.feed.watching == 0


@pytest.mark.parametrize("job_id", ["", "x", "01a00000-0000-7000-8000-000000000001"])
async def test_an_unknown_job_cannot_be_found(watchers: Watchers, job_id: str) -> None:
    with pytest.raises(InvalidInputError, match="jobId: there is no job"):
        await watchers.feed.find(watchers.viewer, job_id)


async def test_a_job_of_another_project_cannot_be_found(watchers: Watchers) -> None:
    stranger = Viewer(new_id(), new_id(), frozenset({Scope.ADMIN}))
    with pytest.raises(InvalidInputError, match="jobId: there is no job"):
        await watchers.feed.find(stranger, await watchers.job())


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (JobRow.state, JobState.PROCESSING),
        (JobRow.active, False),
        (JobRow.finished_at, START),
        (DeliveryRow.state, DeliveryState.HELD),
        (DeliveryRow.attempts, 9),
        (DeliveryRow.next_attempt_at, None),
        (DeliveryRow.verdict_at, START),
    ],
    ids=lambda value: getattr(value, "key", None) or str(value),
)
async def test_every_change_that_matters_is_noticed(watchers: Watchers, column: Any, value: object) -> None:
    job_id = await watchers.job()
    before = await watchers.feed.find(watchers.viewer, job_id)
    statement = update(column.class_).values({column.key: value})
    await watchers.api.world.database.write(lambda session: session.execute(statement))

    assert await watchers.feed.find(watchers.viewer, job_id) != before


def mark(state: DeliveryState, *, verdict: bool = False) -> DeliveryMark:
    return DeliveryMark(new_id(), state, 1, None, START if verdict else None)


@pytest.mark.parametrize("state", list(DeliveryState))
def test_what_is_not_final_keeps_it_open(state: DeliveryState) -> None:
    open_states = {DeliveryState.SCHEDULED, DeliveryState.HELD, DeliveryState.SENDING}
    job = JobMark(new_id(), JobState.COMPLETED, False, START, frozenset({mark(state)}))

    assert job.over == (state not in open_states)


@pytest.mark.parametrize(("verdict", "over"), [(True, False), (False, True)])
def test_what_is_accepted_keeps_it_open_while_a_verdict_is_to_come(verdict: bool, over: bool) -> None:
    accepted = mark(DeliveryState.ACCEPTED, verdict=verdict)
    job = JobMark(
        new_id(), JobState.COMPLETED, False, START, frozenset({accepted, mark(DeliveryState.DELIVERED)})
    )

    assert job.over == over


def test_a_job_that_no_worker_has_been_through_with_is_not_over() -> None:
    assert not JobMark(new_id(), JobState.PENDING, True, None, frozenset()).over
