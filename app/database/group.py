"""Group commit: many pieces of work in one SQLite transaction, where each fails by itself."""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, event
from sqlmodel import Session

from app.database import pragmas
from app.database.deferred import Deferred
from app.database.errors import GroupFailedError
from app.database.sessions import Hook, WorkSession, flushed, run_hooks
from app.database.work import Repeatable
from app.errors import DomainError

_logger = logging.getLogger(__name__)

_PRIMARY: Final = 0xFF
"""Of SQLite's result codes: what is beyond these bits only says more about it."""


class Piece:
    """One caller's work, and what became of it."""

    __slots__ = ("_lock", "_settled", "error", "future", "hooks", "repeatable", "result", "work")

    def __init__(self, work: Callable[[Session], Any], future: asyncio.Future[Any]) -> None:
        """`future` is what the caller waits on; it belongs to the event loop's thread."""
        self.work = flushed(work)
        self.repeatable = isinstance(work, Repeatable)
        self.future = future
        self.hooks: list[Hook] = []
        self.result: Any = None
        self.error: BaseException | None = None
        self._lock = threading.Lock()
        self._settled = False
        """Whether it will be run, or will not be, is decided."""

    def begin(self) -> bool:
        """On the writer's thread, right before it runs: False when nobody wants it any more."""
        return self._settle() and not self.future.cancelled()

    def withdraw(self, error: Exception) -> bool:
        """On the event loop's thread: never run it, and tell the caller; False: it has begun or is over."""
        if self.future.done() or not self._settle():
            return False
        self.future.set_exception(error)
        return True

    def _settle(self) -> bool:
        with self._lock:
            was_settled, self._settled = self._settled, True
        return not was_settled

    def forget(self) -> None:
        """It was undone, and will be run again."""
        self.result = self.error = None
        self.hooks.clear()

    def answer(self) -> None:
        """Tell the caller. On the event loop's thread, once the group's transaction is over."""
        if self.error is None:
            run_hooks(self.hooks)
            if not self.future.done():
                self.future.set_result(self.result)
        elif not self.future.done():
            self.future.set_exception(self.error)
        elif not isinstance(self.error, DomainError):
            # Its text may hold what was to be written; the type says enough.
            _logger.error("a write failed whose caller had gone: %s", type(self.error).__name__)


