"""Opening an installation: what goes together, and what is refused."""

import pytest
from pydantic import SecretStr

from app import cli, demo
from app.clock import utc_now
from app.connectors.registry import build_connectors
from app.database.database import Database
from app.database.errors import DatabaseLockedError
from app.encryption import new_secret_key
from app.queue.port import SWEEP_LANE
from app.queue.postgres_waking import QueueNotInstalledError, connect, disconnect
from app.runtime import endpoints, open_runtime, prepare_database
from app.settings import Settings, SettingsError
from app.values import Platform
from tests.world import FakeClock, World, new_cipher


def settings(url: str, **changes: object) -> Settings:
    return Settings(**({"database_url": url, "secret_key": SecretStr(new_secret_key())} | changes))


async def test_without_a_worker_waking_somebody_does_nothing_and_a_line_says_that_nothing_is_sent(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_runtime(settings(sqlite_url, worker="off"), clock=utc_now) as runtime:
        runtime.wake([])
        assert not runtime.opener.http.is_closed
        assert runtime.opener.endpoints.keys() == runtime.connectors.keys()

    assert "sends nothing" in caplog.text


async def test_on_postgresql_the_queue_must_be_there(postgres_database_url: str) -> None:
    with pytest.raises(QueueNotInstalledError, match="leadwire migrate"):
        async with open_runtime(settings(postgres_database_url), clock=utc_now):
            pass


async def test_on_postgresql_a_process_that_sends_nothing_wakes_those_that_do(
    postgres_database_url: str,
) -> None:
    await prepare_database(postgres_database_url)
    async with open_runtime(settings(postgres_database_url, worker="off"), clock=utc_now) as runtime:
        runtime.wake([SWEEP_LANE])
    assert await _queued(postgres_database_url) == [SWEEP_LANE.bytes]


async def _queued(url: str) -> list[bytes]:
    """The lanes that wait for a turn."""
    connection = await connect(url)
    try:
        return [row["payload"] for row in await connection.fetch("SELECT payload FROM pgqueuer")]
    finally:
        await disconnect(connection)


async def test_a_second_installation_on_the_same_file_is_refused_and_the_file_is_free_afterwards(
    sqlite_url: str,
) -> None:
    async with open_runtime(settings(sqlite_url), clock=utc_now):
        with pytest.raises(DatabaseLockedError):
            async with open_runtime(settings(sqlite_url), clock=utc_now):
                pass
    async with open_runtime(settings(sqlite_url), clock=utc_now):
        pass


async def test_a_key_that_does_not_open_what_is_stored_is_refused_at_the_start(
    sqlite_database: Database, sqlite_url: str
) -> None:
    world = await World(sqlite_database, FakeClock(), new_cipher(), dict(build_connectors())).begin()
    await world.integration(Platform.META)
    await sqlite_database.close()

    with pytest.raises(SettingsError, match="does not fit the stored credentials"):
        async with open_runtime(settings(sqlite_url), clock=utc_now):
            pass


def test_a_platforms_address_and_version_can_be_set_and_else_are_the_connectors() -> None:
    connectors = build_connectors()
    chosen = Settings(meta_base_url="http://127.0.0.1:9/meta/", meta_api_version="v99.0")

    found = endpoints(chosen, connectors)

    assert (found[Platform.META].base_url, found[Platform.META].api_version) == (
        "http://127.0.0.1:9/meta",
        "v99.0",
    )
    google = connectors[Platform.GOOGLE_ADS].facts
    assert found[Platform.GOOGLE_ADS].base_url == google.base_url
    assert found[Platform.GOOGLE_ADS].token_url == google.token_url


def test_ctrl_c_before_the_server_is_up_ends_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "run_demo", interrupted)
    monkeypatch.setattr(cli, "configure_logging", lambda: None)
    with pytest.raises(SystemExit) as ended:
        cli.main(["demo"])

    assert ended.value.code == 130
    assert capsys.readouterr().err == ""
