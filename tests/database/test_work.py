"""Work that may be run again, among other work of its group on SQLite."""

from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.database.database import Database, after_commit
from app.database.errors import GroupFailedError
from app.database.work import Repeatable
from app.errors import LabelNotFoundError
from tests.database.groups import end_the_transaction, in_one_group, open_late
from tests.database.projects import adding, committed_names, names


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    async with open_late(sqlite_url) as database:
        yield database


async def test_repeatable_work_that_fails_after_writing_is_undone_and_the_others_count_once(
    database: Database, sqlite_url: str
) -> None:
    hooks: list[str] = []

    def noting(name: str) -> Callable[[Session], str]:
        def work(session: Session) -> str:
            adding(name)(session)
            after_commit(session, lambda: hooks.append(name))
            return name

        return work

    def failing(session: Session) -> None:
        noting("Bolt")(session)
        raise KeyError("mine")

    pieces = [Repeatable(noting("Acme")), Repeatable(failing), Repeatable(noting("Cog"))]
    first, second, third = await in_one_group(database, *pieces)

    assert (first, third) == ("Acme", "Cog")
    assert isinstance(second, KeyError)
    assert committed_names(sqlite_url) == ["Acme", "Cog"]
    assert hooks == ["Acme", "Cog"]


async def test_repeatable_work_that_fails_before_writing_is_all_that_is_run_in_vain(
    database: Database, sqlite_url: str
) -> None:
    runs: list[str] = []

    def counted(session: Session) -> None:
        runs.append("Acme")
        adding("Acme")(session)

    def refusing(session: Session) -> None:
        runs.append("refused")
        names(session)
        raise LabelNotFoundError("x")

    first, second = await in_one_group(database, Repeatable(counted), Repeatable(refusing))

    assert first is None
    assert isinstance(second, LabelNotFoundError)
    assert runs == ["Acme", "refused"]
    assert committed_names(sqlite_url) == ["Acme"]


async def test_work_that_may_not_be_run_again_is_run_once_beside_work_that_is(
    database: Database, sqlite_url: str
) -> None:
    runs: list[str] = []

    def once(session: Session) -> None:
        runs.append("once")
        adding("Acme")(session)

    def failing(session: Session) -> None:
        runs.append("failing")
        adding("Bolt")(session)
        raise KeyError("mine")

    first, second = await in_one_group(database, once, Repeatable(failing))

    assert first is None
    assert isinstance(second, KeyError)
    assert sorted(runs) == ["failing", "failing", "once"]
    assert committed_names(sqlite_url) == ["Acme"]


@pytest.mark.parametrize("quietly", [False, True])
async def test_repeatable_work_that_ends_the_transaction_writes_nothing_of_its_group(
    database: Database, sqlite_url: str, quietly: bool
) -> None:
    def ending(session: Session) -> None:
        try:
            end_the_transaction(session)
        except IntegrityError:
            if not quietly:
                raise

    errors = await in_one_group(
        database, Repeatable(adding("Acme")), Repeatable(ending), Repeatable(adding("Cog"))
    )

    assert [type(error) for error in errors if not isinstance(error, IntegrityError)].count(
        GroupFailedError
    ) >= 2
    assert None not in errors
    assert committed_names(sqlite_url) == []
