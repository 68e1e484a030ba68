"""Writing the audit log, in the transaction of what it tells of. Reading it: audit_log.py."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from sqlmodel import Session

from app.ids import new_id
from app.repositories.auditing import insert_event
from app.services.viewer import Viewer
from app.tables.audit import AuditEventRow
from app.tables.making import make
from app.values import AuditAction, AuditSubject

SUBJECTS: Final = {
    AuditAction.STATUS_CHANGED: AuditSubject.LEAD,
    AuditAction.LEAD_CREATED: AuditSubject.LEAD,
    AuditAction.LEAD_UPDATED: AuditSubject.LEAD,
    AuditAction.LEAD_ERASED: AuditSubject.LEAD,
    AuditAction.LABEL_CREATED: AuditSubject.CONVERSION_LABEL,
    AuditAction.LABEL_UPDATED: AuditSubject.CONVERSION_LABEL,
    AuditAction.INTEGRATION_CONNECTED: AuditSubject.INTEGRATION,
    AuditAction.INTEGRATION_UPDATED: AuditSubject.INTEGRATION,
    AuditAction.INTEGRATION_PAUSED: AuditSubject.INTEGRATION,
    AuditAction.INTEGRATION_RESUMED: AuditSubject.INTEGRATION,
    AuditAction.INTEGRATION_TESTED: AuditSubject.INTEGRATION,
    AuditAction.INTEGRATION_DISCONNECTED: AuditSubject.INTEGRATION,
    AuditAction.JOB_CANCELED: AuditSubject.CONVERSION_JOB,
    AuditAction.DELIVERIES_RETRIED: AuditSubject.PROJECT,
    AuditAction.PROJECT_CREATED: AuditSubject.PROJECT,
    AuditAction.API_KEY_CREATED: AuditSubject.API_KEY,
    AuditAction.API_KEY_REVOKED: AuditSubject.API_KEY,
}
"""What each action is done to."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who does something, to which project."""

    project_id: UUID
    key_id: UUID | None = None
    """None: whoever runs the installation, at the command line."""
    key_name: str | None = None
    request_id: str | None = None

    @classmethod
    def of(cls, viewer: Viewer) -> Self:
        """The holder of an API key."""
        return cls(viewer.project_id, viewer.key_id, viewer.key_name, viewer.request_id)


@dataclass(frozen=True, slots=True)
class Change:
    """A field that was changed, as the public schema calls it."""

    field: str
    before: Any = None
    """What JSON can hold. None: nothing was there, or it is personal or secret; so for `after`."""
    after: Any = None

    def stored(self) -> dict[str, Any]:
        """The form in which it is kept."""
        values = {"before": self.before, "after": self.after}
        return {"field": self.field} | {name: value for name, value in values.items() if value is not None}


def record(
    session: Session,
    author: Author | Viewer,
    action: AuditAction,
    subject_id: object,
    now: datetime,
    *,
    changes: Iterable[Change] = (),
) -> None:
    """Write down that it was done: with what this transaction does, or not at all."""
    by = Author.of(author) if isinstance(author, Viewer) else author
    insert_event(
        session,
        make(
            AuditEventRow,
            {
                "id": new_id(),
                "project_id": by.project_id,
                "key_id": by.key_id,
                "key_name": by.key_name,
                "action": action,
                "subject_kind": SUBJECTS[action],
                "subject_id": str(subject_id),
                "changes": [change.stored() for change in changes],
                "request_id": by.request_id,
                "created_at": now,
            },
        ),
    )


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What is not the same, with its values: only for what is neither personal nor secret."""
    names = dict.fromkeys([*before, *after])
    return [
        Change(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    ]


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str = "") -> list[Change]:
    """The names, and no more, of what is not the same."""
    return [Change(prefix + change.field) for change in differences(before, after)]
