"""What a project is set up with is read far more often than it changes: when caches of it are out of date."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session as OrmSession
from sqlmodel import Session

from app.database.sessions import WorkSession
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow, LabelRow
from app.tables.projects import ApiKeyRow, ProjectRow

_ROWS: Final = (ProjectRow, ApiKeyRow, LabelRow, LabelMappingRow, IntegrationRow)
_OF_LANES: Final = frozenset(
    {"turn_id", "pace_full_at", "rests_until", "probe_at", "alerted_at", "credentials", "updated_at"}
)
"""What changes while an integration works, many times a second, and no status change looks at."""


class Generation:
    """Counts the committed changes of this process."""

    def __init__(self) -> None:
        self.number = 0

    def bump(self) -> None:
        """There was one."""
        self.number += 1


SETUP: Final = Generation()
"""Of projects, keys, labels, their mappings and integrations, whichever database they are in."""


def setup_changed(session: Session) -> None:
    """Bump SETUP once what `session` does is committed.

    Needed after statements: rows that were changed in the session are seen by themselves.
    """
    if isinstance(session, WorkSession) and session.hooks is not None and SETUP.bump not in session.hooks:
        session.hooks.append(SETUP.bump)


@event.listens_for(WorkSession, "after_flush")
def _see(session: OrmSession, _context: object) -> None:
    assert isinstance(session, Session)
    if _any_setup(session.new) or _any_setup(session.deleted) or any(map(_is_changed, session.dirty)):
        setup_changed(session)


def _any_setup(rows: Iterable[object]) -> bool:
    return any(isinstance(row, _ROWS) for row in rows)


def _is_changed(row: object) -> bool:
    if not isinstance(row, _ROWS):
        return False
    changed = {attribute.key for attribute in inspect(row).attrs if attribute.history.has_changes()}
    return bool(changed - _OF_LANES)
