"""Opens the database a URL names."""

from app.database.database import Database, ReadableDatabase
from app.database.postgres import open_postgres
from app.database.sqlite import open_sqlite, open_sqlite_reader
from app.database.urls import read_url, sqlite_path


async def open_database(url: str, *, connections: int = 10) -> Database:
    """The database at `url`, for the running event loop; to be closed with `close()`.

    `url`: sqlite+aiosqlite:///path (the file is created when it is not there; its tables are the business of
    migrate()) or postgresql+asyncpg://user:password@host/name. `connections`: how many reads (SQLite) or
    transactions (PostgreSQL) run at a time; more wait. DatabaseLockedError: another process owns the SQLite
    file. DatabaseUrlError: the URL cannot be used.
    """
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        return await open_sqlite(sqlite_path(parsed), readers=connections)
    return await open_postgres(parsed, connections=connections)


async def open_for_reading(url: str, *, connections: int = 2) -> ReadableDatabase:
    """The database at `url` beside whoever writes to it: no lock is taken and nothing can be changed.

    DatabaseUrlError: the URL cannot be used, or the SQLite file is not there.
    """
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        return open_sqlite_reader(sqlite_path(parsed), readers=connections)
    return await open_postgres(parsed, connections=connections)
