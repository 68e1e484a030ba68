"""The audit log, shown: events, pages of them, and what they can be narrowed down by."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.services import audit_log
from app.services.paging import Page
from app.tables.audit import AuditEventRow
from schema.context import Info
from schema.conversions import ConversionJob
from schema.enums import AuditAction, AuditSubject
from schema.fields import described, optional
from schema.inputs import given
from schema.paging import PageInfo


@strawberry.type(
    description=(
        "A field that was changed. Of leads, credentials and settings of integrations only the name is kept,"
        " never what was in it."
    )
)
class AuditChange:
    """One stored change."""

    field: str = described(
        "What it is called in this schema. `mappings.` and an integration's id: what a label is called there."
        " `settings.` and a name: one of an integration's settings."
    )
    before: JSON | None = described("What it was; null: nothing, or it is not kept.")
    after: JSON | None = described("What it is since then; null: nothing, or it is not kept.")


@strawberry.type(
    description=(
        "Something that was done, written down in the transaction that did it. Nothing personal is in it, so"
        " erasing a lead leaves it as it is."
    )
)
class AuditEvent:
    """An event row, shown."""

    row: strawberry.Private[AuditEventRow]
    id: strawberry.ID = described("A UUID.")
    action: AuditAction = described("What was done.")
    subject_kind: AuditSubject = described("What it was done to.")
    subject_id: strawberry.ID = described("The id of what it was done to, which may be gone by now.")
    key_id: strawberry.ID | None = described(
        "The API key it was done with; null: the command line of whoever runs the installation."
    )
    key_name: str | None = described("What the key was called; null: there was none.")
    changes: list[AuditChange] = described("What is not as it was; empty: the action says it all.")
    request_id: str | None = described("The request it came with; null: there was none.")
    created_at: datetime = described("When it was done.")

    @strawberry.field(
        description=(
            "The job that a STATUS_CHANGED queued, with its label and price, or that was canceled; null:"
            " there was none, or it is gone by now."
        )
    )
    async def job(self, info: Info) -> ConversionJob | None:
        """Load the job, whose id is the event's own unless it is the subject."""
        if self.row.action is AuditAction.STATUS_CHANGED:
            row = await info.context.loaders.job.load(self.row.id)
        elif self.row.subject_kind is AuditSubject.CONVERSION_JOB:
            row = await info.context.loaders.job.load(UUID(self.row.subject_id))
        else:
            return None
        return ConversionJob.of(row) if row else None

    @classmethod
    def of(cls, row: AuditEventRow) -> Self:
        """Show a row."""
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            action=row.action,
            subject_kind=row.subject_kind,
            subject_id=strawberry.ID(row.subject_id),
            key_id=strawberry.ID(str(row.key_id)) if row.key_id else None,
            key_name=row.key_name,
            changes=[
                AuditChange(field=kept["field"], before=kept.get("before"), after=kept.get("after"))
                for kept in row.changes
            ],
            request_id=row.request_id,
            created_at=row.created_at,
        )


@strawberry.type(description="An event in a list.")
class AuditEdge:
    """An event row with its place."""

    node: AuditEvent = described("The event.")
    cursor: str = described("Its place in the list.")


@strawberry.type(description="A page of the audit log.")
class AuditConnection:
    """A page of event rows."""

    given: strawberry.Private[audit_log.AuditFilter]
    edges: list[AuditEdge] = described("The events of this page.")
    page_info: PageInfo = described("Where this page lies in the list.")

    @strawberry.field(description="How many events the filter leaves, on all pages. Counted when asked for.")
    async def total_count(self, info: Info) -> int:
        """Count them."""
        return await info.context.services.audit_log.count(info.context.viewer, self.given)

    @classmethod
    def of(cls, page: Page[AuditEventRow], which: audit_log.AuditFilter) -> Self:
        """Show a page of what the filter leaves."""
        places = zip(page.rows, page.cursors, strict=True)
        edges = [AuditEdge(node=AuditEvent.of(row), cursor=cursor) for row, cursor in places]
        return cls(given=which, edges=edges, page_info=PageInfo.of(page))


@strawberry.input(
    description="Which events. Everything that is given must be met; an empty list is met by no event."
)
class AuditFilter:
    """Becomes a services' AuditFilter."""

    action: list[AuditAction] | None = optional("One of these.")
    key_id: strawberry.ID | None = optional("The API key it was done with.")
    subject_kind: AuditSubject | None = optional("What kind of thing it was done to.")
    subject_id: strawberry.ID | None = optional("The id of what it was done to.")
    created_from: datetime | None = optional("Done at this time or later.")
    created_to: datetime | None = optional("Done before this time.")

    def to_filter(self) -> audit_log.AuditFilter:
        """What services take."""
        return audit_log.AuditFilter(
            actions=given(self.action),
            key_id=given(self.key_id),
            subject_kind=given(self.subject_kind),
            subject_id=given(self.subject_id),
            created_from=given(self.created_from),
            created_to=given(self.created_to),
        )
