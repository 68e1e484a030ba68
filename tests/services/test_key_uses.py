"""When a key was last used: written seldom, and never while anybody waits."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from app.database.database import Database
from app.ids import new_id
from app.services.key_uses import KeyUses, written_uses
from app.tables.projects import ApiKeyRow
from app.values import Scope
from tests.world import START, FakeClock, World, new_cipher


@pytest.fixture
async def world(database: Database) -> World:
    world = await World(database, FakeClock(), new_cipher(), {}).begin()
    await world.key("a", Scope.ADMIN)
    return world


async def row(world: World) -> ApiKeyRow:
    def work(session: Session) -> ApiKeyRow:
        return session.exec(select(ApiKeyRow)).one()

    return await world.database.read(work)


async def test_the_first_use_is_written(world: World) -> None:
    uses = KeyUses(world.database, world.clock)
    uses.note((await row(world)).id)

    await uses.write()

    assert (await row(world)).last_used_at == START


async def test_later_uses_are_written_once_an_hour(world: World) -> None:
    uses, key_id, seen = KeyUses(world.database, world.clock), (await row(world)).id, []
    for _ in range(5):
        uses.note(key_id)
        await uses.write()
        seen.append((await row(world)).last_used_at)
        world.clock.advance(minutes=30)  # type: ignore[attr-defined]

    hour = timedelta(hours=1)
    assert seen == [START, START, START + hour, START + hour, START + 2 * hour]


async def test_a_key_that_is_not_used_is_not_written(world: World) -> None:
    await KeyUses(world.database, world.clock).write()

    assert (await row(world)).last_used_at is None


async def test_an_earlier_use_of_another_process_writes_nothing_over_a_later_one(world: World) -> None:
    key_id = (await row(world)).id
    early, late = KeyUses(world.database, world.clock), KeyUses(world.database, world.clock)
    early.note(key_id)
    world.clock.advance(minutes=1)  # type: ignore[attr-defined]
    late.note(key_id)

    await late.write()
    await early.write()

    assert (await row(world)).last_used_at == START + timedelta(minutes=1)


async def test_more_than_one_transaction_holds_are_written_over_several_rounds(world: World) -> None:
    uses = KeyUses(world.database, world.clock)
    for _ in range(150):
        uses.note(new_id())
    uses.note((await row(world)).id)

    await uses.write()
    assert (await row(world)).last_used_at is None
    await uses.write()
    assert (await row(world)).last_used_at == START


async def test_what_is_due_is_written_when_the_process_stops(world: World) -> None:
    uses = KeyUses(world.database, world.clock)

    async with written_uses(uses):
        uses.note((await row(world)).id)

    assert (await row(world)).last_used_at == START


class DownDatabase:
    async def write(self, _work: Any) -> None:
        raise ConnectionRefusedError("at ada@example.com")


async def test_an_outage_is_logged_without_what_it_said_and_ends_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    uses = KeyUses(DownDatabase(), FakeClock())  # type: ignore[arg-type]
    uses.note(new_id())

    async with written_uses(uses):
        await asyncio.sleep(0)

    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "ada" not in caplog.text
