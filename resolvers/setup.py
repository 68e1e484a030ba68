"""Setting a project up: labels and connections."""

from typing import Annotated

import strawberry

from app.errors import InvalidInputError
from schema.context import Info
from schema.integrations import Integration
from schema.labels import ConversionLabel
from schema.setup import (
    ConnectIntegrationInput,
    ConversionLabelResult,
    ConversionLabelSuccess,
    CreateConversionLabelInput,
    IntegrationResult,
    IntegrationSuccess,
)
from schema.user_errors import show_invalid_input


@strawberry.type
class Setup:
    """The mutations of whoever administers a project."""

    @strawberry.mutation(
        description="Creates a conversion label, with what it is called at each integration."
    )
    async def create_conversion_label(
        self,
        info: Info,
        label: Annotated[
            CreateConversionLabelInput, strawberry.argument(name="input", description="The label.")
        ],
    ) -> ConversionLabelResult:
        """Create a label."""
        context = info.context
        try:
            row = await context.services.labels.create(context.viewer, label.to_label())
        except InvalidInputError as error:
            return show_invalid_input(error)
        finally:
            context.forget()
        return ConversionLabelSuccess(label=ConversionLabel.of(row))

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
        try:
            row = await context.services.connections.connect(context.viewer, connection.to_connection())
        except InvalidInputError as error:
            return show_invalid_input(error)
        finally:
            context.forget()
        return IntegrationSuccess(integration=Integration.of(row))
