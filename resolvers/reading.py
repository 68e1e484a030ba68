"""Queries: looking at leads, jobs, labels and integrations."""

from typing import Annotated
from uuid import UUID

import strawberry

from schema.context import Info
from schema.conversions import ConversionJob, Lead
from schema.inputs import LeadIdentifierInput
from schema.integrations import Integration
from schema.labels import ConversionLabel


@strawberry.type
class Reading:
    """The queries."""

    @strawberry.field(description="A lead; null when there is none.")
    async def lead(
        self, info: Info, by: Annotated[LeadIdentifierInput, strawberry.argument(description="Which lead.")]
    ) -> Lead | None:
        """Find a lead."""
        context = info.context
        row = await context.services.leads.find(context.viewer, by.to_identifier())
        return Lead.of(row) if row else None

    @strawberry.field(description="A conversion job; null when there is none.")
    async def job(
        self,
        info: Info,
        given_id: Annotated[strawberry.ID, strawberry.argument(name="id", description="The job's UUID.")],
    ) -> ConversionJob | None:
        """Find a job."""
        try:
            job_id = UUID(given_id)
        except ValueError:
            return None
        row = await info.context.services.reading.job(info.context.viewer, job_id)
        return ConversionJob.of(row) if row else None

    @strawberry.field(description="All conversion labels, archived ones too, oldest first.")
    async def conversion_labels(self, info: Info) -> list[ConversionLabel]:
        """List the labels."""
        rows = await info.context.services.reading.labels(info.context.viewer)
        return [ConversionLabel.of(row) for row in rows]

    @strawberry.field(description="All integrations, disabled ones too, oldest first.")
    async def integrations(self, info: Info) -> list[Integration]:
        """List the integrations."""
        rows = await info.context.services.reading.integrations(info.context.viewer)
        return [Integration.of(row) for row in rows]
