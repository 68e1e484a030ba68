"""Setting a project up: labels and connections, asked for and answered."""

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from app.services.connections import NewConnection
from app.services.labels import Mapping, NewLabel
from schema.enums import Platform
from schema.fields import described, optional
from schema.inputs import given
from schema.integrations import Integration
from schema.labels import ConversionLabel
from schema.scalars import Cents
from schema.user_errors import ConversionLabelNotFoundError, IntegrationNotFoundError, InvalidInputError


@strawberry.input(description="What a label is called at one integration.")
class LabelMappingInput:
    """Becomes a Mapping."""

    integration_id: strawberry.ID = strawberry.field(description="The integration.")
    target: str = strawberry.field(
        description="The platform's own word: a conversion action id, an event name, ..."
    )


@strawberry.input(description="A stage of the sale that ad platforms should hear of.")
class CreateConversionLabelInput:
    """Becomes a NewLabel."""

    name: str = strawberry.field(description="What people call it.")
    mark_as_done: bool = strawberry.field(
        description="The lead becomes RATED, not OPEN again, once its job has been processed.", default=False
    )
    convert_once: bool = strawberry.field(
        description="At most one conversion per lead and integration counts.", default=True
    )
    undo_on_lost: bool = strawberry.field(
        description="What was sent for it is taken back when the lead is lost.", default=False
    )
    default_price: Cents | None = optional("The price of a job when neither the call nor the lead has one.")
    mappings: list[LabelMappingInput] = strawberry.field(
        description="What it is called at each integration.", default_factory=list
    )

    def to_label(self) -> NewLabel:
        """What services take."""
        return NewLabel(
            name=self.name,
            mark_as_done=self.mark_as_done,
            convert_once=self.convert_once,
            undo_on_lost=self.undo_on_lost,
            default_price_cents=given(self.default_price),
            mappings=[Mapping(mapping.integration_id, mapping.target) for mapping in self.mappings],
        )


@strawberry.input(description="A connection to an ad platform. Its credentials can never be read again.")
class ConnectIntegrationInput:
    """Becomes a NewConnection."""

    platform: Platform = strawberry.field(description="Which platform.")
    name: str = strawberry.field(description="What people call it.")
    settings: JSON = strawberry.field(description="A JSON object; what is in it depends on the platform.")
    credentials: JSON = strawberry.field(
        description="A JSON object; what is in it depends on the platform. Stored encrypted."
    )
    test_mode: bool = strawberry.field(
        description="Tell the platform that conversions are tests.", default=False
    )

    def to_connection(self) -> NewConnection:
        """What services take."""
        return NewConnection(
            platform=self.platform,
            name=self.name,
            settings=self.settings,
            credentials=self.credentials,
            test_mode=self.test_mode,
        )


@strawberry.type(description="The label is stored.")
class ConversionLabelSuccess:
    """Shows a LabelRow."""

    label: ConversionLabel = described("The label.")


@strawberry.type(description="The integration is stored.")
class IntegrationSuccess:
    """Shows an IntegrationRow."""

    integration: Integration = described("The integration.")


ConversionLabelResult = Annotated[
    ConversionLabelSuccess | ConversionLabelNotFoundError | InvalidInputError,
    strawberry.union(
        "ConversionLabelResult",
        description="How a change of a label ended. More members may be added: keep a default branch.",
    ),
]
IntegrationResult = Annotated[
    IntegrationSuccess | IntegrationNotFoundError | InvalidInputError,
    strawberry.union(
        "IntegrationResult",
        description="How a change of an integration ended. More members may be added: keep a default branch.",
    ),
]
