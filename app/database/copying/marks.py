"""What keeps others off a database while, and after, it is copied: on both ends a table that tells."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, Connection, MetaData, Table, Text, inspect, select, update
from sqlmodel import Session

from app.database.copying.fingerprints import Fingerprint
from app.database.errors import DatabaseError

Key = tuple[Any, ...]
"""A row's primary key, in the order of the table's columns."""


class HalfCopiedError(DatabaseError):
    """The database is being copied into, or that was broken off: half of what was queued may be missing."""


class CopiedAwayError(DatabaseError):
    """The SQLite file was copied to PostgreSQL: working on it would send again what is sent from there."""


# Not among the application's tables: they are there only while they say something.
_PROGRESS = Table(
    "leadwire_copy",
    MetaData(),
    Column("table_name", Text, primary_key=True),
    Column("source_rows", BigInteger, nullable=False),
    Column("source_checksum", Text, nullable=False),
    Column("copied_to", Text),  # JSON of the last key that was copied; NULL: none yet
    Column("done", Boolean, nullable=False),
)
_MOVED = Table("leadwire_moved", MetaData(), Column("target", Text, primary_key=True))


def refuse_copies(session: Session) -> None:
    """HalfCopiedError or CopiedAwayError when nobody may work on this database. Only reads."""
    connection = session.connection()
    if is_half_copied(connection):
        raise HalfCopiedError(
            "this database is being copied into by `leadwire copy-to`, which has not come to its end: run it"
            " again, with the same source, and it goes on where it was"
        )
    target = moved_to(connection)
    if target is not None:
        raise CopiedAwayError(
            f"this file was copied to {target}, and what both hold would be sent twice: set"
            f" LEADWIRE_DATABASE_URL to that one. To go back to this file, if nothing was sent from there:"
            f" DROP TABLE {_MOVED.name}"
        )


def is_half_copied(connection: Connection) -> bool:
    """Whether a copy into this database was begun and has not ended."""
    return inspect(connection).has_table(_PROGRESS.name)


def begin(target: Connection, source: dict[str, Fingerprint]) -> None:
    """Mark the target before the first row: what is to be copied into it."""
    _PROGRESS.create(target)
    target.execute(
        _PROGRESS.insert(),
        [
            {"table_name": name, "source_rows": one.rows, "source_checksum": one.checksum, "done": False}
            for name, one in source.items()
        ],
    )


def begun_with(target: Connection) -> dict[str, Fingerprint]:
    """What the source was when the copy was begun."""
    rows = target.execute(select(_PROGRESS)).mappings()
    return {row["table_name"]: Fingerprint(row["source_rows"], row["source_checksum"]) for row in rows}


def end(target: Connection) -> None:
    """Take the mark off: from now on anybody may work on the target."""
    _PROGRESS.drop(target)


def copied_to(target: Connection, table: Table) -> Key | None:
    """The last key of `table` that was copied; None: none yet."""
    text = target.scalar(select(_PROGRESS.c.copied_to).where(_PROGRESS.c.table_name == table.name))
    return None if text is None else _read_key(table, json.loads(text))


def note(target: Connection, table: Table, key: Key) -> None:
    """Remember, in the transaction that copied it, the last key of `table`."""
    text = json.dumps([str(part) if isinstance(part, UUID) else part for part in key])
    target.execute(update(_PROGRESS).where(_PROGRESS.c.table_name == table.name).values(copied_to=text))


def is_done(target: Connection, table: Table) -> bool:
    """Whether all of `table` has been copied."""
    done = target.scalar(select(_PROGRESS.c.done).where(_PROGRESS.c.table_name == table.name))
    return bool(done)


def note_done(target: Connection, table: Table) -> None:
    """Remember that all of `table` has been copied."""
    target.execute(update(_PROGRESS).where(_PROGRESS.c.table_name == table.name).values(done=True))


def moved_to(source: Connection) -> str | None:
    """Where this SQLite file was copied to; None: nowhere."""
    if not inspect(source).has_table(_MOVED.name):
        return None
    return source.scalar(select(_MOVED.c.target))


def mark_moved(source: Connection, target: str) -> None:
    """Keep everybody off the source. `target`: where to, for people, without a password."""
    _MOVED.create(source, checkfirst=True)
    source.execute(_MOVED.delete())
    source.execute(_MOVED.insert(), {"target": target})


def _read_key(table: Table, parts: Sequence[Any]) -> Key:
    columns = table.primary_key.columns
    return tuple(
        UUID(part) if column.type.python_type is UUID else part
        for column, part in zip(columns, parts, strict=True)
    )
