"""SQL of projects, and of the keys that open them. Administering keys: api_keys.py."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.tables.projects import ApiKeyRow, ProjectRow


def get_project(session: Session, project_id: UUID) -> ProjectRow:
    """The project; it must exist."""
    return session.exec(select(ProjectRow).where(col(ProjectRow.id) == project_id)).one()


def find_project_by_name(session: Session, name: str) -> ProjectRow | None:
    """The oldest project of that name."""
    return session.exec(
        select(ProjectRow).where(col(ProjectRow.name) == name).order_by(col(ProjectRow.id))
    ).first()


def find_key(session: Session, key_hash: str) -> ApiKeyRow | None:
    """The key with this hash, in force or not."""
    return session.exec(select(ApiKeyRow).where(col(ApiKeyRow.key_hash) == key_hash)).one_or_none()


def keys_in_force(session: Session, key_ids: Collection[UUID], now: datetime) -> list[ApiKeyRow]:
    """Those of these keys that are neither revoked nor expired."""
    keys = session.exec(select(ApiKeyRow).where(col(ApiKeyRow.id).in_(key_ids)))
    return [key for key in keys if is_in_force(key, now)]


def is_in_force(key: ApiKeyRow, now: datetime) -> bool:
    """Whether it is neither revoked nor expired."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)
