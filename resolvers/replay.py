"""Trying deliveries again, and canceling jobs."""

from typing import Annotated

import strawberry

from schema.context import Info
from schema.conversions import ConversionJob
from schema.filters import DeliveryFilter
from schema.replay import RetryDeliveriesResult


@strawberry.type
class ReplayDeliveries:
    """The mutations."""

    @strawberry.mutation(
        description=(
            "Tries FAILED, REJECTED, EXPIRED and SKIPPED deliveries again, with the lead as it is now, under"
            " the id and time they had; UNCONFIRMED ones only if `ids` names them, because the platform may"
            " count a copy. What cannot be sent still, stays. What was delivered is never touched. A large"
            " number is worked off in parts; after an error the same call goes on where that one ended."
        )
    )
    async def retry_deliveries(
        self,
        info: Info,
        which: Annotated[
            DeliveryFilter,
            strawberry.argument(
                name="filter", description="Which deliveries. Without `state`: in any of these states."
            ),
        ],
        dry_run: Annotated[
            bool, strawberry.argument(description="True: count what would happen, and do nothing.")
        ],
    ) -> RetryDeliveriesResult:
        """Try them again."""
        context = info.context
        try:
            replay = await context.services.replay.retry(context.viewer, which.to_filter(), dry_run=dry_run)
        finally:
            context.forget()
        return RetryDeliveriesResult.of(replay)

    @strawberry.mutation(
        description=(
            "Cancels what of a job is not sent yet, and ends the job; null when there is no such job. What"
            " was sent stays sent. A lead that was PENDING for it becomes OPEN and keeps its label."
        )
    )
    async def cancel_job(
        self,
        info: Info,
        given_id: Annotated[strawberry.ID, strawberry.argument(name="id", description="The job's UUID.")],
    ) -> ConversionJob | None:
        """Cancel it."""
        context = info.context
        try:
            row = await context.services.canceling.cancel(context.viewer, given_id)
        finally:
            context.forget()
        return ConversionJob.of(row) if row else None
