"""One task that looks again and again, for as long as somebody wants it."""

import asyncio
import logging
from collections.abc import Callable

import pytest
from sqlalchemy.exc import OperationalError

from app.services.rounds import Rounds

SECRET = "ada@example.com"


async def settle_loop() -> None:
    """Let every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


class Scene:
    """A look that can be told what to do, and a clock that goes on when it is told to."""

    def __init__(self, every_s: float = 1.0) -> None:
        self.looks = 0
        self.pauses: list[float] = []
        self.now_s = 0.0
        self.look_takes_s = 0.0
        self.wanted = True
        self.error: BaseException | None = None
        self.failures: list[BaseException] = []
        self._go_on = asyncio.Event()
        self.rounds = Rounds(
            self._look,
            wanted=lambda: self.wanted,
            failed=self.failures.append,
            every_s=every_s,
            sleep=self._sleep,
            monotonic=lambda: self.now_s,
        )

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._go_on.clear()
        await self._go_on.wait()

    async def _look(self) -> None:
        self.looks += 1
        self.now_s += self.look_takes_s
        if self.error is not None:
            raise self.error

    async def next(self) -> None:
        """Let the pause be over, and what follows happen."""
        self._go_on.set()
        await settle_loop()


async def begun(**given: float) -> Scene:
    scene = Scene(**given)
    scene.rounds.begin()
    await settle_loop()
    return scene


async def test_it_looks_after_each_pause_and_there_is_one_task_however_often_it_is_begun() -> None:
    scene = await begun()
    scene.rounds.begin()
    await scene.next()
    await scene.next()

    assert (scene.looks, scene.pauses) == (2, [1.0, 1.0, 1.0])


async def test_it_ends_without_a_look_once_nobody_wants_it() -> None:
    scene = await begun()
    scene.wanted = False
    await scene.next()

    assert (scene.looks, scene.rounds.running) == (0, False)


async def test_it_begins_anew_for_somebody_who_comes_later() -> None:
    scene = await begun()
    scene.wanted = False
    await scene.next()
    scene.wanted = True
    scene.rounds.begin()
    await settle_loop()
    await scene.next()

    assert (scene.looks, scene.rounds.running) == (1, True)


@pytest.mark.parametrize(("takes_s", "pause_s"), [(0.1, 1.0), (0.5, 2.0), (60.0, 5.0)])
async def test_looks_that_take_long_are_followed_by_longer_pauses(takes_s: float, pause_s: float) -> None:
    scene = await begun()
    scene.look_takes_s = takes_s
    await scene.next()

    assert scene.pauses == [1.0, pause_s]


@pytest.mark.parametrize(
    "error",
    [ConnectionRefusedError(SECRET), OperationalError(SECRET, {}, Exception(SECRET)), TimeoutError(SECRET)],
    ids=lambda error: type(error).__name__,
)
async def test_an_outage_is_said_once_and_ends_nothing(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    scene = await begun()
    scene.error = error
    for _ in range(3):
        await scene.next()
    scene.error = None
    await scene.next()
    scene.error = error
    await scene.next()

    assert (scene.looks, scene.failures) == (5, [])
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert type(error).__name__ in caplog.text
    assert SECRET not in caplog.text


async def test_a_bug_ends_it_and_is_told() -> None:
    scene = await begun()
    scene.error = RuntimeError(SECRET)
    await scene.next()

    assert (scene.failures, scene.rounds.running) == ([scene.error], False)


async def test_somebody_who_comes_at_the_very_end_is_not_forgotten() -> None:
    answers: list[bool] = [True, True, False]
    scene = Scene()
    wanted: Callable[[], bool] = lambda: answers.pop(0) if answers else True  # noqa: E731
    scene.rounds._wanted = wanted
    scene.rounds.begin()
    await settle_loop()
    await scene.next()

    assert scene.rounds.running
    await scene.next()
    assert scene.looks == 2
