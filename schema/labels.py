"""Conversion labels and what they mean at each integration."""

from datetime import datetime
from typing import Self

import strawberry

from app.tables.labels import LabelMappingRow, LabelRow
from schema.context import Info
from schema.fields import described
from schema.integrations import Integration
from schema.scalars import Cents


@strawberry.type(description="What a label is called at one integration.")
class LabelMapping:
    """A mapping row, shown."""

    row: strawberry.Private[LabelMappingRow]
    target: str = described("The platform's word: a conversion action id, an event name, ...")
    held: bool = described("True: the platform says that the target cannot be used; its deliveries wait.")
    held_reason: str | None = described("What the platform says of the target, for people; null: not held.")
    held_since: datetime | None = described("Since when the mapping is held; null: it is not.")
    next_probe_at: datetime | None = described("When a held target is tried next; null: it is not held.")

    @strawberry.field(description="The integration it is for.")
    async def integration(self, info: Info) -> Integration:
        """Load the integration."""
        row = await info.context.loaders.integration.load(self.row.integration_id)
        assert row is not None
        return Integration.of(row)

    @classmethod
    def of(cls, row: LabelMappingRow) -> Self:
        """Show a row."""
        return cls(
            row=row,
            target=row.target,
            held=row.held_at is not None,
            held_reason=row.hold_message,
            held_since=row.held_at,
            next_probe_at=row.probe_at,
        )


@strawberry.type(description="A stage of the sale that ad platforms should hear of.")
class ConversionLabel:
    """A label row, shown."""

    row: strawberry.Private[LabelRow]
    id: strawberry.ID = described("A UUID: the `conversionId` of a status change.")
    name: str = described("What your project calls it.")
    built_in: bool = described("True for *Lost*, which `lost` stands for and which cannot be archived.")
    mark_as_done: bool = described("The lead becomes RATED, not OPEN again, once its job has been processed.")
    convert_once: bool = described("At most one conversion per lead and integration counts.")
    undo_on_lost: bool = described("What was sent for it is taken back when the lead is lost.")
    default_price: Cents | None = described("The price of a job when neither the call nor the lead has one.")
    archived: bool = described("True: status changes cannot use it any more.")

    @strawberry.field(description="What it is called at each integration.")
    async def mappings(self, info: Info) -> list[LabelMapping]:
        """Load the mappings."""
        rows = await info.context.loaders.mappings.load(self.row.id)
        return [LabelMapping.of(row) for row in rows]

    @classmethod
    def of(cls, row: LabelRow) -> Self:
        """Show a row."""
        price = row.default_price_cents
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            name=row.name,
            built_in=row.built_in,
            mark_as_done=row.mark_as_done,
            convert_once=row.convert_once,
            undo_on_lost=row.undo_on_lost,
            default_price=None if price is None else Cents(price),
            archived=row.archived_at is not None,
        )
