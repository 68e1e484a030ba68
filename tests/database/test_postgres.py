"""What PostgreSQL needs of its own: a pool, and writes that a caller's giving up does not cut in half."""

import asyncio
import socket
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.util import await_only
from sqlmodel import Session

from app.database.database import Database, after_commit
from app.database.opening import open_database
from app.errors import LabelNotFoundError
from tests.database.projects import adding, names
from tests.link import linked


@pytest.fixture
async def narrow(postgres_database_url: str) -> AsyncIterator[Database]:
    """A database with a single connection."""
    database = await open_database(postgres_database_url, connections=1)
    yield database
    await database.close()


class Gate:
    """A point in a piece of work where it stops until the test lets it go on."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.open = asyncio.Event()

    def stop_here(self, _session: Session) -> None:
        self.reached.set()
        await_only(self.open.wait())


async def test_a_connection_that_served_a_read_can_write(narrow: Database) -> None:
    await narrow.read(names)
    await narrow.write(adding("Acme"))

    assert await narrow.read(names) == ["Acme"]


async def test_a_connection_that_served_a_read_has_its_isolation_back(narrow: Database) -> None:
    await narrow.read(names)
    level = text("SHOW transaction_isolation")

    assert (
        await narrow.write(lambda session: session.connection().execute(level).scalar()) == "read committed"
    )


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("application_name", "leadwire"),
        ("jit", "off"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("tcp_keepalives_idle", "10"),
    ],
)
async def test_connections_are_set_up(postgres_database: Database, setting: str, value: str) -> None:
    show = text(f"SHOW {setting}")

    assert await postgres_database.read(lambda session: session.connection().execute(show).scalar()) == value


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux has it")
async def test_a_connection_to_a_machine_that_is_gone_ends_within_half_a_minute(
    postgres_database: Database,
) -> None:
    def look(session: Session) -> tuple[int, int]:
        connection = session.connection().connection.driver_connection
        there = connection._transport.get_extra_info("socket")
        return (
            there.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
            there.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
        )

    assert await postgres_database.read(look) == (1, 30_000)


async def test_transactions_are_bounded_where_the_server_can_do_that(postgres_database: Database) -> None:
    def look(session: Session) -> tuple[int, str | None]:
        version, bound = (
            session.connection()
            .execute(
                text(
                    "SELECT current_setting('server_version_num'), current_setting('transaction_timeout', true)"
                )
            )
            .one()
        )
        return int(version) // 10_000, bound

    version, bound = await postgres_database.read(look)
    assert bound == ("1min" if version >= 17 else None)


async def test_a_caller_that_gives_up_before_its_work_began_takes_it_back(narrow: Database) -> None:
    gate = Gate()
    holder = asyncio.create_task(narrow.write(gate.stop_here))
    await gate.reached.wait()
    given_up = asyncio.create_task(narrow.write(adding("Acme")))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.wait([given_up])
    gate.open.set()
    await holder

    assert given_up.cancelled()
    assert await narrow.read(names) == []


async def test_work_that_has_begun_runs_to_its_end_without_its_caller(postgres_database: Database) -> None:
    gate = Gate()
    hooked = asyncio.Event()

    def work(session: Session) -> None:
        gate.stop_here(session)
        adding("Acme")(session)
        after_commit(session, hooked.set)

    given_up = asyncio.create_task(postgres_database.write(work))
    await gate.reached.wait()
    given_up.cancel()
    await asyncio.wait([given_up])
    gate.open.set()
    await hooked.wait()

    assert given_up.cancelled()
    assert await postgres_database.read(names) == ["Acme"]


@pytest.mark.parametrize("error", [KeyError("ada@example.com"), LabelNotFoundError("ada@example.com")])
async def test_work_that_fails_without_its_caller_is_logged_without_its_text_unless_it_was_refused(
    postgres_database: Database, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    gate = Gate()

    def work(session: Session) -> None:
        gate.stop_here(session)
        raise error

    given_up = asyncio.create_task(postgres_database.write(work))
    await gate.reached.wait()
    given_up.cancel()
    await asyncio.wait([given_up])
    gate.open.set()
    await postgres_database.close()

    assert ("a write failed whose caller had gone: KeyError" in caplog.text) == isinstance(error, KeyError)
    assert "NotFound" not in caplog.text
    assert "ada@example.com" not in caplog.text


async def test_closing_finishes_what_is_under_way(postgres_database_url: str) -> None:
    database = await open_database(postgres_database_url)
    gate = Gate()

    def work(session: Session) -> None:
        gate.stop_here(session)
        adding("Acme")(session)

    writing = asyncio.create_task(database.write(work))
    await gate.reached.wait()
    closing = asyncio.create_task(database.close())
    gate.open.set()
    await closing

    assert writing.done()
    again = await open_database(postgres_database_url)
    assert await again.read(names) == ["Acme"]
    await again.close()


async def test_it_closes_though_the_server_does_not_answer(
    postgres_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.database.postgres._GOODBYE_S", 0.1)
    async with linked(postgres_database_url) as (link, url), asyncio.timeout(20):
        database = await open_database(url)
        gate = Gate()

        def work(session: Session) -> None:
            gate.stop_here(session)
            adding("Acme")(session)

        writing = asyncio.create_task(database.write(work))
        await gate.reached.wait()
        await database.read(names)
        link.fall_silent()
        gate.open.set()
        await database.close()
        await asyncio.wait([writing])

    assert writing.cancelled()
    again = await open_database(postgres_database_url)
    assert await again.read(names) == []
    await again.close()


async def test_a_failing_statement_tells_the_constraint_but_not_the_row(postgres_database: Database) -> None:
    add_orphan = text(
        "INSERT INTO api_key (id, project_id, name, key_hash, scopes, created_at) VALUES "
        "(gen_random_uuid(), gen_random_uuid(), 'Ada', 'hash', '[]', now())"
    )

    with pytest.raises(IntegrityError, match="fk_api_key_project_id") as failure:
        await postgres_database.write(lambda session: session.connection().execute(add_orphan))
    assert "DETAIL" not in str(failure.value.orig.__cause__)  # type: ignore[union-attr]


async def test_a_connection_that_was_cut_while_nobody_used_it_is_replaced(
    narrow: Database, postgres_database: Database
) -> None:
    def look(session: Session) -> tuple[int, asyncpg.Connection]:
        connection = session.connection()
        pid: int = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        return pid, connection.connection.driver_connection

    pid, used = await narrow.read(look)
    cut = text("SELECT pg_terminate_backend(:pid, 10000)")
    await postgres_database.write(lambda session: session.connection().execute(cut, {"pid": pid}) and None)
    async with asyncio.timeout(10):
        while not used.is_closed():
            await asyncio.sleep(0)

    await narrow.write(adding("Acme"), within_s=10)
    assert (await narrow.read(look))[0] != pid
