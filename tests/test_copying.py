"""`leadwire copy-to`: everything arrives as it was, and nobody works on half of it or on both of it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, inspect, text

from app.copying import run_copy
from app.database.copying import marks
from app.database.copying.marks import CopiedAwayError, HalfCopiedError
from app.database.copying.rows import CopyError
from app.database.database import Database
from app.database.errors import DatabaseLockedError, DatabaseUrlError
from app.database.migrating import run_step
from app.database.opening import open_database, open_for_reading
from app.tables.registry import metadata
from tests.api import open_api
from tests.database.copying.every_table import every_row, fill_every_table
from tests.database.projects import adding, names

ROWS = 12


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite+aiosqlite:///"))


async def look(url: str, step: Any) -> Any:
    """What `step` finds at `url`, whoever may not work on it."""
    found: list[Any] = []
    await asyncio.to_thread(run_step, url, lambda connection: found.append(step(connection)))
    return found[0]


def execute(statement: str) -> Any:
    def step(connection: Connection) -> None:
        connection.execute(text(statement))

    return step


@pytest.fixture
def source_url(sqlite_url: str) -> str:
    """A SQLite file with something in every table."""
    fill_every_table(path_of(sqlite_url), rows=ROWS)
    return sqlite_url


class Heard(list[str]):
    """What the command said; may break it off at a word."""

    def __init__(self, *, until: str | None = None) -> None:
        super().__init__()
        self._until = until

    def __call__(self, said: str) -> None:
        self.append(said)
        if self._until is not None and self._until in said:
            raise KeyError("broken off")


async def copy(source: str, target: str, **how: Any) -> Heard:
    said = Heard()
    await run_copy(source, target, **({"restart": False, "say": said} | how))
    return said


async def break_off(source: str, target: str, word: str = "delivery: ") -> None:
    with pytest.raises(KeyError):
        await copy(source, target, say=Heard(until=word), chunk=5)


async def test_every_row_of_every_table_arrives_as_it_was(source_url: str, empty_postgres_url: str) -> None:
    before = await look(source_url, every_row)

    said = await copy(source_url, empty_postgres_url, chunk=5)

    after = await look(empty_postgres_url, every_row)
    assert after == before
    assert all(len(rows) == ROWS for rows in after.values())
    assert all(f"{table.name} " in said[-2] for table in metadata.sorted_tables)
    assert said[-2].count("same") == len(metadata.tables)


async def test_an_empty_installation_can_be_copied(sqlite_url: str, empty_postgres_url: str) -> None:
    await copy(sqlite_url, empty_postgres_url)
    target = await open_database(empty_postgres_url)
    await target.write(adding("first"))

    assert await target.read(names) == ["first"]
    await target.close()


async def test_the_copy_is_as_fit_for_work_as_any_other(source_url: str, postgres_database_url: str) -> None:
    await copy(source_url, postgres_database_url)

    tables = set(await look(postgres_database_url, lambda c: inspect(c).get_table_names()))
    analyzed = text("SELECT reltuples FROM pg_class WHERE oid = 'delivery'::regclass")
    assert tables == {*metadata.tables, "alembic_version"}
    assert await look(postgres_database_url, lambda c: c.scalar(analyzed)) == ROWS


async def test_an_id_that_was_given_is_not_given_again(
    sqlite_database: Database, sqlite_url: str, empty_postgres_url: str
) -> None:
    async with open_api(sqlite_database) as before:
        gone = await before.world.lead(unique_identifier="gone")
        await sqlite_database.write(lambda session: session.delete(session.merge(gone)))
    await sqlite_database.close()
    await copy(sqlite_url, empty_postgres_url)
    target = await open_database(empty_postgres_url)
    async with open_api(target, before.world) as after:
        fresh = await after.world.lead(unique_identifier="fresh")
    await target.close()

    assert fresh.id == (gone.id or 0) + 1


async def test_a_broken_off_copy_goes_on_where_it_was(source_url: str, empty_postgres_url: str) -> None:
    await break_off(source_url, empty_postgres_url)

    said = await copy(source_url, empty_postgres_url, chunk=5)

    assert "Going on where it was broken off." in said
    assert not any(line.startswith("lead: ") for line in said)
    assert await look(empty_postgres_url, every_row) == await look(source_url, every_row)


@pytest.mark.parametrize("opening", [open_database, open_for_reading])
async def test_nobody_works_on_half_a_copy(source_url: str, empty_postgres_url: str, opening: Any) -> None:
    await break_off(source_url, empty_postgres_url)

    with pytest.raises(HalfCopiedError, match=r"run it again"):
        await opening(empty_postgres_url)


@pytest.mark.parametrize("opening", [open_database, open_for_reading])
async def test_nobody_works_on_what_was_copied_away(
    source_url: str, empty_postgres_url: str, opening: Any
) -> None:
    await copy(source_url, empty_postgres_url)

    with pytest.raises(CopiedAwayError, match=r"postgresql\+asyncpg://127.0.0.1"):
        await opening(source_url)


async def test_a_source_can_be_taken_back_into_use(sqlite_url: str, empty_postgres_url: str) -> None:
    await copy(sqlite_url, empty_postgres_url)
    await look(sqlite_url, execute("DROP TABLE leadwire_moved"))

    database = await open_database(sqlite_url)
    await database.close()


async def test_the_source_stays_in_use_while_the_copy_is_not_complete(
    source_url: str, empty_postgres_url: str
) -> None:
    await break_off(source_url, empty_postgres_url, word="Comparing")

    database = await open_database(source_url)
    await database.close()


async def test_a_copy_that_ended_between_the_two_marks_ends_when_it_is_run_again(
    source_url: str, empty_postgres_url: str
) -> None:
    await break_off(source_url, empty_postgres_url, word="Comparing")
    await look(source_url, lambda connection: marks.mark_moved(connection, "there"))

    await copy(source_url, empty_postgres_url)

    target = await open_database(empty_postgres_url)
    await target.close()


async def test_copying_again_is_refused_with_the_reason(source_url: str, empty_postgres_url: str) -> None:
    await copy(source_url, empty_postgres_url)

    with pytest.raises(CopyError, match=r"copied to postgresql.* already"):
        await copy(source_url, empty_postgres_url)


async def test_a_source_that_changed_in_between_is_noticed(source_url: str, empty_postgres_url: str) -> None:
    await break_off(source_url, empty_postgres_url)
    await look(source_url, execute("UPDATE lead SET note = 'another' WHERE id = (SELECT min(id) FROM lead)"))

    with pytest.raises(CopyError, match=r"has changed since \(lead\): --restart"):
        await copy(source_url, empty_postgres_url)


async def test_restarting_empties_the_target_and_begins_anew(
    source_url: str, empty_postgres_url: str
) -> None:
    await break_off(source_url, empty_postgres_url)
    await look(source_url, execute("DELETE FROM delivery_attempt"))

    said = await copy(source_url, empty_postgres_url, restart=True)

    assert "The target was emptied." in said
    assert await look(empty_postgres_url, every_row) == await look(source_url, every_row)


@pytest.mark.parametrize("restart", [False, True])
async def test_a_database_in_use_is_neither_emptied_nor_added_to(
    source_url: str, postgres_database: Database, postgres_database_url: str, restart: bool
) -> None:
    await postgres_database.write(adding("theirs"))

    with pytest.raises(CopyError, match=r"in use: project has rows"):
        await copy(source_url, postgres_database_url, restart=restart)
    assert await postgres_database.read(names) == ["theirs"]


async def test_a_target_that_somebody_serves_is_left_to_them(
    source_url: str, postgres_database: Database, postgres_database_url: str
) -> None:
    with pytest.raises(CopyError, match=r"at work on the target, stop them first: 'leadwire' from 127.0.0.1"):
        await copy(source_url, postgres_database_url)

    again = await open_database(postgres_database_url)
    await again.close()


async def test_a_source_in_use_is_refused_and_says_what_to_stop(
    sqlite_database: Database, sqlite_url: str, empty_postgres_url: str
) -> None:
    with pytest.raises(DatabaseLockedError, match=r"stop that one first.*Nobody may write while"):
        await copy(sqlite_url, empty_postgres_url)


async def test_a_damaged_copy_is_found_and_stays_closed(source_url: str, empty_postgres_url: str) -> None:
    await break_off(source_url, empty_postgres_url, word="Comparing")
    await look(
        empty_postgres_url, execute("UPDATE lead SET note = 'x' WHERE id = (SELECT min(id) FROM lead)")
    )
    said = Heard()

    with pytest.raises(CopyError, match=r"not the original: lead. Nobody may work on it"):
        await copy(source_url, empty_postgres_url, say=said)

    assert said[-1].count("DIFFERENT") == 1
    with pytest.raises(HalfCopiedError):
        await open_database(empty_postgres_url)


async def test_a_row_that_postgresql_cannot_keep_is_named(source_url: str, empty_postgres_url: str) -> None:
    third = f"{2**40 + 2}"
    await look(source_url, execute(f"UPDATE lead SET note = 'a' || char(0) || 'b' WHERE id = {third}"))

    with pytest.raises(CopyError, match=f"cannot keep a row of lead: id {third}$"):
        await copy(source_url, empty_postgres_url)


async def test_a_key_that_is_text_is_not_shown(source_url: str, empty_postgres_url: str) -> None:
    change = "UPDATE idempotency_key SET key = 'ada@example.com' || char(0) WHERE rowid = 3"
    await look(source_url, execute(change))

    with pytest.raises(CopyError, match=r"a row of idempotency_key: project_id [0-9a-f-]{36}$"):
        await copy(source_url, empty_postgres_url)


async def test_a_source_with_rows_that_refer_to_nothing_is_refused(
    source_url: str, empty_postgres_url: str
) -> None:
    await look(source_url, execute("DELETE FROM project"))

    with pytest.raises(
        CopyError, match=r"is damaged: rows of .* refer to rows of project that are not there"
    ):
        await copy(source_url, empty_postgres_url)
    assert await look(empty_postgres_url, lambda c: inspect(c).get_table_names()) == []


async def test_a_source_of_another_version_is_refused(source_url: str, empty_postgres_url: str) -> None:
    await look(source_url, execute("UPDATE alembic_version SET version_num = '0001'"))

    with pytest.raises(CopyError, match=r"run `leadwire migrate` first"):
        await copy(source_url, empty_postgres_url)


async def test_two_copies_into_one_database_do_not_mix(source_url: str, empty_postgres_url: str) -> None:
    other = path_of(source_url).with_name("other.sqlite3")
    other.write_bytes(path_of(source_url).read_bytes())
    both = await asyncio.gather(
        copy(source_url, empty_postgres_url, chunk=1),
        copy(f"sqlite+aiosqlite:///{other}", empty_postgres_url, chunk=1),
        return_exceptions=True,
    )

    assert sorted(type(one).__name__ for one in both) == ["CopyError", "Heard"]
    assert await look(empty_postgres_url, every_row) == await look(source_url, every_row)


async def test_a_server_that_goes_away_is_said_with_what_to_do(
    source_url: str, empty_postgres_url: str
) -> None:
    killing = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'leadwire copy'"
    )

    class Cut(Heard):
        def __call__(self, said: str) -> None:
            if said.startswith("delivery: "):
                run_step(empty_postgres_url, lambda connection: connection.execute(killing))

    with pytest.raises(CopyError, match=r"the database could not do it: .*Run it again"):
        await copy(source_url, empty_postgres_url, say=Cut(), chunk=5)


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("postgresql://a:secret@127.0.0.1/x", "postgresql://a:secret@127.0.0.1/x", "copied from"),
        ("sqlite:///x", "sqlite:///y", "copied to must be"),
        ("sqlite:////tmp/not-there.sqlite3", "postgresql://a:secret@127.0.0.1/x", "no database file"),
        ("sqlite:///x", "mysql://a:secret@127.0.0.1/x", "not supported"),
    ],
)
async def test_what_cannot_be_copied_is_refused_without_a_password(
    source: str, target: str, said: str
) -> None:
    with pytest.raises(DatabaseUrlError, match=said) as failure:
        await copy(source, target)
    assert "secret" not in str(failure.value)


async def test_status_changes_go_on_from_the_copy(
    sqlite_database: Database, sqlite_url: str, empty_postgres_url: str
) -> None:
    async with open_api(sqlite_database) as before:
        lead = await before.world.complete_lead()
        label = await before.world.label()
        answered = await before.update({"leadId": str(lead.id)}, label.id)
    await sqlite_database.close()
    await copy(sqlite_url, empty_postgres_url)
    target = await open_database(empty_postgres_url)
    async with open_api(target, before.world) as after:
        refused = await after.update({"leadId": str(lead.id)}, label.id)
        opened = await after.update({"leadId": str(lead.id)}, "open")
        queued = await after.update({"leadId": str(lead.id)}, label.id)
    await target.close()

    assert refused["__typename"] == "DuplicateJobError"
    assert refused["job"]["id"] == answered["job"]["id"]
    assert opened["__typename"] == "OpenResult"
    assert queued["__typename"] == "QueuedResult"
