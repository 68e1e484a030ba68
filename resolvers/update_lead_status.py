"""The star mutation."""

from typing import Annotated

import strawberry

from app.errors import DomainError
from schema.context import Info
from schema.inputs import UpdateLeadStatusInput
from schema.results import UpdateLeadStatusResult, show_answer
from schema.user_errors import show_error


@strawberry.type
class UpdateLeadStatus:
    """Mutation.updateLeadStatus."""

    @strawberry.mutation(
        description=(
            "Applies a conversion label, `open` or `lost` to a lead and queues the conversion for every"
            " connected platform. The answer is given once all of it is stored; of several simultaneous calls"
            " for one lead exactly one is queued."
        )
    )
    async def update_lead_status(
        self,
        info: Info,
        change: Annotated[
            UpdateLeadStatusInput, strawberry.argument(name="input", description="What changes.")
        ],
    ) -> UpdateLeadStatusResult:
        """Change the status."""
        context = info.context
        try:
            answer = await context.services.status.update(context.viewer, change.to_change())
        except DomainError as error:
            return show_error(error)
        finally:
            context.forget()
        return show_answer(answer)
