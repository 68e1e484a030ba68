"""Reads database URLs, and says what is wrong with those that cannot be used, without showing a password."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.database.errors import DatabaseUrlError

_FORMS = "sqlite+aiosqlite:///path/to/file or postgresql+asyncpg://user:password@host/name"


def read_url(url: str) -> URL:
    """`url` with the driver this project uses; DatabaseUrlError when it names another kind of database."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseUrlError(f"the database URL cannot be read; it must look like {_FORMS}") from error
    driver = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}.get(parsed.drivername)
    parsed = parsed.set(drivername=driver) if driver else parsed
    if parsed.drivername not in {"sqlite+aiosqlite", "postgresql+asyncpg"}:
        raise DatabaseUrlError(
            f"{parsed.drivername} is not supported; the database URL must look like {_FORMS}"
        )
    return parsed


def sqlite_path(url: URL) -> Path:
    """The absolute file a SQLite URL names, links resolved, so that two names of a file share one lock.

    DatabaseUrlError for a database in memory, for SQLite's own URIs, and when the file's folder is not there.
    """
    name = url.database
    if not name or name == ":memory:" or name.startswith("file:"):
        raise DatabaseUrlError(
            "SQLite needs a file: writer and readers are separate connections, and a database in memory "
            "belongs to one. Use sqlite+aiosqlite:///path/to/file"
        )
    if url.query:
        raise DatabaseUrlError("a SQLite URL takes no parameters: how the file is opened is decided here")
    path = Path(name).resolve()
    if not path.parent.is_dir():
        raise DatabaseUrlError(f"the folder {path.parent} of the database file is not there; create it first")
    return path
