"""Statements of the hot path: compiled once, and on SQLite handed to the driver without a detour."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, cached_property, lru_cache
from operator import attrgetter, itemgetter
from typing import Any, Final

from sqlalchemy import JSON, Dialect, Enum, Uuid
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.sql import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine
from sqlmodel import Session

from app.database.deferred import Batch, Deferred
from app.database.sessions import WorkSession
from app.json_text import to_json
from app.tables.columns import UtcDateTime

_Convert = Callable[[Any], Any]
_INSTANT_LENGTH: Final = len("2026-11-27 08:30:00.000000")


class Prepared:
    """A statement that runs thousands of times a second.

    SQLAlchemy's own way costs ten times what SQLite takes. On a session that has no driver connection to
    itself (PostgreSQL, and reads), and in a part that may be rolled back, it goes that way all the same. No
    parameter may be a list of values.
    """

    def __init__(
        self,
        statement: Executable,
        *,
        postgresql: Executable | None = None,
        columns: Sequence[str] | None = None,
        apart: bool = False,
        lead: str | None = None,
    ) -> None:
        """`postgresql`: the statement there, where the two databases have no common form.

        `columns`: those that an INSERT gives; the rest is left to the database. None: all.

        What it could see of what run_later() put off is sent first: with `lead`, what belongs to the lead
        that this parameter names; nothing if it is `apart`, as a statement of other tables, or one whose
        caller asks sent_of_lead() afterwards; else everything.
        """
        self.statement = statement
        self._postgresql = statement if postgresql is None else postgresql
        self._columns = columns
        self._apart, self._lead = apart, lead

    def rows(self, session: Session, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Run it and answer all of its rows. `values`: by parameter, or column; others are passed over."""
        driver, native = self._driver(session, values), self._native
        if driver is None:
            return session.connection().execute(self._in(session), native.named(values)).all()
        found = driver.execute(native.text, native.parameters(values)).fetchall()
        return [native.converted(row) for row in found]

    def run(self, session: Session, values: Mapping[str, Any]) -> None:
        """Run it."""
        driver, native = self._driver(session, values), self._native
        if driver is None:
            session.connection().execute(self._in(session), native.named(values))
        else:
            driver.execute(native.text, native.parameters(values)).close()

    def run_many(self, session: Session, many: Sequence[Mapping[str, Any]]) -> None:
        """Run it once for each of these."""
        driver, native = self._driver(session), self._native
        if driver is None:
            session.connection().execute(self._in(session), [native.named(values) for values in many])
        else:
            driver.executemany(native.text, [native.parameters(values) for values in many]).close()

    def run_later(self, session: Session, many: Sequence[Mapping[str, Any]], *, lead_id: int) -> None:
        """Run it for each of these rows of the lead: at the end of the group if there is one, else at once.

        That a row cannot be written may thus turn up when the work has returned; it is then run again, with
        the error where it belongs. The statement is a plain INSERT, or an UPDATE of the one lead.
        """
        deferred = deferred_of(session)
        if deferred is None:
            self.run_many(session, many)
        else:
            native = self._native
            deferred.add(native.batch, [native.parameters(values) for values in many], lead_id)

    def _driver(self, session: Session, values: Mapping[str, Any] | None = None) -> sqlite3.Connection | None:
        # What the session was told and has not written yet comes first, as it does before its own statements.
        session.flush()
        if not isinstance(session, WorkSession) or session.in_nested_transaction():
            # SQLAlchemy makes the savepoint only when it runs a statement.
            return None
        deferred = session.deferred
        if deferred is not None and not self._apart:
            lead_id = values[self._lead] if values is not None and self._lead else None
            if deferred.concerns(lead_id):
                deferred.send()
        return session.driver

    def _in(self, session: Session) -> Executable:
        return self._postgresql if session.get_bind().dialect.name == "postgresql" else self.statement

    @cached_property
    def _native(self) -> "_Native":
        return _Native(self.statement, self._columns)


class _Native:
    """The statement as SQLite's driver takes it."""

    def __init__(self, statement: Executable, columns: Sequence[str] | None) -> None:
        dialect = _sqlite()
        compiled = statement.compile(dialect=dialect, column_keys=columns)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        self.text = compiled.string
        self._constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self._names = tuple(compiled.positiontup or ())
        self._given = [name for name in self._names if name not in self._constants]
        # Of one name it would answer the value itself, not a tuple.
        self._pick = itemgetter(*self._names) if len(self._names) > 1 else None
        self._writes = _places([_to_driver(compiled.binds[name].type, dialect) for name in self._names])
        types = [column.type for column in statement.exported_columns]  # type: ignore[attr-defined]
        self._reads = _places([kind.dialect_impl(dialect).result_processor(dialect, None) for kind in types])

    @cached_property
    def batch(self) -> Batch:
        return Batch.of(self.text, len(self._names))

    def named(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: values[name] for name in self._given}

    def parameters(self, values: Mapping[str, Any]) -> Sequence[Any]:
        if self._constants:
            values = {**self._constants, **values}
        picked = self._pick(values) if self._pick else [values[name] for name in self._names]
        return _convert(picked, self._writes)

    def converted(self, row: Sequence[Any]) -> Sequence[Any]:
        return _convert(row, self._reads)


def _places(converts: Sequence[_Convert | None]) -> list[tuple[int, _Convert]]:
    return [(place, convert) for place, convert in enumerate(converts) if convert is not None]


def _convert(row: Sequence[Any], converts: Sequence[tuple[int, _Convert]]) -> Sequence[Any]:
    values = list(row)
    for place, convert in converts:
        value = values[place]
        if value is not None:
            values[place] = convert(value)
    return values


@cache
def _sqlite() -> Dialect:
    return pysqlite.dialect()


def _to_driver(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    """How a value of this type is handed over: as SQLAlchemy does it, only faster where it is slow."""
    if isinstance(kind, UtcDateTime):
        return _instant_to_text
    if isinstance(kind, Uuid):
        return attrgetter("hex")
    if isinstance(kind, Enum):
        return attrgetter("value")
    if isinstance(kind, JSON):
        return _json_to_text
    return kind.dialect_impl(dialect).bind_processor(dialect)


# Of the instants of a status change most are the same: now.
@lru_cache(maxsize=256)
def _instant_to_text(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a naive datetime cannot be stored")
    utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return utc.isoformat(" ", "microseconds")[:_INSTANT_LENGTH]


def _json_to_text(value: Any) -> str:
    return to_json(value).decode()


def deferred_of(session: Session) -> Deferred | None:
    """Where work in this session may put rows off; None: it may not."""
    # What was put off would outlive a rollback to a savepoint.
    if isinstance(session, WorkSession) and not session.in_nested_transaction():
        return session.deferred
    return None


def sent_of_lead(session: Session, lead_id: int) -> bool:
    """Whether rows of the lead were put off. They are sent now: what was read before is out of date."""
    deferred = deferred_of(session)
    if deferred is None or not deferred.concerns(lead_id):
        return False
    deferred.send()
    return True
