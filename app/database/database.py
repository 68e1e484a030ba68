"""The one interface to both databases: plain functions over a Session, run by `read` and `write`."""

from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol, TypeVar

from sqlmodel import Session

from app.database.sessions import Hook, WorkSession

T = TypeVar("T")

Work = Callable[[Session], T]
"""A piece of work: synchronous, quick, at most 500 rows, no network; it does not end the transaction.

What it returns must not need the session any more: rows are detached by the time the caller sees them.
"""


class Waiting(NamedTuple):
    """Pieces of work that nobody has begun yet."""

    reads: int
    writes: int
    """On PostgreSQL reads too: both wait for the same connections."""


class ReadableDatabase(Protocol):
    """A database of either kind, to be looked at. Belongs to the event loop it was opened on."""

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """Which kind it is."""
        ...

    async def read(self, work: Callable[[Session], T], *, within_s: float | None = None) -> T:
        """Run `work` on one snapshot of what has been committed.

        A statement that would write is refused by the database itself: sqlalchemy.exc.DBAPIError.
        `within_s`: how many seconds it may wait before it begins, or DatabaseBusyError; None: any number.
        """
        ...

    async def close(self) -> None:
        """Finish every write that is waiting, then close all connections. Calling it again does nothing."""
        ...


class Database(ReadableDatabase, Protocol):
    """A database of either kind."""

    @property
    def waiting(self) -> Waiting:
        """What waits in this process."""
        ...

    async def write(self, work: Callable[[Session], T], *, within_s: float | None = None) -> T:
        """Run `work` in one transaction and answer once it is committed; an error of `work` undoes all of it.

        A caller that is cancelled before its work has begun takes the work back; once begun it runs to its
        end, commit and hooks included. GroupFailedError: the transaction failed, perhaps through no fault of
        this work. DatabaseClosedError: after close(). On SQLite the work runs in another thread, without the
        caller's context variables. `within_s`: how many seconds it may wait before it begins, or
        DatabaseBusyError, and it never does; None: any number.
        """
        ...

    async def close(self) -> None:
        """Finish every write that is waiting, then close all connections. Calling it again does nothing."""
        ...


def after_commit(session: Session, hook: Hook) -> None:
    """Have `hook` called after the COMMIT and before the caller of `write` is answered.

    It is called on the event loop's thread, in the order of registering, and must not block. Work that is
    rolled back drops its hooks. A hook that raises is logged; the caller, whose data is committed, hears
    nothing of it. RuntimeError outside of `Database.write`, where there is no commit to wait for.
    """
    if not isinstance(session, WorkSession) or session.hooks is None:
        raise RuntimeError("after_commit() needs the session of Database.write()")
    session.hooks.append(hook)
