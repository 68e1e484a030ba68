"""Hooks: after the commit, before the answer, never otherwise."""

import asyncio
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.database.database import Database, after_commit
from tests.database.held_back import held_back
from tests.database.projects import adding, committed_names, names


async def test_a_hook_runs_before_the_caller_is_answered_on_the_event_loops_thread(
    database: Database,
) -> None:
    threads: list[threading.Thread] = []

    await database.write(
        lambda session: after_commit(session, lambda: threads.append(threading.current_thread()))
    )

    assert threads == [threading.current_thread()]


async def test_a_hook_finds_the_work_committed(sqlite_database: Database, sqlite_url: str) -> None:
    found: list[list[str]] = []

    def work(session: Session) -> None:
        after_commit(session, lambda: found.append(committed_names(sqlite_url)))
        adding("Acme")(session)

    await sqlite_database.write(work)

    assert found == [["Acme"]]


async def test_hooks_run_in_the_order_they_were_registered(database: Database) -> None:
    ran: list[int] = []

    def work(session: Session) -> None:
        after_commit(session, lambda: ran.append(1))
        after_commit(session, lambda: ran.append(2))

    await database.write(work)

    assert ran == [1, 2]


async def test_callers_of_one_group_get_hooks_and_answers_piece_by_piece(sqlite_database: Database) -> None:
    ran: list[int] = []

    def registering(number: int) -> Callable[[Session], None]:
        return lambda session: after_commit(session, lambda: ran.append(number))

    async with held_back(sqlite_database):
        tasks = [asyncio.create_task(sqlite_database.write(registering(number))) for number in range(3)]
    await asyncio.gather(*tasks)

    assert ran == [0, 1, 2]


async def test_work_that_raises_drops_its_hooks(database: Database) -> None:
    ran: list[str] = []

    def work(session: Session) -> None:
        after_commit(session, lambda: ran.append("hook"))
        raise KeyError("mine")

    with pytest.raises(KeyError):
        await database.write(work)
    assert ran == []


async def test_a_commit_that_fails_drops_the_hooks(database: Database) -> None:
    ran: list[str] = []
    await database.write(
        lambda session: session.connection().execute(
            text(
                "CREATE TABLE late (id INTEGER PRIMARY KEY,"
                " other_id INTEGER REFERENCES late (id) DEFERRABLE INITIALLY DEFERRED)"
            )
        )
    )

    def work(session: Session) -> None:
        after_commit(session, lambda: ran.append("hook"))
        session.connection().execute(text("INSERT INTO late (id, other_id) VALUES (1, 404)"))

    with pytest.raises(Exception, match=r"(?i)transaction|foreign key"):
        await database.write(work)
    assert ran == []


async def test_a_hook_that_raises_is_logged_and_fails_nobody(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[str] = []

    def broken() -> None:
        raise KeyError("broken hook")

    def work(session: Session) -> str:
        adding("Acme")(session)
        after_commit(session, broken)
        after_commit(session, lambda: ran.append("next"))
        return "answer"

    assert await database.write(work) == "answer"
    assert ran == ["next"]
    assert await database.read(names) == ["Acme"]
    assert "broken hook" in caplog.text


async def test_a_hook_in_a_read_is_refused(database: Database) -> None:
    with pytest.raises(RuntimeError, match="needs the session of Database"):
        await database.read(lambda session: after_commit(session, lambda: None))


def test_a_hook_on_any_other_session_is_refused() -> None:
    with Session() as session, pytest.raises(RuntimeError, match="needs the session of Database"):
        after_commit(session, lambda: None)
