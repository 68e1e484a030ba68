"""SQL of administering API keys. Finding the one that a caller has: projects.py."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from app.tables.projects import ApiKeyRow


def list_keys(session: Session, project_id: UUID) -> Sequence[ApiKeyRow]:
    """All keys of the project, those that are not in force any more too, oldest first."""
    return session.exec(
        select(ApiKeyRow).where(col(ApiKeyRow.project_id) == project_id).order_by(col(ApiKeyRow.id))
    ).all()


def lock_keys(session: Session, project_id: UUID) -> Sequence[ApiKeyRow]:
    """The same, to be changed: whether one may be revoked depends on the others."""
    return session.exec(
        select(ApiKeyRow)
        .where(col(ApiKeyRow.project_id) == project_id)
        .order_by(col(ApiKeyRow.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def find_key_by_id(session: Session, key_id: UUID) -> ApiKeyRow | None:
    """The key with this id, of whichever project; for whoever runs the installation."""
    return session.get(ApiKeyRow, key_id)


def note_use(session: Session, key_id: UUID, used_at: datetime) -> None:
    """Record when the key was last used, unless a later use is recorded."""
    session.exec(
        update(ApiKeyRow)
        .where(
            col(ApiKeyRow.id) == key_id,
            or_(col(ApiKeyRow.last_used_at).is_(None), col(ApiKeyRow.last_used_at) < used_at),
        )
        .values(last_used_at=used_at)
    )
