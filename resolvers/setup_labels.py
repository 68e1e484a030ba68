"""Creating and changing labels."""

from typing import Annotated

import strawberry

from app.errors import InvalidInputError, LabelNotFoundError
from schema.context import Info
from schema.labels import ConversionLabel
from schema.setup_labels import (
    ConversionLabelResult,
    ConversionLabelSuccess,
    CreateConversionLabelInput,
    UpdateConversionLabelInput,
)
from schema.user_errors import show_invalid_input, show_label_not_found


@strawberry.type
class SetupLabels:
    """The mutations of labels."""

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

    @strawberry.mutation(
        description=(
            "Changes a conversion label, or archives it. Status changes from now on go by it; those that were"
            " queued before keep what they were queued with."
        )
    )
    async def update_conversion_label(
        self,
        info: Info,
        label_id: Annotated[strawberry.ID, strawberry.argument(name="id", description="The label's UUID.")],
        change: Annotated[
            UpdateConversionLabelInput, strawberry.argument(name="input", description="What changes.")
        ],
    ) -> ConversionLabelResult:
        """Change a label."""
        context = info.context
        try:
            row = await context.services.labels.update(context.viewer, label_id, change.to_change())
        except LabelNotFoundError as error:
            return show_label_not_found(error)
        except InvalidInputError as error:
            return show_invalid_input(error)
        finally:
            context.forget()
        return ConversionLabelSuccess(label=ConversionLabel.of(row))
