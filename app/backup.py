"""`leadwire backup`: a copy of the SQLite database while it is in use; what to use on PostgreSQL."""

import asyncio
import shlex
import threading
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.util import immutabledict

from app.database.backing_up import BackupError, back_up
from app.database.errors import DatabaseUrlError
from app.database.urls import read_url, sqlite_path

_LARGE_BYTES = 256 * 1024 * 1024
"""From here on it is told how far it is."""

Say = Callable[[str], None]


async def run_backup(url: str, file: Path, *, force: bool, say: Say) -> None:
    """Copy the database at `url` to `file`, and `say` how far it is and what was made.

    Cancelled, it leaves nothing behind. DatabaseUrlError: it is no SQLite file. BackupError: see back_up().
    """
    parsed = read_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise DatabaseUrlError(f"PostgreSQL makes its own backups: {dump_command(parsed, file)}")
    source = sqlite_path(parsed)
    given_up = threading.Event()
    telling = _Telling(say, given_up)
    # In a thread: only so can Ctrl-C break it off.
    copying = asyncio.create_task(
        asyncio.to_thread(back_up, source, file, replace=force, progress=telling.at)
    )
    try:
        await asyncio.wait({copying})
    except asyncio.CancelledError:
        given_up.set()
        await asyncio.wait({copying})
        copying.exception()  # that it was broken off is no news
        raise
    made = copying.result()
    say(f"{made.path}: {made.size_bytes:,} bytes, checked.")


def dump_command(url: URL, file: Path) -> str:
    """The command that backs up the PostgreSQL database at `url`; it asks for the password itself."""
    plain = url._replace(drivername="postgresql", password=None, query=immutabledict()).render_as_string()
    return shlex.join(["pg_dump", "--format=custom", f"--file={file}", plain])


class _Telling:
    """Says every tenth of a large copy, and ends one that nobody wants any more."""

    def __init__(self, say: Say, given_up: threading.Event) -> None:
        self._say = say
        self._given_up = given_up
        self._tenth = 0

    def at(self, done_bytes: int, all_bytes: int) -> None:
        if self._given_up.is_set():
            raise BackupError("broken off")
        tenth = done_bytes * 10 // max(all_bytes, 1)
        if all_bytes >= _LARGE_BYTES and tenth > self._tenth:
            self._tenth = tenth
            self._say(f"{tenth * 10} % of {all_bytes:,} bytes")
