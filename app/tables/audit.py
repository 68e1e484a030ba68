"""The audit log: who did what. Status changes that queued a job are not here: the job tells of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.tables.columns import JSON_TYPE, UtcDateTime, enum_type
from app.values import AuditAction, AuditSubject


class AuditEventRow(SQLModel, table=True):
    """One thing that was done, written in the transaction that did it and never changed.

    Nothing personal and nothing secret is in it: of people and secrets it knows ids and the names of fields.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_created", "project_id", "created_at", "id"),
        Index("ix_audit_subject", "project_id", "subject_id", "created_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    project_id: UUID = Field(foreign_key="project.id")
    key_id: UUID | None = None
    """The API key of whoever did it; None: the command line of whoever runs the installation."""
    key_name: str | None = None
    """What the key was called then."""
    action: AuditAction = Field(sa_type=enum_type(AuditAction))
    subject_kind: AuditSubject = Field(sa_type=enum_type(AuditSubject))
    subject_id: str
    changes: list[dict[str, Any]] = Field(sa_type=JSON_TYPE)
    """`field`, and of what is neither personal nor secret `before` and `after`."""
    request_id: str | None = None
    """The request it came with; None: there was none."""
    created_at: datetime = Field(sa_type=UtcDateTime)