class GroupRunner:
    """Runs groups of pieces, one after the other, on one connection that nobody else uses."""

    def __init__(self, connection: Connection, before_long: Callable[[], None]) -> None:
        """`connection`: its driver is in autocommit mode, and its commit() and rollback() do nothing.

        `before_long`: called before SQLite works, or waits, for long without the interpreter: whatever gives
        the event loop something to do is best done then. At least once for each group, at the latest before
        work that may take its time.
        """
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        self._driver = driver
        self._before_long = before_long
        self._session = WorkSession(connection, driver=driver)
        self._execute(pragmas.NO_BUSY_TIMEOUT)  # it waits in _begin() alone
        event.listen(connection, "before_cursor_execute", self._send_first)

    def _send_first(self, *_: object) -> None:
        """Before a statement of SQLAlchemy's: it may see anything."""
        deferred = self._session.deferred
        if deferred is not None and deferred.concerns(None):
            deferred.send()

    def run(self, pieces: Sequence[Piece]) -> None:
        """Run `pieces` in one transaction; after its COMMIT or ROLLBACK the outcome is in each piece."""
        try:
            self._begin()
            self._run_repeatable([piece for piece in pieces if piece.repeatable and piece.begin()])
            # At the latest: what follows may take its time.
            self._before_long()
            for piece in pieces:
                # Its caller gave up before it began: the last moment to take that into account.
                if not piece.repeatable and piece.begin():
                    self._run_piece(piece)
            self._execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - every caller gets it; without an answer they would wait for ever
            _logger.error("a transaction failed, and every write in it: %s", _reason(error))  # noqa: TRY400 - its text and frames may hold values
            _fail(pieces, error)
            self._roll_back()

    def _begin(self) -> None:
        # DEFERRED would fail at the first write with "database is locked", however long it may wait.
        try:
            self._execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY != sqlite3.SQLITE_BUSY:
                raise
            # Somebody else holds the file, for as long as they like.
            self._before_long()
            self._execute(pragmas.BUSY_TIMEOUT)
            try:
                self._execute("BEGIN IMMEDIATE")
            finally:
                self._execute(pragmas.NO_BUSY_TIMEOUT)

    def _run_repeatable(self, pieces: Sequence[Piece]) -> None:
        """Run what may be run again, before anything that may not: at first without savepoints."""
        if self._run_together(pieces):
            return
        if self._driver.in_transaction:
            self._execute("ROLLBACK")
        self._begin()
        for piece in pieces:
            piece.forget()
            self._run_piece(piece)

    def _run_together(self, pieces: Sequence[Piece]) -> bool:
        """Run them without savepoints, what they write put off; False: what that left must be undone."""
        deferred = self._session.deferred = Deferred(self._driver)
        try:
            if not all(self._run_unprotected(piece, deferred) for piece in pieces):
                return False
            deferred.send(self._before_long)
        except Exception:  # noqa: BLE001 - whose row it is about, and whom to tell, shows when each is run by itself
            return False
        finally:
            self._session.deferred = None
        return self._driver.in_transaction

    def _run_unprotected(self, piece: Piece, deferred: Deferred) -> bool:
        """Run one piece; False: it left something behind that only a ROLLBACK undoes, or no transaction."""
        before = deferred.written
        try:
            self._work(piece)
        except BaseException as error:  # noqa: BLE001 - as below
            piece.error = _deliverable(error)
            if deferred.written != before:
                return False
        return self._driver.in_transaction and not deferred.failed

    def _run_piece(self, piece: Piece) -> None:
        """Run one piece behind a savepoint; raises only when the whole group is lost."""
        self._execute("SAVEPOINT piece")
        try:
            self._work(piece)
        except BaseException as error:  # noqa: BLE001 - its caller gets it; the thread must outlive any piece
            piece.error = _deliverable(error)
            self._undo_piece(error)
        else:
            self._execute("RELEASE piece")

    def _work(self, piece: Piece) -> None:
        session = self._session
        session.hooks = piece.hooks
        try:
            piece.result = piece.work(session)
        except BaseException:
            session.close()
            raise
        if session.in_transaction():
            # It read or wrote something itself, and must forget it. Prepared statements go past it.
            session.close()

    def _undo_piece(self, cause: BaseException) -> None:
        # A full disk or an I/O error ends the whole transaction, with the pieces that went well before.
        if not self._driver.in_transaction:
            raise GroupFailedError("SQLite ended the transaction") from cause
        self._execute("ROLLBACK TO piece")
        self._execute("RELEASE piece")

    def _roll_back(self) -> None:
        try:
            if self._driver.in_transaction:
                self._execute("ROLLBACK")
        except sqlite3.Error:
            # The callers know already. If it is for good, the next BEGIN says so to the next ones.
            _logger.exception("a failed transaction could not be rolled back")

    def _execute(self, statement: str) -> None:
        self._driver.execute(statement).close()


def _reason(error: BaseException) -> str:
    """SQLite's own name of it, such as SQLITE_FULL: without it nobody would learn that the disk is full."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, sqlite3.Error):
            return getattr(at, "sqlite_errorname", type(at).__name__)
        at = at.__cause__
    return type(error).__name__


def _fail(pieces: Iterable[Piece], cause: Exception) -> None:
    """Give an error to every piece that has none of its own; each its own object, for its own traceback."""
    for piece in pieces:
        if piece.error is None:
            piece.error = GroupFailedError(
                "the transaction shared with other writes failed; nothing was written"
            )
            piece.error.__cause__ = cause


def _deliverable(error: BaseException) -> BaseException:
    """`error`, or what stands for it where a future cannot carry it."""
    if not isinstance(error, StopIteration):
        return error
    replacement = RuntimeError("work raised StopIteration")
    replacement.__cause__ = error
    return replacement
