"""What becomes of one who waits for a load must not befall another."""

import asyncio

import pytest

from schema.loading import Loader


async def test_one_who_is_cancelled_takes_the_load_from_nobody_else() -> None:
    asked, gate = list[list[int]](), asyncio.Event()

    async def load(keys: list[int]) -> list[str]:
        asked.append(keys)
        await gate.wait()
        return [str(key) for key in keys]

    loader = Loader(load)

    async def wait() -> str:
        return await loader.load(1)

    first, second = asyncio.create_task(wait()), asyncio.create_task(wait())
    while not asked:
        await asyncio.sleep(0)
    first.cancel()
    gate.set()

    assert await second == "1"
    assert await wait() == "1"
    assert first.cancelled()
    assert asked == [[1]]


async def test_a_load_that_fails_fails_for_all_who_wait() -> None:
    async def load(_keys: list[int]) -> list[str]:
        raise RuntimeError("down")

    loader = Loader(load)

    for _ in range(2):
        with pytest.raises(RuntimeError, match="down"):
            await loader.load(1)
