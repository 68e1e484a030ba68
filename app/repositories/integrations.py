"""SQL of integrations."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from app.tables.integrations import IntegrationRow


def list_integrations(session: Session, project_id: UUID) -> Sequence[IntegrationRow]:
    """All integrations of the project, disabled ones too, oldest first."""
    return session.exec(
        select(IntegrationRow)
        .where(col(IntegrationRow.project_id) == project_id)
        .order_by(col(IntegrationRow.id))
    ).all()


def find_any_integration(session: Session) -> IntegrationRow | None:
    """The newest integration of the whole installation."""
    return session.exec(select(IntegrationRow).order_by(col(IntegrationRow.id).desc()).limit(1)).first()


def integrations_by_id(session: Session, ids: Sequence[UUID]) -> Sequence[IntegrationRow]:
    """These integrations, in any order."""
    return session.exec(select(IntegrationRow).where(col(IntegrationRow.id).in_(ids))).all()
