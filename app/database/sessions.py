"""The session a piece of work gets, and the hooks it leaves behind."""

import logging
import sqlite3
from collections.abc import Callable, Iterable
from typing import Final, NoReturn, TypeVar

from sqlalchemy import Connection, Engine, orm
from sqlmodel import Session

from app.database.deferred import Deferred

T = TypeVar("T")

Hook = Callable[[], None]
"""Called after a commit, on the event loop's thread."""

STATEMENTS_KEPT: Final = 200
"""Compiled statements of each engine, at most half as many again; each takes some 100 KB. Ours are fewer, but
filters and orders of lists make as many as callers think of, and SQLAlchemy's own 500 would be 75 MB.
"""

_logger = logging.getLogger(__name__)


class WorkSession(Session):
    """A Session whose transaction belongs to whoever runs the work.

    Work may use `begin_nested()`; `commit()` and `rollback()` would end a transaction that, on SQLite, it
    shares with others.
    """

    def __init__(
        self,
        bind: Connection | Engine | None = None,
        *,
        binds: None = None,
        hooks: list[Hook] | None = None,
        driver: sqlite3.Connection | None = None,
    ) -> None:
        """`hooks`: what after_commit() appends to; None for a read. `binds`: AsyncSession passes it.

        `driver`: the connection below `bind`, for Prepared; None: it must not be used past SQLAlchemy.
        """
        # Rows leave detached: an expired one would ask a closed session for its first attribute.
        super().__init__(bind, binds=binds, expire_on_commit=False)
        self.hooks = hooks
        self.driver = driver
        self.deferred: Deferred | None = None
        """Where rows may be put off; None: they are inserted at once."""

    def commit(self) -> NoReturn:
        """Refuse."""
        raise RuntimeError("work does not commit: Database.write() does, once the work has returned")

    def rollback(self) -> NoReturn:
        """Refuse."""
        raise RuntimeError("work does not roll back: it raises, or undoes a part with begin_nested()")


def flushed(work: Callable[[Session], T]) -> Callable[[orm.Session], T]:
    """`work`, with what it left unwritten in the session sent to the database before it counts as done."""

    def run(session: orm.Session) -> T:
        assert isinstance(session, WorkSession)
        result = work(session)
        session.flush()
        return result

    return run


def run_hooks(hooks: Iterable[Hook]) -> None:
    """Call each hook; one that raises is logged and the next one has its turn."""
    for hook in hooks:
        try:
            hook()
        except Exception:  # the work is committed: failing its caller now would be a lie
            _logger.exception("a hook failed after its commit")
