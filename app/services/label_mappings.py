"""What a label is called at each integration: checked, and replaced as a whole."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from app.errors import Problem
from app.ids import parse_id
from app.repositories.integrations import list_integrations
from app.repositories.labels import lock_mappings
from app.repositories.retargeting import retarget_held
from app.services.connections import add_mapping
from app.services.texts import name_problem
from app.tables.labels import LabelMappingRow


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a label is to be called at one integration."""

    integration_id: str
    target: str


def mapping_problems(session: Session, project_id: UUID, mappings: Sequence[Mapping]) -> list[Problem]:
    """Everything that keeps these from being a label's mappings."""
    known = {integration.id for integration in list_integrations(session, project_id)}
    found: list[Problem | None] = []
    seen: set[UUID] = set()
    for number, mapping in enumerate(mappings):
        path = ("mappings", str(number))
        integration_id = parse_id(mapping.integration_id)
        if integration_id not in known:
            found.append(Problem((*path, "integrationId"), "no integration has this id"))
        elif integration_id in seen:
            found.append(Problem((*path, "integrationId"), "is mapped twice"))
        else:
            seen.add(integration_id)
        found.append(name_problem(mapping.target, (*path, "target")))
    return [problem for problem in found if problem is not None]


def add_mappings(session: Session, label_id: UUID, mappings: Iterable[Mapping]) -> None:
    """Add mappings that have no problems, and that the label does not have yet."""
    for mapping in mappings:
        add_mapping(
            session,
            label_id=label_id,
            integration_id=UUID(mapping.integration_id),
            target=mapping.target.strip(),
        )


def replace_mappings(session: Session, label_id: UUID, mappings: Sequence[Mapping]) -> list[UUID]:
    """Make these, which have no problems, all that the label has; answers the lanes that may go on now.

    Deliveries keep the target they were created with, but for those that wait because the platform refuses
    it: they get the new one, now or when it has been refused once more. Of a mapping that is gone they go on,
    each its own probe.
    """
    wanted = {UUID(mapping.integration_id): mapping for mapping in mappings}
    changed: list[UUID] = []
    for row in lock_mappings(session, label_id):
        mapping = wanted.pop(row.integration_id, None)
        if mapping is None:
            session.delete(row)
            changed.append(row.integration_id)
        elif mapping.target.strip() != row.target:
            _retarget(session, row, mapping.target.strip())
            changed.append(row.integration_id)
    add_mappings(session, label_id, wanted.values())
    return changed


def _retarget(session: Session, row: LabelMappingRow, target: str) -> None:
    """What was said of the old target says nothing of the new one."""
    if row.held_at is not None:
        retarget_held(session, row, target)
    row.target = target
    row.held_at, row.hold_message, row.probe_at, row.alerted_at = None, None, None, None
