"""SQL of conversion labels and their mappings."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from app.tables.labels import LabelMappingRow, LabelRow


def list_labels(session: Session, project_id: UUID) -> Sequence[LabelRow]:
    """All labels of the project, archived ones too, oldest first."""
    return session.exec(
        select(LabelRow).where(col(LabelRow.project_id) == project_id).order_by(col(LabelRow.id))
    ).all()


def lock_label(session: Session, project_id: UUID, label_id: UUID) -> LabelRow | None:
    """The project's label with this id, archived or not, to be changed."""
    return session.exec(
        select(LabelRow)
        .where(col(LabelRow.project_id) == project_id, col(LabelRow.id) == label_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()


def labels_by_id(session: Session, ids: Sequence[UUID]) -> Sequence[LabelRow]:
    """These labels, in any order."""
    return session.exec(select(LabelRow).where(col(LabelRow.id).in_(ids))).all()


def mappings_of_labels(session: Session, label_ids: Sequence[UUID]) -> Sequence[LabelMappingRow]:
    """The mappings of these labels, oldest first."""
    return session.exec(
        select(LabelMappingRow)
        .where(col(LabelMappingRow.label_id).in_(label_ids))
        .order_by(col(LabelMappingRow.id))
    ).all()


def lock_mappings(session: Session, label_id: UUID) -> Sequence[LabelMappingRow]:
    """The label's mappings, to be changed: their lanes hold and release them meanwhile."""
    return session.exec(
        select(LabelMappingRow)
        .where(col(LabelMappingRow.label_id) == label_id)
        .order_by(col(LabelMappingRow.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def mappings_in_use(session: Session, integration_id: UUID) -> Sequence[tuple[LabelRow, LabelMappingRow]]:
    """What labels that are not archived are called at the integration, the oldest label first."""
    return session.exec(
        select(LabelRow, LabelMappingRow)
        .join(LabelMappingRow, col(LabelMappingRow.label_id) == col(LabelRow.id))
        .where(col(LabelMappingRow.integration_id) == integration_id, col(LabelRow.archived_at).is_(None))
        .order_by(col(LabelRow.id))
    ).all()
