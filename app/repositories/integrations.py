"""SQL of integrations. Those that were disconnected are only found by their ids, for the record."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select as core_select
from sqlalchemy import update
from sqlmodel import Session, col, select

from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow

_CONNECTED = col(IntegrationRow.disconnected_at).is_(None)


def list_integrations(session: Session, project_id: UUID) -> Sequence[IntegrationRow]:
    """All connected integrations of the project, disabled ones too, oldest first."""
    return session.exec(
        select(IntegrationRow)
        .where(col(IntegrationRow.project_id) == project_id, _CONNECTED)
        .order_by(col(IntegrationRow.id))
    ).all()


def find_integration(session: Session, project_id: UUID, integration_id: UUID) -> IntegrationRow | None:
    """The project's integration with this id, if it is connected."""
    return session.exec(
        select(IntegrationRow).where(
            col(IntegrationRow.project_id) == project_id, col(IntegrationRow.id) == integration_id, _CONNECTED
        )
    ).one_or_none()


def lock_integration(session: Session, project_id: UUID, integration_id: UUID) -> IntegrationRow | None:
    """find_integration(), to be changed: its lane changes it too, neither may overwrite half of the other.

    Whoever holds this lock must wait for no other: a lane may hold those of deliveries and mappings, and
    wait for this one.
    """
    return session.exec(
        select(IntegrationRow)
        .where(
            col(IntegrationRow.project_id) == project_id, col(IntegrationRow.id) == integration_id, _CONNECTED
        )
        # NO KEY UPDATE: whoever inserts a delivery for it need not wait.
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()


def replace_credentials(session: Session, integration: IntegrationRow, credentials: str) -> bool:
    """Give it other credentials unless somebody has since it was read; answers whether that was done."""
    replaced = session.execute(
        update(IntegrationRow)
        .where(
            col(IntegrationRow.id) == integration.id,
            col(IntegrationRow.credentials) == integration.credentials,
        )
        .values(credentials=credentials)
        .returning(col(IntegrationRow.id)),
        execution_options={"synchronize_session": False},
    ).first()
    session.refresh(integration, ["credentials"])
    return replaced is not None


def probe_held_mappings(session: Session, integration_id: UUID, now: datetime) -> None:
    """Have the integration's held mappings tried at once; not those its lane is busy with just now."""
    held = (
        core_select(col(LabelMappingRow.id))
        .where(
            col(LabelMappingRow.integration_id) == integration_id, col(LabelMappingRow.held_at).is_not(None)
        )
        .with_for_update(key_share=True, skip_locked=True)
    )
    session.execute(
        update(LabelMappingRow).where(col(LabelMappingRow.id).in_(held)).values(probe_at=now),
        execution_options={"synchronize_session": False},
    )


def find_any_integration(session: Session) -> IntegrationRow | None:
    """The newest connected integration of the whole installation."""
    return session.exec(
        select(IntegrationRow).where(_CONNECTED).order_by(col(IntegrationRow.id).desc()).limit(1)
    ).first()


def integrations_by_id(session: Session, ids: Sequence[UUID]) -> Sequence[IntegrationRow]:
    """These integrations, in any order."""
    return session.exec(select(IntegrationRow).where(col(IntegrationRow.id).in_(ids))).all()
