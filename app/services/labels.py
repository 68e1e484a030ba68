"""Conversion labels: creating and changing one, with what it is called at each integration."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from sqlmodel import Session

from app.clock import Clock
from app.database.database import Database, after_commit
from app.errors import LabelNotFoundError, Problem
from app.ids import new_id, parse_id
from app.queue.port import Wake
from app.repositories.labels import lock_label, mappings_of_labels
from app.services.auditing import differences, record
from app.services.label_mappings import Mapping, add_mappings, mapping_problems, replace_mappings
from app.services.limits import MAX_CENTS
from app.services.texts import name_problem, reject
from app.services.viewer import Viewer
from app.tables.labels import LabelRow
from app.values import AuditAction


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLabel:
    """A label as it is asked for."""

    name: str
    mark_as_done: bool = False
    convert_once: bool = True
    undo_on_lost: bool = False
    default_price_cents: int | None = None
    mappings: Sequence[Mapping] = ()


class Kept(Enum):
    """Stands where None means something."""

    KEPT = "KEPT"


KEPT: Final = Kept.KEPT


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelChange:
    """What is to change of a label; None keeps."""

    name: str | None = None
    mark_as_done: bool | None = None
    convert_once: bool | None = None
    undo_on_lost: bool | None = None
    default_price_cents: int | Kept | None = KEPT
    """None: no price from now on."""
    archived: bool | None = None
    mappings: Sequence[Mapping] | None = None
    """All of them."""


@dataclass(frozen=True, slots=True)
class LabelService:
    """Creates and changes labels."""

    database: Database
    wake: Wake
    clock: Clock

    async def create(self, viewer: Viewer, label: NewLabel) -> LabelRow:
        """Create the label and its mappings, in one transaction; InvalidInputError with all that is wrong."""
        problems = _problems(label.name, label.default_price_cents)

        def work(session: Session) -> LabelRow:
            reject(problems + mapping_problems(session, viewer.project_id, label.mappings))
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
            add_mappings(session, row.id, label.mappings)
            session.flush()
            self._record(session, viewer, AuditAction.LABEL_CREATED, row, {})
            return row

        return await self.database.write(work)

    async def update(self, viewer: Viewer, given_id: str, change: LabelChange) -> LabelRow:
        """Change the label, in one transaction; jobs that exist keep what they were created with.

        Raises:
            LabelNotFoundError: the project has no label with this id, archived or not.
            InvalidInputError: with all that is wrong.
        """
        label_id = parse_id(given_id)

        def work(session: Session) -> LabelRow:
            label = lock_label(session, viewer.project_id, label_id) if label_id else None
            if label is None:
                raise LabelNotFoundError(given_id)
            problems = _change_problems(label, change)
            if change.mappings is not None:
                problems += mapping_problems(session, viewer.project_id, change.mappings)
            reject(problems)
            before = _audited_values(session, label)
            _apply(label, change, self.clock())
            if change.mappings is not None:
                lanes = replace_mappings(session, label.id, change.mappings)
                after_commit(session, lambda: self.wake(lanes))
            session.flush()
            self._record(session, viewer, AuditAction.LABEL_UPDATED, label, before)
            return label

        return await self.database.write(work)

    def _record(
        self, session: Session, viewer: Viewer, action: AuditAction, label: LabelRow, before: dict[str, Any]
    ) -> None:
        changes = differences(before, _audited_values(session, label))
        if changes:
            record(session, viewer, action, label.id, self.clock(), changes=changes)


def _audited_values(session: Session, label: LabelRow) -> dict[str, Any]:
    """All of it, by the names of the public schema; nothing is personal."""
    mappings = mappings_of_labels(session, [label.id])
    return {
        "name": label.name,
        "markAsDone": label.mark_as_done,
        "convertOnce": label.convert_once,
        "undoOnLost": label.undo_on_lost,
        "defaultPrice": label.default_price_cents,
        "archived": label.archived_at is not None,
        **{f"mappings.{mapping.integration_id}": mapping.target for mapping in mappings},
    }


def _problems(name: str | None, price_cents: int | None) -> list[Problem]:
    found = [] if name is None else [name_problem(name)]
    if price_cents is not None and not 0 <= price_cents <= MAX_CENTS:
        found.append(Problem(("defaultPrice",), f"must be a whole number from 0 to {MAX_CENTS}"))
    return [problem for problem in found if problem is not None]


def _change_problems(label: LabelRow, change: LabelChange) -> list[Problem]:
    price_cents = change.default_price_cents
    problems = _problems(change.name, None if isinstance(price_cents, Kept) else price_cents)
    if change.archived and label.built_in:
        problems.append(Problem(("archived",), "the built-in label cannot be archived"))
    return problems


def _apply(label: LabelRow, change: LabelChange, now: datetime) -> None:
    for flag in ("mark_as_done", "convert_once", "undo_on_lost"):
        given = getattr(change, flag)
        if given is not None:
            setattr(label, flag, given)
    if change.name is not None:
        label.name = change.name.strip()
    if not isinstance(change.default_price_cents, Kept):
        label.default_price_cents = change.default_price_cents
    if change.archived is not None:
        label.archived_at = (label.archived_at or now) if change.archived else None
