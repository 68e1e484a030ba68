"""Opens the database a URL names."""

from importlib import import_module
from typing import TypeVar

from sqlalchemy import URL

from app.database.copying.marks import refuse_copies
from app.database.database import Database, ReadableDatabase
from app.database.sqlite import open_sqlite, open_sqlite_reader
from app.database.urls import read_url, sqlite_path

D = TypeVar("D", bound=ReadableDatabase)


async def open_database(url: str, *, connections: int = 10) -> Database:
    """The database at `url`, for the running event loop; to be closed with `close()`.

    `url`: sqlite+aiosqlite:///path (the file is created when it is not there; its tables are the business of
    migrate()) or postgresql+asyncpg://user:password@host/name. `connections`: how many reads (SQLite) or
    transactions (PostgreSQL) run at a time; more wait.

    Raises:
        DatabaseLockedError: another process owns the SQLite file.
        DatabaseUrlError: the URL cannot be used.
        HalfCopiedError: `leadwire copy-to` has not finished with it.
        CopiedAwayError: the file was copied to PostgreSQL.
    """
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        return await _usable(await open_sqlite(sqlite_path(parsed), readers=connections))
    return await _usable(await _open_postgres(parsed, connections))


async def open_for_reading(url: str, *, connections: int = 2) -> ReadableDatabase:
    """The database at `url` beside whoever writes to it: no lock is taken and nothing can be changed.

    DatabaseUrlError: the URL cannot be used, or the SQLite file is not there. HalfCopiedError,
    CopiedAwayError: see open_database().
    """
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        return await _usable(open_sqlite_reader(sqlite_path(parsed), readers=connections))
    return await _usable(await _open_postgres(parsed, connections))


async def _open_postgres(url: URL, connections: int) -> Database:
    # Imported when it is wanted: its driver takes 3 MB that SQLite has no use for.
    database: Database = await import_module("app.database.postgres").open_postgres(
        url, connections=connections
    )
    return database


async def _usable(database: D) -> D:
    """`database`, unless it is the first or the last part of a move to PostgreSQL; then it is closed."""
    try:
        await database.read(refuse_copies)
    except BaseException:
        await database.close()
        raise
    return database
