"""Copies a SQLite file while others write to it, and looks whether a file is sound."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp

from sqlalchemy import URL, Connection, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from app.database import pragmas
from app.database.errors import DatabaseError, DatabaseUrlError

Progress = Callable[[int, int], None]
"""Called with how many bytes are copied and how many there are; what it raises breaks the copying off."""

_PAGES_AT_ONCE = 1024
"""Pages of 4 KiB between two calls of Progress."""


class BackupError(DatabaseError):
    """No backup was made, and nothing was left behind."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A file that was made."""

    path: Path
    """Absolute, links resolved."""
    size_bytes: int


def back_up(source: Path, target: Path, *, replace: bool, progress: Progress) -> Backup:
    """Copy the database `source` (an absolute path), as it is at one moment, to the file `target`.

    `target` appears whole, checked and on disk, readable by its owner only, or not at all. `replace`: whether
    it may take the place of another file. Takes no lock, so that the one who writes goes on.

    Raises:
        DatabaseUrlError: `source` is not there.
        BackupError: the source is damaged, there is no room, or `target` may not be written.
    """
    if not source.is_file():
        raise DatabaseUrlError(f"there is no database file {source}")
    target = target.resolve()
    _refuse_place(source, target, replace=replace)
    with _unfinished(target) as copy:
        try:
            _copy(source, copy, progress)
            problems = _damage_of(copy)
        except (sqlite3.Error, DBAPIError) as error:
            said = error.orig if isinstance(error, DBAPIError) else error
            raise BackupError(f"{source} cannot be copied: {said}") from error
        if problems:
            raise BackupError(f"{source} is damaged, so its copy was thrown away: {'; '.join(problems)}")
        _flush(copy)
        # Once more: the copying may have taken a while.
        _refuse_place(source, target, replace=replace)
        copy.replace(target)
        _flush(target.parent)
    return Backup(target, target.stat().st_size)


def find_damage(connection: Connection) -> list[str]:
    """What is wrong with a SQLite file: broken pages, rows that refer to nothing. Reads all of it."""
    broken = [str(line) for (line,) in connection.exec_driver_sql("PRAGMA quick_check(3)")]
    orphan = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    problems = [] if broken == ["ok"] else broken
    if orphan is not None:
        problems.append(f"rows of {orphan[0]} refer to rows of {orphan[2]} that are not there")
    return problems


def _damage_of(path: Path) -> list[str]:
    # immutable: a log would be made beside it, and left there.
    file = URL.create("sqlite", database=path.as_uri(), query={"mode": "ro", "immutable": "1", "uri": "true"})
    with create_engine(file, poolclass=NullPool).connect() as connection:
        return find_damage(connection)


def _refuse_place(source: Path, target: Path, *, replace: bool) -> None:
    own = {source, *(source.with_name(source.name + end) for end in ("-wal", "-shm", ".lock"))}
    if target in own:
        raise BackupError(f"{target} belongs to the database itself; name another file")
    if not target.parent.is_dir():
        raise BackupError(f"the folder {target.parent} is not there; create it first")
    if target.is_dir():
        raise BackupError(f"{target} is a folder; name a file in it")
    log = target.with_name(target.name + "-wal")
    if log.exists():
        # SQLite would replay it over the new file, page by page.
        raise BackupError(f"{log} is there: somebody uses {target}; name another file")
    if target.exists() and not replace:
        raise BackupError(f"{target} exists already; --force replaces it")


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """A new file beside `target`, mode 0600, that is gone afterwards unless it was renamed."""
    descriptor, name = mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    os.close(descriptor)
    copy = Path(name)
    try:
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _copy(source: Path, copy: Path, progress: Progress) -> None:
    reading = closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, isolation_level=None))
    writing = closing(sqlite3.connect(copy, isolation_level=None))
    with reading as reader, writing as writer:
        for pragma in pragmas.READER:
            reader.execute(pragma)
        (page_bytes,) = reader.execute("PRAGMA page_size").fetchone()
        # One snapshot for all of it. Without it SQLite begins anew at each commit of others, without end.
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        # What is half done is thrown away, and what is done is flushed once.
        writer.execute("PRAGMA journal_mode = OFF")
        writer.execute("PRAGMA synchronous = OFF")
        reader.backup(
            writer,
            pages=_PAGES_AT_ONCE,
            progress=lambda _status, left, total: progress((total - left) * page_bytes, total * page_bytes),
        )


def _flush(path: Path) -> None:
    """Wait until the file, or the folder's list of names, is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
