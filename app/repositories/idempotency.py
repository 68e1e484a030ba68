"""SQL of remembered answers."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from app.database.prepared import Prepared
from app.tables.jobs import IdempotencyRow
from app.tables.making import columns_of, make
from app.tables.registry import metadata

REMEMBERED_FOR = timedelta(hours=24)

_KEY = metadata.tables["idempotency_key"]
_NAMES = tuple(column.name for column in _KEY.c)
_THIS_KEY = (_KEY.c.project_id == bindparam("project"), _KEY.c.key == bindparam("given"))
_FIND = Prepared(select(_KEY).where(*_THIS_KEY, _KEY.c.created_at > bindparam("since")), apart=True)
_FORGET = Prepared(delete(_KEY).where(*_THIS_KEY, _KEY.c.created_at <= bindparam("since")), apart=True)
_KEEP = Prepared(
    sqlite.insert(_KEY).on_conflict_do_nothing().returning(_KEY.c.key),
    postgresql=postgresql.insert(_KEY).on_conflict_do_nothing().returning(_KEY.c.key),
    apart=True,
)


def find_answer(session: Session, project_id: UUID, key: str, now: datetime) -> IdempotencyRow | None:
    """What was answered for this key within the last 24 hours."""
    found = _FIND.rows(session, {"project": project_id, "given": key, "since": now - REMEMBERED_FOR})
    return make(IdempotencyRow, dict(zip(_NAMES, found[0], strict=True))) if found else None


def remember_answer(session: Session, row: IdempotencyRow) -> bool:
    """Keep the answer; False when another call took the key in the meantime."""
    since = row.created_at - REMEMBERED_FOR
    _FORGET.run(session, {"project": row.project_id, "given": row.key, "since": since})
    return bool(_KEEP.rows(session, columns_of(row)))
