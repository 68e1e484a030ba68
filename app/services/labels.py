"""Conversion labels: creating one, with what it is called at each integration."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from app.clock import Clock
from app.database.database import Database
from app.errors import Problem
from app.ids import new_id
from app.repositories.integrations import list_integrations
from app.services.connections import add_mapping
from app.services.limits import MAX_CENTS
from app.services.texts import name_problem, reject
from app.services.viewer import Viewer
from app.tables.labels import LabelRow


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a label is to be called at one integration."""

    integration_id: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLabel:
    """A label as it is asked for."""

    name: str
    mark_as_done: bool = False
    convert_once: bool = True
    undo_on_lost: bool = False
    default_price_cents: int | None = None
    mappings: Sequence[Mapping] = ()


@dataclass(frozen=True, slots=True)
class LabelService:
    """Creates labels."""

    database: Database
    clock: Clock

    async def create(self, viewer: Viewer, label: NewLabel) -> LabelRow:
        """Create the label and its mappings, in one transaction; InvalidInputError with all that is wrong."""
        problems = _problems(label)

        def work(session: Session) -> LabelRow:
            known = {integration.id for integration in list_integrations(session, viewer.project_id)}
            reject(problems + _mapping_problems(label.mappings, known))
            row = LabelRow(
                id=new_id(),
                project_id=viewer.project_id,
                name=label.name.strip(),
                mark_as_done=label.mark_as_done,
                convert_once=label.convert_once,
                undo_on_lost=label.undo_on_lost,
                default_price_cents=label.default_price_cents,
                created_at=self.clock(),
            )
            session.add(row)
            session.flush()
            for mapping in label.mappings:
                integration_id = UUID(mapping.integration_id)
                add_mapping(
                    session, label_id=row.id, integration_id=integration_id, target=mapping.target.strip()
                )
            return row

        return await self.database.write(work)


def _problems(label: NewLabel) -> list[Problem]:
    found = [name_problem(label.name)]
    price = label.default_price_cents
    if price is not None and not 0 <= price <= MAX_CENTS:
        found.append(Problem(("defaultPrice",), f"must be a whole number from 0 to {MAX_CENTS}"))
    return [problem for problem in found if problem is not None]


def _mapping_problems(mappings: Sequence[Mapping], known: set[UUID]) -> list[Problem]:
    found: list[Problem | None] = []
    seen: set[UUID] = set()
    for number, mapping in enumerate(mappings):
        path = ("mappings", str(number))
        integration_id = _known_id(mapping.integration_id, known)
        if integration_id is None:
            found.append(Problem((*path, "integrationId"), "no integration has this id"))
        elif integration_id in seen:
            found.append(Problem((*path, "integrationId"), "is mapped twice"))
        else:
            seen.add(integration_id)
        found.append(name_problem(mapping.target, (*path, "target")))
    return [problem for problem in found if problem is not None]


def _known_id(given: str, known: set[UUID]) -> UUID | None:
    try:
        integration_id = UUID(given)
    except ValueError:
        return None
    return integration_id if integration_id in known else None
