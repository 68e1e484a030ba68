"""New databases of both kinds for benchmarks, on a real disk and with every durability setting on."""

import asyncio
import os
import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
from sqlalchemy import make_url

from tests.postgres_server import postgres_server


@contextmanager
def bench_folder(parent: str = ".") -> Iterator[Path]:
    """A folder in the current one, as the one for temporary files is often no disk at all."""
    # Told to end, a benchmark ends its servers and removes its files, as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with TemporaryDirectory(prefix="bench-", dir=parent) as folder:
        yield Path(folder).resolve()


@contextmanager
def sqlite_urls() -> Iterator[Callable[[], str]]:
    """Makes the URL of a new file."""
    with bench_folder() as folder:
        yield lambda: sqlite_url(folder / f"{secrets.token_hex(4)}.sqlite3")


def sqlite_url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


@contextmanager
def postgres_urls() -> Iterator[Callable[[], str]]:
    """Makes the URL of a new database. Not inside an event loop.

    The server is started for it, in memory where there is room, unless LEADWIRE_BENCH_POSTGRES is the URL of
    a server's database `postgres`.
    """
    with _postgres() as server:

        def new_url() -> str:
            name = f"bench_{secrets.token_hex(4)}"
            asyncio.run(_create(server, name))
            return make_url(server).set(database=name).render_as_string(hide_password=False)

        yield new_url


@contextmanager
def _postgres() -> Iterator[str]:
    given = os.environ.get("LEADWIRE_BENCH_POSTGRES")
    if given:
        yield given
        return
    settings = dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), "on")
    settings["shared_buffers"] = "512MB"
    with postgres_server(**settings) as server:
        yield server.url


async def _create(server: str, name: str) -> None:
    dsn = make_url(server).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
