"""Statements of the hot path: compiled once, and on SQLite handed to the driver without a detour."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.sql import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine
from sqlmodel import Session

from app.database.sessions import WorkSession

_Convert = Callable[[Any], Any]


class Prepared:
    """A statement that runs thousands of times a second.

    SQLAlchemy's own way costs ten times what SQLite takes. On a session that has no driver connection to
    itself (PostgreSQL, and reads) it goes that way all the same. No parameter may be a list of values.
    """

    def __init__(self, statement: Executable, *, postgresql: Executable | None = None) -> None:
        """`postgresql`: the statement there, where the two databases have no common form."""
        self._statement = statement
        self._postgresql = statement if postgresql is None else postgresql

    def rows(self, session: Session, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Run it and answer all of its rows."""
        driver = _driver(session)
        if driver is None:
            return session.connection().execute(self._in(session), dict(values)).all()
        native = self._native
        found = driver.execute(native.text, native.parameters(values)).fetchall()
        return [native.converted(row) for row in found]

    def run(self, session: Session, values: Mapping[str, Any]) -> None:
        """Run it."""
        driver = _driver(session)
        if driver is None:
            session.connection().execute(self._in(session), dict(values))
        else:
            driver.execute(self._native.text, self._native.parameters(values)).close()

    def run_many(self, session: Session, many: Sequence[Mapping[str, Any]]) -> None:
        """Run it once for each of these."""
        driver = _driver(session)
        if driver is None:
            session.connection().execute(self._in(session), [dict(values) for values in many])
        else:
            native = self._native
            driver.executemany(native.text, [native.parameters(values) for values in many]).close()

    def _in(self, session: Session) -> Executable:
        return self._postgresql if session.get_bind().dialect.name == "postgresql" else self._statement

    @cached_property
    def _native(self) -> "_Native":
        return _Native(self._statement)


class _Native:
    """The statement as SQLite's driver takes it."""

    def __init__(self, statement: Executable) -> None:
        dialect = _sqlite()
        compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        self.text = compiled.string
        constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self._parameters = [
            (name, _to_driver(compiled.binds[name].type, dialect), constants.get(name))
            for name in compiled.positiontup or ()
        ]
        types = [column.type for column in statement.exported_columns]  # type: ignore[attr-defined]
        converts = [kind.dialect_impl(dialect).result_processor(dialect, None) for kind in types]
        self._converts = [(place, convert) for place, convert in enumerate(converts) if convert is not None]

    def parameters(self, values: Mapping[str, Any]) -> list[Any]:
        found = []
        for name, convert, constant in self._parameters:
            value = values.get(name, constant)
            found.append(value if convert is None or value is None else convert(value))
        return found

    def converted(self, row: Sequence[Any]) -> Sequence[Any]:
        values = list(row)
        for place, convert in self._converts:
            if values[place] is not None:
                values[place] = convert(values[place])
        return values


@cache
def _sqlite() -> Dialect:
    return pysqlite.dialect()


def _to_driver(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _driver(session: Session) -> sqlite3.Connection | None:
    driver = session.driver if isinstance(session, WorkSession) else None
    # What the session was told and has not written yet comes first, as it does before its own statements.
    session.flush()
    return driver
