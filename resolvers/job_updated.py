"""The subscription: a job, for as long as something may happen to it."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated

import strawberry

from app.repositories.watching import JobMark
from schema.context import Context, Info
from schema.conversions import ConversionJob


@strawberry.type
class JobUpdated:
    """The subscription."""

    @strawberry.subscription(
        description=(
            "A job as it stands, at once, then whenever it or one of its deliveries has moved. Completes when"
            " every delivery is final and no verdict is to come. What follows quickly is told as one."
        )
    )
    async def job_updated(
        self,
        info: Info,
        job_id: Annotated[strawberry.ID, strawberry.argument(description="The job's UUID.")],
    ) -> AsyncIterator[ConversionJob]:
        """Find the job, so that an unknown one is refused before anything is answered."""
        return _follow(info.context, await info.context.services.watching.find(info.context.viewer, job_id))


async def _follow(context: Context, found: JobMark) -> AsyncGenerator[ConversionJob, None]:
    async with aclosing(context.services.watching.follow(found)) as marks:
        async for mark in marks:
            context.refresh()
            row = await context.loaders.job.load(mark.id)
            if row is None:
                return
            yield ConversionJob.of(row)
