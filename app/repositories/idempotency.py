"""SQL of remembered answers."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.tables.jobs import IdempotencyRow

REMEMBERED_FOR = timedelta(hours=24)


def find_answer(session: Session, project_id: UUID, key: str, now: datetime) -> IdempotencyRow | None:
    """What was answered for this key within the last 24 hours."""
    return session.exec(
        select(IdempotencyRow).where(
            col(IdempotencyRow.project_id) == project_id,
            col(IdempotencyRow.key) == key,
            col(IdempotencyRow.created_at) > now - REMEMBERED_FOR,
        )
    ).one_or_none()


def remember_answer(session: Session, row: IdempotencyRow) -> bool:
    """Keep the answer; False when another call took the key in the meantime."""
    session.execute(
        delete(IdempotencyRow).where(
            col(IdempotencyRow.project_id) == row.project_id,
            col(IdempotencyRow.key) == row.key,
            col(IdempotencyRow.created_at) <= row.created_at - REMEMBERED_FOR,
        )
    )
    dialect = session.get_bind().dialect.name
    dialect_insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = (
        dialect_insert(IdempotencyRow)
        .values(row.model_dump())
        .on_conflict_do_nothing()
        .returning(col(IdempotencyRow.key))
    )
    return session.execute(statement).first() is not None
