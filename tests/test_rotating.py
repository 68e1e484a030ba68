"""`leadwire rotate-secret-key`: afterwards the newest key suffices, and nobody was disturbed."""

from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest
from pydantic import SecretStr
from sqlmodel import Session, select

from app.connectors.registry import build_connectors
from app.database.database import Database
from app.database.errors import DatabaseLockedError
from app.database.opening import open_database
from app.encryption import Cipher, new_secret_key
from app.rotating import _refuse_remains, run_rotation
from app.services import rotating
from app.services.rotating import rotate
from app.settings import Settings, SettingsError
from app.tables.integrations import IntegrationRow
from app.values import Platform
from tests.test_cli import run
from tests.world import CREDENTIALS, FakeClock, World

OLD, NEW = new_secret_key(), new_secret_key()
BOTH = f"{NEW},{OLD}"


async def stored(url: str, *keys: str) -> None:
    """A project with an integration for each of these keys, which its credentials are under."""
    database = await open_database(url)
    world = World(database, FakeClock(), Cipher(OLD), dict(build_connectors()))
    await world.begin()
    for number, key in enumerate(keys):
        world.cipher = Cipher(key)
        await world.integration(Platform.META, f"Account {number}")
    await database.close()


async def opened(url: str, key: str) -> list[dict[str, Any]]:
    """What this key alone opens; CredentialsUnreadableError unless that is everything."""
    database = await open_database(url)
    try:
        rows = await database.read(lambda session: session.exec(select(IntegrationRow)).all())
        return [Cipher(key).decrypt(row.credentials) for row in rows]
    finally:
        await database.close()


async def rotated(url: str, keys: str) -> list[str]:
    """What the command says."""
    said: list[str] = []
    await run_rotation(Settings(database_url=url, secret_key=SecretStr(keys)), said.append)
    return said


@pytest.fixture
async def beside(postgres_database_url: str) -> AsyncIterator[Database]:
    """The PostgreSQL database, as another process has it open."""
    database = await open_database(postgres_database_url)
    yield database
    await database.close()


async def test_everything_opens_with_the_newest_key_alone_afterwards(database_url: str) -> None:
    await stored(database_url, OLD, NEW, OLD)

    said = await rotated(database_url, BOTH)

    assert said == [
        "2 of 3 integrations' credentials were encrypted with the newest key just now.",
        "The newest key opens all of them.",
        "Once no process has an older key alone, leave only the newest one in LEADWIRE_SECRET_KEY.",
    ]
    assert await opened(database_url, NEW) == [CREDENTIALS[Platform.META]] * 3


async def test_a_second_run_finds_nothing_to_do(database_url: str) -> None:
    await stored(database_url, OLD)
    await rotated(database_url, BOTH)

    assert await rotated(database_url, NEW) == [
        "0 of 1 integration's credentials were encrypted with the newest key just now.",
        "The newest key opens it.",
    ]


async def test_many_take_several_transactions(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotating, "CHUNK", 2)
    await stored(database_url, *[OLD] * 5)

    assert (await rotated(database_url, BOTH))[0].startswith("5 of 5 ")
    assert len(await opened(database_url, NEW)) == 5


async def test_what_no_key_opens_is_named_and_the_rest_is_done(database_url: str) -> None:
    lost = new_secret_key()
    await stored(database_url, OLD, lost)

    with pytest.raises(SettingsError, match=r"opens the credentials of Account 1\. .* Take no key out"):
        await rotated(database_url, BOTH)

    assert len(await opened(database_url, f"{NEW},{lost}")) == 2


async def test_what_was_disconnected_has_nothing_to_encrypt(database_url: str) -> None:
    await stored(database_url, OLD, OLD)
    database = await open_database(database_url)

    def disconnect(session: Session) -> None:
        row = session.exec(select(IntegrationRow).limit(1)).one()
        row.credentials, row.disconnected_at, row.enabled = "", row.created_at, False

    await database.write(disconnect)
    await database.close()

    assert (await rotated(database_url, BOTH))[0].startswith("1 of 1 ")


async def test_on_postgresql_the_server_may_run(beside: Database, postgres_database_url: str) -> None:
    await stored(postgres_database_url, OLD)

    assert (await rotated(postgres_database_url, BOTH))[0].startswith("1 of 1 ")
    rows = await beside.read(lambda session: session.exec(select(IntegrationRow)).all())
    assert Cipher(NEW).decrypt(rows[0].credentials) == CREDENTIALS[Platform.META]


class Undoing:
    """A database to which some other process writes, after each transaction, what was there before."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def write(self, work: Callable[[Session], Any]) -> Any:
        result = await self._database.write(work)
        await self._database.write(_store_with_the_old_key)
        return result


def _store_with_the_old_key(session: Session) -> None:
    for row in session.exec(select(IntegrationRow)):
        row.credentials = Cipher(OLD).encrypt(CREDENTIALS[Platform.META])


async def test_a_process_that_lacks_the_new_key_is_not_fought_for_ever(database_url: str) -> None:
    await stored(database_url, OLD)
    database = await open_database(database_url)
    try:
        rotation = await rotate(cast("Database", Undoing(database)), Cipher(BOTH))
    finally:
        await database.close()

    assert (rotation.behind, rotation.closed, rotation.is_complete) == (["Account 0"], [], False)
    with pytest.raises(SettingsError, match="some process stores the credentials of Account 0 with an older"):
        _refuse_remains(rotation)


async def test_on_sqlite_a_running_server_is_named_and_what_to_do(sqlite_url: str) -> None:
    database = await open_database(sqlite_url)
    try:
        with pytest.raises(DatabaseLockedError, match=r"in use by process \d+\. .* stop that one first"):
            await rotated(sqlite_url, BOTH)
    finally:
        await database.close()


def test_the_command_needs_a_key(sqlite_url: str) -> None:
    result = run("rotate-secret-key", LEADWIRE_DATABASE_URL=sqlite_url)

    assert result.exit_code == 1
    assert "LEADWIRE_SECRET_KEY is not set" in result.stderr


def test_the_command_says_what_it_did(sqlite_url: str) -> None:
    result = run("rotate-secret-key", LEADWIRE_DATABASE_URL=sqlite_url, LEADWIRE_SECRET_KEY=BOTH)

    assert (result.exit_code, result.stdout.splitlines()[0]) == (
        0,
        "0 of 0 integrations' credentials were encrypted with the newest key just now.",
    )
