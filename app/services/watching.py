"""Watching jobs: one poll for everybody who watches in this process, whichever process it is that sends."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from app.database.database import Database
from app.errors import InvalidInputError, invalid
from app.repositories.watching import JobMark, find_job_mark, job_marks
from app.services.rounds import Rounds, Sleep
from app.services.viewer import Viewer

POLL_EVERY_S: Final = 0.2
"""Faster than a person sees, and on SQLite a read of half a millisecond."""
JOBS_A_READ: Final = 50
"""With the deliveries of each to every platform there is: at most 500 rows."""


@dataclass(eq=False, slots=True)
class _Watch:
    """One who watches. However slow: of what it has not taken yet only the newest is kept."""

    newest: JobMark | None
    """None: the job is gone."""
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    error: BaseException | None = None

    def tell(self, mark: JobMark | None) -> None:
        if mark != self.newest:
            self.newest = mark
            self.moved.set()

    def fail(self, error: BaseException) -> None:
        self.error = error
        self.moved.set()

    async def next(self) -> JobMark | None:
        await self.moved.wait()
        self.moved.clear()
        if self.error is not None:
            raise self.error
        return self.newest


class JobFeed:
    """Tells those who watch a job whenever it has moved. One for the process."""

    def __init__(self, database: Database, *, sleep: Sleep = asyncio.sleep) -> None:
        self._database = database
        self._watches: dict[UUID, set[_Watch]] = {}
        self._rounds = Rounds(
            self._look,
            wanted=lambda: bool(self._watches),
            failed=self._fail,
            every_s=POLL_EVERY_S,
            sleep=sleep,
        )

    @property
    def watching(self) -> int:
        """How many watch."""
        return sum(len(watches) for watches in self._watches.values())

    @property
    def polling(self) -> bool:
        """Whether there is a task: until shortly after the last one has stopped watching."""
        return self._rounds.running

    async def find(self, viewer: Viewer, job_id: str) -> JobMark:
        """How the viewer's job stands; InvalidInputError when there is none with this id."""
        try:
            known = UUID(job_id)
        except ValueError:
            raise _no_such_job() from None
        mark = await self._database.read(lambda session: find_job_mark(session, viewer.project_id, known))
        if mark is None:
            raise _no_such_job()
        return mark

    async def follow(self, mark: JobMark) -> AsyncGenerator[JobMark, None]:
        """The job as find() saw it, then each time it has moved, until it is over or gone.

        What happens between two polls, or before the caller asks for more, is told as one.
        """
        with self._watched(mark) as watch:
            seen: JobMark | None = mark
            while seen is not None:
                yield seen
                if seen.over:
                    return
                seen = await watch.next()

    @contextmanager
    def _watched(self, mark: JobMark) -> Iterator[_Watch]:
        watch = _Watch(mark)
        self._watches.setdefault(mark.id, set()).add(watch)
        self._rounds.begin()
        try:
            yield watch
        finally:
            watches = self._watches[mark.id]
            watches.remove(watch)
            if not watches:
                del self._watches[mark.id]

    async def _look(self) -> None:
        watched = list(self._watches)
        for start in range(0, len(watched), JOBS_A_READ):
            await self._look_at(watched[start : start + JOBS_A_READ])

    async def _look_at(self, job_ids: list[UUID]) -> None:
        marks = await self._database.read(lambda session: job_marks(session, job_ids))
        for job_id in job_ids:
            for watch in self._watches.get(job_id, ()):
                watch.tell(marks.get(job_id))

    def _fail(self, error: BaseException) -> None:
        for watches in self._watches.values():
            for watch in watches:
                watch.fail(error)


def _no_such_job() -> InvalidInputError:
    return invalid("jobId", message="there is no job with this id")
