"""Connecting, changing, testing, pausing and disconnecting integrations."""

from collections.abc import Awaitable
from typing import Annotated

import strawberry

from app.errors import IntegrationNotFoundError, InvalidInputError
from app.tables.integrations import IntegrationRow
from schema.context import Context, Info
from schema.integrations import Integration
from schema.setup_integrations import (
    ConnectIntegrationInput,
    IntegrationResult,
    IntegrationSuccess,
    IntegrationTestReport,
    IntegrationTestResult,
    UpdateIntegrationInput,
)
from schema.user_errors import show_integration_not_found, show_invalid_input

IntegrationId = Annotated[
    strawberry.ID, strawberry.argument(name="id", description="The integration's UUID.")
]


@strawberry.type
class SetupIntegrations:
    """The mutations of integrations."""

    @strawberry.mutation(description="Connects the project to an ad platform.")
    async def connect_integration(
        self,
        info: Info,
        connection: Annotated[
            ConnectIntegrationInput, strawberry.argument(name="input", description="The connection.")
        ],
    ) -> IntegrationResult:
        """Connect a platform."""
        context = info.context
        connecting = context.services.connections.connect(context.viewer, connection.to_connection())
        return await _shown(context, connecting)

    @strawberry.mutation(
        description=(
            "Changes an integration. One that was paused because the platform refused it is tried with new"
            " settings or credentials at once."
        )
    )
    async def update_integration(
        self,
        info: Info,
        integration_id: IntegrationId,
        change: Annotated[
            UpdateIntegrationInput, strawberry.argument(name="input", description="What changes.")
        ],
    ) -> IntegrationResult:
        """Change an integration."""
        context = info.context
        changing = context.services.connections.update(context.viewer, integration_id, change.to_change())
        return await _shown(context, changing)

    @strawberry.mutation(
        description=(
            "Asks the platform whether the credentials work, and whether what labels in use are mapped to can"
            " be used; sends no conversion. An integration that was paused for what works again goes on soon."
        )
    )
    async def test_integration(self, info: Info, integration_id: IntegrationId) -> IntegrationTestResult:
        """Try an integration."""
        context = info.context
        try:
            report = await context.services.probing.test(context.viewer, integration_id)
        except IntegrationNotFoundError as error:
            return show_integration_not_found(error)
        finally:
            context.forget()
        return IntegrationTestReport.of(report)

    @strawberry.mutation(
        description=(
            "Pauses an integration: its deliveries are held until `resumeIntegration`, and expire as ever."
            " New status changes still make deliveries for it."
        )
    )
    async def pause_integration(self, info: Info, integration_id: IntegrationId) -> IntegrationResult:
        """Pause an integration."""
        context = info.context
        return await _shown(context, context.services.pausing.pause(context.viewer, integration_id))

    @strawberry.mutation(
        description=(
            "Ends a pause of any kind, and lets what was held go. If what caused it is not mended, the"
            " integration is soon paused again."
        )
    )
    async def resume_integration(self, info: Info, integration_id: IntegrationId) -> IntegrationResult:
        """Resume an integration."""
        context = info.context
        return await _shown(context, context.services.pausing.resume(context.viewer, integration_id))

    @strawberry.mutation(
        description=(
            "Disconnects an integration for good: its credentials and mappings are deleted, what waits is"
            " canceled, what is being sent just now finishes. Deliveries still show it."
        )
    )
    async def disconnect_integration(self, info: Info, integration_id: IntegrationId) -> IntegrationResult:
        """Disconnect an integration."""
        context = info.context
        return await _shown(
            context, context.services.disconnecting.disconnect(context.viewer, integration_id)
        )


async def _shown(context: Context, changing: Awaitable[IntegrationRow]) -> IntegrationResult:
    try:
        row = await changing
    except IntegrationNotFoundError as error:
        return show_integration_not_found(error)
    except InvalidInputError as error:
        return show_invalid_input(error)
    finally:
        context.forget()
    return IntegrationSuccess(integration=Integration.of(row))
