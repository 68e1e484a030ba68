"""The query for the audit log."""

from typing import Annotated

import strawberry

from app.services import audit_log
from schema.audit import AuditConnection, AuditFilter
from schema.context import Info
from schema.paging import After, Before, First, Last, page_request


@strawberry.type
class AuditLog:
    """Query.auditLog."""

    @strawberry.field(
        description=(
            "Who did what with which API key, the newest first. It holds what was committed, and all of it,"
            " since the version that keeps it; retention may take old events away."
        )
    )
    async def audit_log(
        self,
        info: Info,
        *,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        which: Annotated[
            AuditFilter | None,
            strawberry.argument(name="filter", description="Which events. Left out: all."),
        ] = strawberry.UNSET,
    ) -> AuditConnection:
        """List events."""
        context = info.context
        given = which.to_filter() if which else audit_log.AuditFilter()
        request = page_request(first, after, last, before)
        page = await context.services.audit_log.events(context.viewer, given, request)
        context.show(len(page.rows))
        return AuditConnection.of(page, given)
