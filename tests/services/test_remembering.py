"""What is kept in memory is right, is read once, and is not more than it may be."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.database.database import Database
from app.database.setup import SETUP
from app.services.remembering import OTHERS_WITHIN_S, Remembered, seen_within_s


class Source:
    """What there is, read when it is let; tells how often."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {"a": "old", "b": "old", "c": "old"}
        self.reads: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def read(self, key: str) -> str | None:
        value = self.values.get(key)
        self.reads.append(key)
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return value


class Monotonic:
    """A clock that goes on when it is told."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def monotonic() -> Monotonic:
    return Monotonic()


def remembered(
    read: Callable[[str], Awaitable[str | None]],
    monotonic: Monotonic,
    *,
    most: int = 10,
    lasts_s: float | None = 1.0,
) -> Remembered[str, str]:
    return Remembered(read, most=most, lasts_s=lasts_s, monotonic=monotonic)


async def begun(*calls: Any) -> list[asyncio.Task[Any]]:
    """Tasks of these, each at the point where it waits."""
    tasks = [asyncio.create_task(call) for call in calls]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_nothing_is_known_before_it_was_fetched(source: Source, monotonic: Monotonic) -> None:
    keys = remembered(source.read, monotonic)

    assert keys.get("a") is None
    assert await keys.fetch("a") == "old"
    assert keys.get("a") == "old"
    assert keys.get("b") is None
    assert source.reads == ["a"]


async def test_a_change_of_this_process_is_seen_by_whoever_asks_next(
    source: Source, monotonic: Monotonic
) -> None:
    keys = remembered(source.read, monotonic, lasts_s=None)
    await keys.fetch("a")

    source.values["a"] = "new"
    SETUP.bump()

    assert keys.get("a") is None
    assert await keys.fetch("a") == "new"
    assert keys.get("a") == "new"


async def test_a_change_of_another_process_is_seen_in_time(source: Source, monotonic: Monotonic) -> None:
    keys = remembered(source.read, monotonic, lasts_s=1.0)
    await keys.fetch("a")

    monotonic.now += 1.0
    assert keys.get("a") == "old"
    monotonic.now += 0.001
    assert keys.get("a") is None


async def test_the_time_counts_from_before_the_read(source: Source, monotonic: Monotonic) -> None:
    """What changed while it was being read may not be in it."""
    keys = remembered(source.read, monotonic, lasts_s=1.0)
    source.gate.clear()
    [reading] = await begun(keys.fetch("a"))

    monotonic.now += 0.9
    source.gate.set()
    await reading

    monotonic.now += 0.2
    assert keys.get("a") is None


async def test_where_nobody_else_writes_it_lasts_until_a_change(source: Source, monotonic: Monotonic) -> None:
    keys = remembered(source.read, monotonic, lasts_s=None)
    await keys.fetch("a")

    monotonic.now += 1e9

    assert keys.get("a") == "old"


async def test_what_began_before_a_change_is_not_kept_as_if_it_were_after_it(
    source: Source, monotonic: Monotonic
) -> None:
    keys = remembered(source.read, monotonic)
    source.gate.clear()
    [before] = await begun(keys.fetch("a"))

    source.values["a"] = "new"
    SETUP.bump()
    source.gate.set()

    assert await before == "old"
    assert keys.get("a") is None


async def test_who_asks_after_a_change_does_not_wait_for_what_began_before_it(
    source: Source, monotonic: Monotonic
) -> None:
    keys = remembered(source.read, monotonic)
    source.gate.clear()
    [before] = await begun(keys.fetch("a"))

    source.values["a"] = "new"
    SETUP.bump()
    [after] = await begun(keys.fetch("a"))
    source.gate.set()

    assert await before == "old"
    assert await after == "new"


async def test_many_who_ask_at_once_read_once(source: Source, monotonic: Monotonic) -> None:
    keys = remembered(source.read, monotonic)
    source.gate.clear()
    tasks = await begun(*(keys.fetch("a") for _ in range(50)), keys.fetch("b"))
    source.gate.set()

    assert await asyncio.gather(*tasks) == ["old"] * 51
    assert source.reads == ["a", "b"]


@pytest.mark.parametrize("cancelled", [0, 1])
async def test_who_gives_up_takes_the_answer_from_nobody(
    source: Source, monotonic: Monotonic, cancelled: int
) -> None:
    keys = remembered(source.read, monotonic)
    source.gate.clear()
    tasks = await begun(keys.fetch("a"), keys.fetch("a"))

    tasks[cancelled].cancel()
    await asyncio.sleep(0)
    source.gate.set()

    assert await tasks[1 - cancelled] == "old"
    with pytest.raises(asyncio.CancelledError):
        await tasks[cancelled]
    assert keys.get("a") == "old"


async def test_an_error_is_everybody_s_who_waited_and_nobody_s_after(
    source: Source, monotonic: Monotonic
) -> None:
    keys = remembered(source.read, monotonic)
    source.gate.clear()
    source.error = OSError("no database")
    tasks = await begun(keys.fetch("a"), keys.fetch("a"))
    source.gate.set()

    errors = await asyncio.gather(*tasks, return_exceptions=True)
    source.error = None

    assert [type(error) for error in errors] == [OSError, OSError]
    assert await keys.fetch("a") == "old"


async def test_an_error_that_nobody_waited_for_is_no_news(
    source: Source, monotonic: Monotonic, caplog: pytest.LogCaptureFixture
) -> None:
    keys = remembered(source.read, monotonic)
    source.gate.clear()
    source.error = OSError("no database")
    [task] = await begun(keys.fetch("a"))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    source.gate.set()

    for _ in range(3):
        await asyncio.sleep(0)

    assert not caplog.records


async def test_what_there_is_not_is_not_kept(source: Source, monotonic: Monotonic) -> None:
    """Somebody who makes up keys would fill the memory, and a key that is made now must work at once."""
    keys = remembered(source.read, monotonic, lasts_s=None)

    assert await keys.fetch("made up") is None
    source.values["made up"] = "there now"

    assert await keys.fetch("made up") == "there now"


async def test_no_more_is_kept_than_may_be(source: Source, monotonic: Monotonic) -> None:
    keys = remembered(source.read, monotonic, most=2)

    for key in ("a", "b", "a", "c"):
        await keys.fetch(key)

    assert [keys.get(key) for key in ("a", "b", "c")] == ["old", None, "old"]


@pytest.mark.parametrize("key", ["b", "made up"])
async def test_what_needs_no_place_pushes_nothing_out(source: Source, monotonic: Monotonic, key: str) -> None:
    keys = remembered(source.read, monotonic, most=2)
    await keys.fetch("a")
    await keys.fetch("b")

    await keys.fetch(key)

    assert keys.get("a") == "old"


async def test_only_postgresql_is_written_by_other_processes(database: Database) -> None:
    assert seen_within_s(database) == (None if database.dialect == "sqlite" else OTHERS_WITHIN_S)
