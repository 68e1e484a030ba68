"""Conversion labels and what they mean at each integration."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.tables.columns import UtcDateTime


class LabelRow(SQLModel, table=True):
    """A stage of the sale that ad platforms should hear of."""

    __tablename__ = "conversion_label"
    __table_args__ = (
        Index(
            "uq_label_built_in",
            "project_id",
            unique=True,
            sqlite_where=text("built_in"),
            postgresql_where=text("built_in"),
        ),
        Index("ix_label_project", "project_id"),
    )

    id: UUID = Field(primary_key=True)
    project_id: UUID = Field(foreign_key="project.id")
    name: str
    built_in: bool = False
    """True for the project's one *Lost* label, which `lost` stands for."""
    mark_as_done: bool = False
    """The lead becomes RATED, not OPEN again, once the job has been processed."""
    convert_once: bool = True
    """At most one conversion per lead and integration counts."""
    undo_on_lost: bool = False
    """What was sent for this label is taken back when the lead is lost."""
    default_price_cents: int | None = Field(default=None, sa_type=BigInteger)
    archived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """None: in use."""
    created_at: datetime = Field(sa_type=UtcDateTime)


class LabelMappingRow(SQLModel, table=True):
    """What one label is called at one integration."""

    __tablename__ = "label_mapping"
    __table_args__ = (UniqueConstraint("label_id", "integration_id", name="uq_mapping_label_integration"),)

    id: UUID = Field(primary_key=True)
    label_id: UUID = Field(foreign_key="conversion_label.id")
    integration_id: UUID = Field(foreign_key="integration.id", index=True)
    target: str
    """A conversion action id, an event name, ...: the platform's own word."""
    held_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Since when the platform says that `target` cannot be used; None: it goes."""
    hold_message: str | None = None
    probe_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """While held: when the target is tried next, with a held delivery if there is one."""
    alerted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """The `held_at` of the hold the operator was told of last; None: of none."""
