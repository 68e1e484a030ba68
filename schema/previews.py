"""What a status change would do, shown."""

from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry.scalars import JSON

from app.services.previewing import Preview, PreviewedDelivery
from schema.context import Info
from schema.conversions import Delivery, Lead
from schema.enums import DeliveryKind, DeliveryPlan, LeadStatus, Platform
from schema.fields import described
from schema.integrations import Integration
from schema.user_errors import (
    ConversionLabelNotFoundError,
    DuplicateJobError,
    InvalidInputError,
    LeadNotFoundError,
)
from schema.warnings import IntegrationWarning, warning_of


@strawberry.type(description="One delivery as the status change would create it.")
class DeliveryPreview:
    """Shows a PreviewedDelivery."""

    preview: strawberry.Private[PreviewedDelivery]
    platform: Platform = described("The platform it would go to.")
    kind: DeliveryKind = described("Whether it would send, change or take back a conversion.")
    plan: DeliveryPlan = described("What would happen to it.")
    send_at: datetime | None = described("When it would be sent first; null: it would be skipped.")
    expires_at: datetime | None = described(
        "When the platform's time window closes; null: it would be skipped."
    )
    request: JSON | None = described(
        "What would be sent, without tokens and raw personal data; null: nothing would be."
    )

    @strawberry.field(description="The integration it would go through.")
    async def integration(self, info: Info) -> Integration:
        """Load the integration."""
        row = await info.context.loaders.integration.load(self.preview.integration_id)
        assert row is not None
        return Integration.of(row)

    @classmethod
    def of(cls, preview: PreviewedDelivery) -> Self:
        """Show it."""
        return cls(
            preview=preview,
            platform=preview.platform,
            kind=preview.kind,
            plan=preview.plan,
            send_at=preview.send_at,
            expires_at=preview.expires_at,
            request=JSON(preview.request) if preview.request is not None else None,
        )


@strawberry.type(description="What the status change would do. Nothing was changed or sent.")
class LeadStatusPreview:
    """Shows a Preview."""

    preview: strawberry.Private[Preview]
    status: LeadStatus = described("The lead's status after the change.")
    queued: bool = described("Whether a job would be queued.")
    deliveries: list[DeliveryPreview] = described("What would be sent, integration by integration.")

    @strawberry.field(description="The lead as it is now.")
    async def lead(self, info: Info) -> Lead:
        """Load the lead."""
        row = await info.context.loaders.lead.load(self.preview.lead_id)
        assert row is not None
        return Lead.of(row)

    @strawberry.field(description="Each integration that would be skipped or held, and why.")
    def warnings(self) -> list[IntegrationWarning]:
        """Show the warnings."""
        return [warning_of(warning) for warning in self.preview.warnings]

    @strawberry.field(description="Earlier deliveries that would not be sent any more.")
    async def cancels(self, info: Info) -> list[Delivery]:
        """Load the deliveries."""
        rows = await info.context.loaders.delivery.load_many(self.preview.cancels)
        return [Delivery.of(row) for row in rows if row is not None]

    @classmethod
    def of(cls, preview: Preview) -> Self:
        """Show it."""
        return cls(
            preview=preview,
            status=preview.status,
            queued=preview.queued,
            deliveries=[DeliveryPreview.of(one) for one in preview.deliveries],
        )


PreviewLeadStatusResult = Annotated[
    LeadStatusPreview
    | DuplicateJobError
    | LeadNotFoundError
    | ConversionLabelNotFoundError
    | InvalidInputError,
    strawberry.union(
        "PreviewLeadStatusResult",
        description="What a status change would end with. More members may be added: keep a default branch.",
    ),
]
