"""Lists of leads and deliveries, a page at a time; a lead's jobs are beside it in schema/conversions.py."""

from datetime import datetime
from typing import Self

import strawberry

from app.services import filters
from app.services.paging import Page
from app.tables.jobs import DeliveryRow
from app.tables.leads import LeadRow
from schema.context import Info
from schema.conversions import Delivery, Lead
from schema.enums import DeliveryState
from schema.fields import described
from schema.paging import PageInfo


@strawberry.type(description="A lead in a list.")
class LeadEdge:
    """A lead row with its place."""

    node: Lead = described("The lead.")
    cursor: str = described("Its place in the list.")


@strawberry.type(description="A page of a list of leads.")
class LeadConnection:
    """A page of lead rows."""

    given: strawberry.Private[filters.LeadFilter]
    edges: list[LeadEdge] = described("The leads of this page.")
    page_info: PageInfo = described("Where this page lies in the list.")

    @strawberry.field(description="How many leads the filter leaves, on all pages. Counted when asked for.")
    async def total_count(self, info: Info) -> int:
        """Count them."""
        return await info.context.services.listing.count_leads(info.context.viewer, self.given)

    @classmethod
    def of(cls, page: Page[LeadRow], given: filters.LeadFilter) -> Self:
        """Show a page of what the filter leaves."""
        places = zip(page.rows, page.cursors, strict=True)
        edges = [LeadEdge(node=Lead.of(row), cursor=cursor) for row, cursor in places]
        return cls(given=given, edges=edges, page_info=PageInfo.of(page))


@strawberry.type(description="How many deliveries are in a state.")
class DeliveryTotal:
    """A count."""

    state: DeliveryState = described("The state.")
    count: int = described("How many; never 0.")


@strawberry.type(description="A delivery in a list.")
class DeliveryEdge:
    """A delivery row with its place."""

    node: Delivery = described("The delivery.")
    cursor: str = described("Its place in the list.")


@strawberry.type(description="A page of a list of deliveries, and what the whole list adds up to.")
class DeliveryConnection:
    """A page of delivery rows."""

    given: strawberry.Private[filters.DeliveryFilter]
    edges: list[DeliveryEdge] = described("The deliveries of this page.")
    page_info: PageInfo = described("Where this page lies in the list.")

    @strawberry.field(
        description="How many deliveries the filter leaves, on all pages. Counted when asked for."
    )
    async def total_count(self, info: Info) -> int:
        """Count them."""
        counts = await info.context.services.listing.count_by_state(info.context.viewer, self.given)
        return sum(counts.values())

    @strawberry.field(
        description=(
            "How many of the deliveries that the filter leaves are in each state. States without any are left"
            " out. Counted when asked for."
        )
    )
    async def totals(self, info: Info) -> list[DeliveryTotal]:
        """Count them by state."""
        counts = await info.context.services.listing.count_by_state(info.context.viewer, self.given)
        return [DeliveryTotal(state=state, count=counts[state]) for state in DeliveryState if state in counts]

    @strawberry.field(
        description=(
            "Since when the longest due of these deliveries could have been sent; null: none is due. What is"
            " held is not due."
        )
    )
    async def oldest_due_at(self, info: Info) -> datetime | None:
        """Find it."""
        due = await info.context.services.listing.longest_due(info.context.viewer, self.given)
        return due.since if due else None

    @strawberry.field(
        name="oldestDueAgeS",
        description="For how many seconds that has been: how far behind sending is; null: none is due.",
    )
    async def oldest_due_age_s(self, info: Info) -> int | None:
        """Find it."""
        due = await info.context.services.listing.longest_due(info.context.viewer, self.given)
        return due.age_s if due else None

    @classmethod
    def of(cls, page: Page[DeliveryRow], given: filters.DeliveryFilter) -> Self:
        """Show a page of what the filter leaves."""
        places = zip(page.rows, page.cursors, strict=True)
        edges = [DeliveryEdge(node=Delivery.of(row), cursor=cursor) for row, cursor in places]
        return cls(given=given, edges=edges, page_info=PageInfo.of(page))
