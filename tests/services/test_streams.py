"""Connections that stay open: how many, whose, and what ends them."""

import asyncio
import logging
from contextlib import ExitStack
from typing import Any

import pytest

from app.ids import new_id
from app.services.streams import Ending, Streams, TooManyForKeyError, TooManyStreamsError
from app.services.viewer import Viewer
from app.values import Scope


def viewer() -> Viewer:
    return Viewer(new_id(), new_id(), frozenset({Scope.LEADS_READ}))


class Keys:
    """Says which keys are in force."""

    def __init__(self) -> None:
        self.revoked: set[Viewer] = set()
        self.error: Exception | None = None
        self.asked: list[frozenset[Viewer]] = []

    async def in_force(self, viewers: set[Viewer]) -> frozenset[Viewer]:
        self.asked.append(frozenset(viewers))
        if self.error is not None:
            raise self.error
        return frozenset(viewers - self.revoked)


async def shortly(_seconds: float) -> None:
    await asyncio.sleep(0)


def streams(keys: Any = None, **limits: int) -> Streams:
    return Streams(keys or Keys(), sleep=shortly, **limits)


async def until_ended(stream: Any) -> Ending:
    await asyncio.wait({stream.ending})
    ending: Ending = stream.ending.result()
    return ending


async def test_there_may_be_so_many_and_one_that_is_closed_makes_room() -> None:
    all_of_them = streams(most=1)
    with all_of_them.opened(), pytest.raises(TooManyStreamsError), all_of_them.opened():
        pass

    with all_of_them.opened():
        assert all_of_them.open == 1
    assert all_of_them.open == 0


async def test_each_key_may_have_so_many() -> None:
    all_of_them, mine, yours = streams(most_per_key=2), viewer(), viewer()
    with ExitStack() as stack:
        first, second, third, other = (stack.enter_context(all_of_them.opened()) for _ in range(4))
        all_of_them.admit(first, mine)
        all_of_them.admit(second, mine)
        with pytest.raises(TooManyForKeyError):
            all_of_them.admit(third, mine)
        all_of_them.admit(other, yours)


async def test_a_key_that_is_not_in_force_any_more_ends_its_streams_and_no_other() -> None:
    keys, mine, yours = Keys(), viewer(), viewer()
    all_of_them = streams(keys)
    with all_of_them.opened() as one, all_of_them.opened() as other, all_of_them.opened() as nobodys:
        all_of_them.admit(one, mine)
        all_of_them.admit(other, yours)
        keys.revoked.add(mine)

        assert await until_ended(one) is Ending.KEY
        assert not other.ending.done()
        assert not nobodys.ending.done()
    assert keys.asked[-1] == {mine, yours}


async def test_keys_are_not_looked_at_while_there_is_none() -> None:
    keys = Keys()
    all_of_them = streams(keys)
    with all_of_them.opened():
        for _ in range(10):
            await asyncio.sleep(0)
    assert keys.asked == []


async def test_an_outage_of_the_database_ends_nothing() -> None:
    keys, mine = Keys(), viewer()
    all_of_them = streams(keys)
    with all_of_them.opened() as one:
        all_of_them.admit(one, mine)
        keys.error = ConnectionRefusedError()
        while len(keys.asked) < 3:
            await asyncio.sleep(0)
        assert not one.ending.done()
        keys.error = None
        keys.revoked.add(mine)
        assert await until_ended(one) is Ending.KEY


async def test_a_bug_that_leaves_keys_unchecked_ends_all_and_is_logged_without_what_it_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    keys = Keys()
    all_of_them = streams(keys)
    with all_of_them.opened() as one:
        all_of_them.admit(one, viewer())
        keys.error = RuntimeError("ada@example.com")
        assert await until_ended(one) is Ending.STOPPING
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "ada" not in caplog.text


async def test_the_end_of_the_process_ends_all_waits_for_them_and_takes_no_more() -> None:
    all_of_them = streams()
    ended: list[Ending] = []

    async def serve() -> None:
        with all_of_them.opened() as stream:
            ended.append(await until_ended(stream))
            await asyncio.sleep(0)
            ended.append(Ending.STALLED)

    serving = asyncio.create_task(serve())
    await asyncio.sleep(0)
    await all_of_them.stop()

    assert ended == [Ending.STOPPING, Ending.STALLED]
    with pytest.raises(TooManyStreamsError), all_of_them.opened():
        pass
    await serving


async def test_the_end_of_the_process_waits_for_nobody_when_there_is_nobody() -> None:
    await streams().stop()


async def test_the_end_of_the_process_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.streams.CLOSE_WITHIN_S", 0.01)
    all_of_them = streams()
    with all_of_them.opened():
        await all_of_them.stop()
        assert all_of_them.open == 1


async def test_the_first_reason_counts() -> None:
    all_of_them = streams()
    with all_of_them.opened() as stream:
        stream.end(Ending.KEY)
        stream.end(Ending.STALLED)
        assert await until_ended(stream) is Ending.KEY
