"""API keys: asked for, shown, and what becomes of asking."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from app.services.api_keys import CreatedKey, NewKey
from app.tables.projects import ApiKeyRow
from schema.enums import ApiKeyKind, Scope
from schema.fields import described, optional
from schema.inputs import given
from schema.user_errors import ApiKeyNotFoundError, InvalidInputError

_SCOPES = "What it may do; empty for a public key."
_EXPIRES_AT = "When it ends by itself; null: never."


@strawberry.type(description="A key to the project. The key itself is shown once, when it is created.")
class ApiKey:
    """Shows an ApiKeyRow."""

    id: strawberry.ID = described("A UUID.")
    name: str = described("What it is for.")
    kind: ApiKeyKind = described("Who may hold it.")
    scopes: list[Scope] = described(_SCOPES)
    prefix: str | None = described(
        "How the key begins, to recognise it by; null: it was made before this was kept."
    )
    created_at: datetime = described("When it was made.")
    expires_at: datetime | None = described(_EXPIRES_AT)
    revoked_at: datetime | None = described("When it was put out of force; null: it was not.")
    last_used_at: datetime | None = described("When it was last used, to within an hour; null: never.")

    @classmethod
    def of(cls, row: ApiKeyRow) -> Self:
        """Show a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            name=row.name,
            kind=row.kind,
            scopes=[Scope(scope) for scope in row.scopes],
            prefix=row.prefix,
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            last_used_at=row.last_used_at,
        )


@strawberry.input(description="A key that is to be made.")
class CreateApiKeyInput:
    """Becomes a NewKey."""

    name: str = strawberry.field(description="What it is for.")
    kind: ApiKeyKind = strawberry.field(description="Who may hold it.", default=ApiKeyKind.SECRET)
    scopes: list[Scope] = strawberry.field(
        description="What it may do: at least one for a secret key, none for a public one.",
        default_factory=list,
    )
    expires_at: datetime | None = optional("When it is to end by itself. Left out or null: never.")

    def to_key(self) -> NewKey:
        """What services take."""
        return NewKey(name=self.name, kind=self.kind, scopes=self.scopes, expires_at=given(self.expires_at))


@strawberry.type(description="The key is made.")
class CreateApiKeySuccess:
    """Shows a CreatedKey."""

    api_key: ApiKey = described("What is known of it from now on.")
    key: str = described("The key itself, for the header `X-API-Key`. It is never shown again: keep it.")

    @classmethod
    def of(cls, created: CreatedKey) -> Self:
        """Show a key, this once."""
        return cls(api_key=ApiKey.of(created.row), key=created.key)


CreateApiKeyResult = Annotated[
    CreateApiKeySuccess | InvalidInputError,
    strawberry.union(
        "CreateApiKeyResult",
        description="How `createApiKey` ended. More members may be added: keep a default branch.",
    ),
]


@strawberry.type(description="The key opens nothing any more.")
class RevokeApiKeySuccess:
    """Shows a key that is revoked."""

    api_key: ApiKey = described("The key as it is now.")


RevokeApiKeyResult = Annotated[
    RevokeApiKeySuccess | ApiKeyNotFoundError | InvalidInputError,
    strawberry.union(
        "RevokeApiKeyResult",
        description="How `revokeApiKey` ended. More members may be added: keep a default branch.",
    ),
]
