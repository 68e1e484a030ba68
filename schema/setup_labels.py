"""Creating and changing labels: asked for and answered."""

from typing import Annotated

import strawberry

from app.services.label_mappings import Mapping
from app.services.labels import KEPT, LabelChange, NewLabel
from schema.fields import described, optional
from schema.inputs import given
from schema.labels import ConversionLabel
from schema.scalars import Cents
from schema.user_errors import ConversionLabelNotFoundError, InvalidInputError


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
            mappings=_mappings(self.mappings),
        )


@strawberry.input(
    description=(
        "What is to change of a label. What is left out stays; so does what is null, but for `defaultPrice`."
        " Jobs that exist keep what they were created with."
    )
)
class UpdateConversionLabelInput:
    """Becomes a LabelChange."""

    name: str | None = optional("What people call it.")
    mark_as_done: bool | None = optional(
        "The lead becomes RATED, not OPEN again, once its job has been processed."
    )
    convert_once: bool | None = optional("At most one conversion per lead and integration counts.")
    undo_on_lost: bool | None = optional("What was sent for it is taken back when the lead is lost.")
    default_price: Cents | None = optional(
        "The price of a job when neither the call nor the lead has one; null: no price any more."
    )
    archived: bool | None = optional(
        "True: status changes cannot use it any more; false: they can again. *Lost* cannot be archived."
    )
    mappings: list[LabelMappingInput] | None = optional(
        "What it is called at each integration, all of it: a mapping that is not in the list is removed."
        " Deliveries that exist keep the target they were created with, until the platform refuses it."
    )

    def to_change(self) -> LabelChange:
        """What services take."""
        return LabelChange(
            name=given(self.name),
            mark_as_done=given(self.mark_as_done),
            convert_once=given(self.convert_once),
            undo_on_lost=given(self.undo_on_lost),
            default_price_cents=KEPT if self.default_price is strawberry.UNSET else self.default_price,
            archived=given(self.archived),
            mappings=_mappings(self.mappings) if self.mappings else given(self.mappings),
        )


def _mappings(inputs: list[LabelMappingInput]) -> list[Mapping]:
    return [Mapping(mapping.integration_id, mapping.target) for mapping in inputs]


@strawberry.type(description="The label is stored.")
class ConversionLabelSuccess:
    """Shows a LabelRow."""

    label: ConversionLabel = described("The label.")


ConversionLabelResult = Annotated[
    ConversionLabelSuccess | ConversionLabelNotFoundError | InvalidInputError,
    strawberry.union(
        "ConversionLabelResult",
        description="How a change of a label ended. More members may be added: keep a default branch.",
    ),
]
