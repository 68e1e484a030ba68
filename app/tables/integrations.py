"""Integrations: one account at one ad platform, and the lane its deliveries go through."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field, SQLModel

from app.tables.columns import JSON_TYPE, UtcDateTime, enum_type
from app.values import PauseReason, Platform


class IntegrationRow(SQLModel, table=True):
    """A connection to an ad platform. Its id is also its lane's."""

    __tablename__ = "integration"

    id: UUID = Field(primary_key=True)
    project_id: UUID = Field(foreign_key="project.id", index=True)
    platform: Platform = Field(sa_type=enum_type(Platform))
    name: str
    settings: dict[str, Any] = Field(sa_type=JSON_TYPE)
    """What the connector's settings model validates. Nothing secret."""
    credentials: str
    """Encrypted JSON of what the connector's credentials model validates; empty once disconnected."""
    enabled: bool = True
    test_mode: bool = False
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """None: running. While set, its deliveries are HELD."""
    pause_reason: PauseReason | None = Field(default=None, sa_type=enum_type(PauseReason))
    pause_message: str | None = None
    probe_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the connection is tried next, with a held delivery if there is one; None: not by itself."""
    alerted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """The `paused_at` of the pause the operator was told of last; None: of none."""
    disconnected_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Since when it exists only for the record, without credentials; None: it is connected."""
    pace_full_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the platform's limit allows a second's worth of requests; None: it has none, or is unused."""
    rests_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """How long the platform asked to be left in peace; None: it never did."""
    turn_id: UUID | None = None
    """The turn that owns the lane: another owner may claim nothing more. None: never had one."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
