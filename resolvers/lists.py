"""Queries for lists: leads and deliveries."""

from typing import Annotated

import strawberry
from graphql import GraphQLError

from app.services import filters
from app.services.viewer import Viewer
from app.values import Scope
from schema.connections import DeliveryConnection, LeadConnection
from schema.context import Info
from schema.filters import DeliveryFilter, LeadFilter, LeadOrder
from schema.paging import After, Before, First, Last, page_request


@strawberry.type
class Lists:
    """The queries."""

    @strawberry.field(
        description=(
            "Leads, the newest first unless `orderBy` says otherwise. With `status:write` alone they can be"
            " narrowed down and sorted by nothing that tells more of a person than that scope shows."
        )
    )
    async def leads(
        self,
        info: Info,
        *,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        which: Annotated[
            LeadFilter | None,
            strawberry.argument(name="filter", description="Which leads. Left out: all."),
        ] = strawberry.UNSET,
        order_by: Annotated[
            LeadOrder | None, strawberry.argument(description="How they are sorted.")
        ] = strawberry.UNSET,
    ) -> LeadConnection:
        """List leads."""
        context = info.context
        given = which.to_filter() if which else filters.LeadFilter()
        order = order_by.to_order() if order_by else filters.LeadOrder()
        _check_scope(context.viewer, given, order)
        request = page_request(first, after, last, before)
        page = await context.services.listing.leads(context.viewer, given, order, request)
        context.show(len(page.rows))
        return LeadConnection.of(page, given)

    @strawberry.field(description="Deliveries of all leads, the newest first.")
    async def deliveries(
        self,
        info: Info,
        *,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        which: Annotated[
            DeliveryFilter | None,
            strawberry.argument(name="filter", description="Which deliveries. Left out: all."),
        ] = strawberry.UNSET,
    ) -> DeliveryConnection:
        """List deliveries."""
        context = info.context
        given = which.to_filter() if which else filters.DeliveryFilter()
        request = page_request(first, after, last, before)
        page = await context.services.listing.deliveries(context.viewer, given, request)
        context.show(len(page.rows))
        return DeliveryConnection.of(page, given)


def _check_scope(viewer: Viewer, given: filters.LeadFilter, order: filters.LeadOrder) -> None:
    """Refuse what would let a key find out, guess by guess, what it may not see."""
    if viewer.may(Scope.LEADS_READ):
        return
    if given.tells_of_the_person or order.tells_of_the_person:
        message = f"The API key lacks a scope this needs: {Scope.LEADS_READ.value}"
        raise GraphQLError(message, extensions={"code": "FORBIDDEN"})
