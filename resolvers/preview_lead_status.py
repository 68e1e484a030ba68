"""What the star mutation would do."""

from typing import Annotated

import strawberry

from app.errors import DomainError
from schema.context import Info
from schema.inputs import UpdateLeadStatusInput
from schema.previews import LeadStatusPreview, PreviewLeadStatusResult
from schema.user_errors import show_error


@strawberry.type
class PreviewLeadStatus:
    """Query.previewLeadStatus."""

    @strawberry.field(
        description=(
            "What `updateLeadStatus` would do with the same input now: what each integration would get, when,"
            " and what would be canceled. It runs the same rules and builds the same requests, and changes,"
            " sends and remembers nothing; `idempotencyKey` is ignored."
        )
    )
    async def preview_lead_status(
        self,
        info: Info,
        change: Annotated[
            UpdateLeadStatusInput, strawberry.argument(name="input", description="What would change.")
        ],
    ) -> PreviewLeadStatusResult:
        """Preview a status change."""
        context = info.context
        try:
            preview = await context.services.preview.preview(context.viewer, change.to_change())
        except DomainError as error:
            return show_error(error)
        return LeadStatusPreview.of(preview)
