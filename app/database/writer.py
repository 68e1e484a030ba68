"""The one thread that writes to a SQLite file. Many callers share a COMMIT, and the wait for the disk."""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection, NullPool, create_engine
from sqlmodel import Session

from app.database import pragmas
from app.database.errors import DatabaseBusyError, DatabaseClosedError
from app.database.group import GroupRunner, Piece
from app.database.sessions import STATEMENTS_KEPT

T = TypeVar("T")

GROUP_SIZE = 64
"""Pieces in one transaction. More would save little and make the first of them wait for the last."""


class _WriterConnection(sqlite3.Connection):
    """A driver connection whose transactions only GroupRunner ends.

    Each piece has a Session, and SQLAlchemy ends a Session's transaction through these two methods: left
    alone, the first failing piece would roll back the whole group.
    """

    def commit(self) -> None:
        """Do nothing."""

    def rollback(self) -> None:
        """Do nothing."""


def connect(path: Path) -> Connection:
    """A connection for the writer, which creates the file when it is not there."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        # isolation_level None: Python's driver begins nothing by itself.
        connect_args={"factory": _WriterConnection, "isolation_level": None, "check_same_thread": False},
        query_cache_size=STATEMENTS_KEPT,
        poolclass=NullPool,
        hide_parameters=True,  # an error's text must not carry personal data into a log
    )
    connection = engine.connect()
    try:
        pragmas.apply(connection.connection, pragmas.WRITER)
    except BaseException:  # above all: the file is no database
        connection.close()
        raise
    return connection


class Writer:
    """Takes work on the event loop's thread and runs it, in groups, on its own."""

    def __init__(self, connection: Connection) -> None:
        """Start the thread. To be called on the running event loop that will submit the work."""
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._waiting: deque[Piece] = deque()
        self._done: list[Piece] = []
        """Committed, and not told yet."""
        self._bell = threading.Event()
        self._ringing = False
        self._closing = False
        self._ended = asyncio.Event()
        # A daemon: a process that forgot close() must still be able to end. What was answered is on disk.
        threading.Thread(target=self._run, name="database-writer", daemon=True).start()

    @property
    def waiting(self) -> int:
        """Pieces that are in no group yet."""
        return len(self._waiting)

    def submit(self, work: Callable[[Session], T], *, within_s: float | None = None) -> asyncio.Future[T]:
        """Queue `work`; the future has its outcome once it is committed. DatabaseClosedError when closed.

        `within_s`: seconds after which it has DatabaseBusyError, if the work has not begun by then.
        """
        if self._closing:
            raise DatabaseClosedError("the database is closed")
        future: asyncio.Future[T] = self._loop.create_future()
        piece = Piece(work, future)
        if within_s is not None:
            timer = self._loop.call_later(within_s, self._give_up, piece)
            future.add_done_callback(lambda _future: timer.cancel())
        self._waiting.append(piece)
        if not self._ringing:
            # Once whatever else came in with it is here, too: they share a COMMIT, and the writer's thread
            # does not fight the event loop's for the interpreter meanwhile.
            self._ringing = True
            self._loop.call_soon(self._ring)
        return future

    def _ring(self) -> None:
        self._ringing = False
        self._bell.set()

    def _give_up(self, piece: Piece) -> None:
        if piece.withdraw(DatabaseBusyError("the writer had too much to do; nothing was written")):
            # Or it would lie there, with all it holds, for as long as the writer is stuck.
            with suppress(ValueError):  # it is in a group already, which passes over it
                self._waiting.remove(piece)

    async def close(self) -> None:
        """Take no more work, finish what is waiting, close the connection."""
        self._closing = True
        self._bell.set()
        await self._ended.wait()

    def _run(self) -> None:
        runner = GroupRunner(self._connection, self._answer_done)
        try:
            last = False
            while not last:
                self._bell.wait()
                self._bell.clear()
                # Read before looking: whatever was submitted before closing began is then seen below.
                last = self._closing
                while group := self._take():
                    runner.run(group)
                    # Its callers are told once the next group leaves the interpreter to them. At once, their
                    # next requests and that group would fight for it, and then both wait for the disk.
                    self._answer_done()
                    self._done = group
                self._answer_done()
        finally:
            self._connection.close()
            self._loop.call_soon_threadsafe(self._ended.set)

    def _answer_done(self) -> None:
        """Tell the callers of the last group, if they are not told yet."""
        if self._done:
            self._loop.call_soon_threadsafe(_answer, self._done)
            self._done = []

    def _take(self) -> list[Piece]:
        count = min(len(self._waiting), GROUP_SIZE)
        return [self._waiting.popleft() for _ in range(count)]


def _answer(pieces: Sequence[Piece]) -> None:
    """One call into the event loop for a whole group: each costs a wake-up of its thread."""
    for piece in pieces:
        piece.answer()
