"""API keys: listing, making and revoking them."""

from typing import Annotated

import strawberry

from app.errors import ApiKeyNotFoundError, InvalidInputError
from schema.api_keys import (
    ApiKey,
    CreateApiKeyInput,
    CreateApiKeyResult,
    CreateApiKeySuccess,
    RevokeApiKeyResult,
    RevokeApiKeySuccess,
)
from schema.context import Info
from schema.user_errors import show_api_key_not_found, show_invalid_input


@strawberry.type
class ApiKeys:
    """Query.apiKeys."""

    @strawberry.field(
        description="Every key to the project, oldest first; those that are revoked or have expired too."
    )
    async def api_keys(self, info: Info) -> list[ApiKey]:
        """List the keys."""
        context = info.context
        return [ApiKey.of(row) for row in await context.services.api_keys.list(context.viewer)]


@strawberry.type
class SetupApiKeys:
    """The mutations of keys."""

    @strawberry.mutation(description="Makes a key to the project. The answer is the only place it is shown.")
    async def create_api_key(
        self,
        info: Info,
        new: Annotated[CreateApiKeyInput, strawberry.argument(name="input", description="The key.")],
    ) -> CreateApiKeyResult:
        """Make a key."""
        context = info.context
        try:
            created = await context.services.api_keys.create(context.viewer, new.to_key())
        except InvalidInputError as error:
            return show_invalid_input(error)
        finally:
            context.forget()
        return CreateApiKeySuccess.of(created)

    @strawberry.mutation(
        description=(
            "Puts a key out of force, at once and for good; what it has open ends. The last key with the"
            " scope `admin` that stays in force for a day cannot be revoked, not even by itself."
        )
    )
    async def revoke_api_key(
        self,
        info: Info,
        key_id: Annotated[strawberry.ID, strawberry.argument(name="id", description="The key's UUID.")],
    ) -> RevokeApiKeyResult:
        """Revoke a key."""
        context = info.context
        try:
            row = await context.services.api_keys.revoke(context.viewer, key_id)
        except ApiKeyNotFoundError as error:
            return show_api_key_not_found(error)
        except InvalidInputError as error:
            return show_invalid_input(error)
        finally:
            context.forget()
        return RevokeApiKeySuccess(api_key=ApiKey.of(row))
