"""Who holds a key that is in force is let in, and nobody else, whatever is remembered of keys."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import event, make_url
from sqlalchemy.engine import Engine

from app.database.database import Database
from app.errors import UnauthenticatedError
from app.services.api_keys import ApiKeyService, NewKey
from app.services.viewer import ViewerService, hash_key
from app.values import Scope
from tests.services.test_remembering import Monotonic
from tests.world import START, FakeClock, World, new_cipher

LASTS = timedelta(hours=1)


@dataclass
class Door:
    """A project with an administrator's key and another's, and who lets callers in."""

    database: Database
    clock: FakeClock = field(default_factory=FakeClock)
    monotonic: Monotonic = field(default_factory=Monotonic)

    async def begin(self) -> "Door":
        self.viewers = ViewerService(self.database, self.clock, self.monotonic)
        self.keys = ApiKeyService(self.database, self.clock)
        self.world = await World(self.database, self.clock, new_cipher(), {}).begin()
        await self.world.key("admin", Scope.ADMIN)
        await self.world.key("reader", Scope.LEADS_READ, expires_at=START + LASTS)
        return self

    async def opens(self, key: str) -> bool:
        try:
            await self.viewers.authenticate(key)
        except UnauthenticatedError:
            return False
        return True


@pytest.fixture
async def door(database: Database) -> Door:
    return await Door(database).begin()


@pytest.fixture
def looked_up() -> AsyncIterator[list[str]]:
    """The statements that look for keys."""
    made: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM api_key" in statement:
            made.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield made
    event.remove(Engine, "before_cursor_execute", note)


async def test_a_key_is_looked_up_once(door: Door, looked_up: list[str]) -> None:
    for _ in range(3):
        assert await door.opens("reader")

    assert len(looked_up) == 1


async def test_a_key_that_is_revoked_here_opens_nothing_any_more(door: Door) -> None:
    admin, reader = await door.viewers.authenticate("admin"), await door.viewers.authenticate("reader")

    await door.keys.revoke(admin, str(reader.key_id))

    assert not await door.opens("reader")
    assert await door.opens("admin")


async def test_a_key_opens_nothing_once_its_time_is_over(door: Door, looked_up: list[str]) -> None:
    assert await door.opens("reader")

    door.clock.now = START + LASTS - timedelta(microseconds=1)
    assert await door.opens("reader")
    door.clock.now = START + LASTS
    assert not await door.opens("reader")

    assert len(looked_up) == 1, "nothing was read in between: the clock alone said so"


async def test_a_key_that_was_tried_in_vain_opens_as_soon_as_it_is_made(door: Door) -> None:
    assert not await door.opens("later")

    await door.world.key("later", Scope.LEADS_READ)

    assert await door.opens("later")


async def test_a_key_that_was_just_made_opens_the_project_it_was_made_for(door: Door) -> None:
    admin = await door.viewers.authenticate("admin")

    made = await door.keys.create(admin, NewKey(name="new", scopes=[Scope.LEADS_WRITE]))

    viewer = await door.viewers.authenticate(made.key)
    assert (viewer.project_id, viewer.scopes) == (admin.project_id, {Scope.LEADS_WRITE})


@pytest.fixture
async def other_process(postgres_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Which this one hears nothing of."""
    url = make_url(postgres_database_url).set(drivername="postgresql")
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    yield connection
    await connection.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_key_that_another_process_revoked_opens_nothing_after_a_second(
    door: Door, other_process: asyncpg.Connection
) -> None:
    assert await door.opens("reader")
    await other_process.execute(
        "UPDATE api_key SET revoked_at = $1 WHERE key_hash = $2", START, hash_key("reader")
    )

    door.monotonic.now += 1.001

    assert not await door.opens("reader")
    assert await door.opens("admin")
