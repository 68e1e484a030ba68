"""Projects and the API keys that open them."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from app.tables.columns import JSON_TYPE, UtcDateTime, enum_type
from app.values import ApiKeyKind


class ProjectRow(SQLModel, table=True):
    """One CRM's world: nothing in it can be seen from another project."""

    __tablename__ = "project"

    id: UUID = Field(primary_key=True)
    name: str
    country_code: str
    """ISO 3166-1 alpha-2, upper case: how a phone number without a country code is read."""
    currency: str
    """ISO 4217, upper case: what a lead's price is in when nothing else is said."""
    created_at: datetime = Field(sa_type=UtcDateTime)


class ApiKeyRow(SQLModel, table=True):
    """A key to one project. The key itself is shown once and never stored."""

    __tablename__ = "api_key"

    id: UUID = Field(primary_key=True)
    project_id: UUID = Field(foreign_key="project.id", index=True)
    name: str
    key_hash: str = Field(unique=True)
    """SHA-256 of the key, hex. A fast hash suffices: a key is 256 random bits, nothing to guess."""
    prefix: str | None = None
    """How the key begins, to recognise it by; None: made before this was kept, or too short to tell of."""
    kind: ApiKeyKind = Field(
        default=ApiKeyKind.SECRET,
        sa_type=enum_type(ApiKeyKind),
        sa_column_kwargs={"server_default": ApiKeyKind.SECRET.value},
    )
    scopes: list[str] = Field(sa_type=JSON_TYPE)
    """Values of `Scope`. A public key has none: to a process that knows no kinds it opens nothing."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """None: never."""
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """None: in force."""
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """To within an hour; None: never."""
