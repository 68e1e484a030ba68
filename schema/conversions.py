"""Leads, their jobs and the deliveries of these: one file, because each of the three shows the others."""

from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry.scalars import JSON

from app.services.listing import jobs_window
from app.services.paging import Page
from app.tables.jobs import AttemptRow, DeliveryRow, JobRow
from app.tables.leads import LeadRow
from schema.attribution import Attribution, Consent
from schema.context import Info
from schema.enums import DeliveryKind, DeliveryState, JobState, LeadStatus, Platform
from schema.fields import described
from schema.integrations import Integration
from schema.labels import ConversionLabel
from schema.paging import After, Before, First, Last, PageInfo, page_request
from schema.scalars import Cents
from schema.warnings import IntegrationWarning, warning_of


@strawberry.type(description="A person who asked for something, and what became of it.")
class Lead:
    """A lead row, shown."""

    row: strawberry.Private[LeadRow]
    id: strawberry.ID = described("A number.")
    unique_identifier: str | None = described("The id in your own system.")
    status: LeadStatus = described("Where the lead stands.")
    first_name: str | None = described("First name.")
    last_name: str | None = described("Last name.")
    email: str | None = described("E-mail address, as given.")
    phone: str | None = described("Phone number, as given.")
    company_name: str | None = described("Company.")
    country_code: str | None = described("ISO 3166-1 alpha-2 country code.")
    postal_code: str | None = described("Postcode.")
    city: str | None = described("City.")
    region: str | None = described("State, province or region.")
    price: Cents | None = described("What the lead is worth, in minor units of `currency`.")
    currency: str = described("ISO 4217 currency code of `price`.")
    form_name: str | None = described("The form the lead came from.")
    note: str | None = described("Free text.")
    form_data: JSON | None = described("Whatever else the form sent.")
    created_at: datetime = described("When the lead was created here.")
    updated_at: datetime = described("When the lead was last changed.")
    erased_at: datetime | None = described("When it was erased who the lead is; null: that is known.")

    @strawberry.field(description="The label of the latest status change; null after `open`.")
    async def label(self, info: Info) -> ConversionLabel | None:
        """Load the label."""
        if self.row.label_id is None:
            return None
        row = await info.context.loaders.label.load(self.row.label_id)
        return ConversionLabel.of(row) if row else None

    @strawberry.field(description="The clicks and browser ids that brought the lead.")
    def attribution(self) -> Attribution:
        """Show the attribution."""
        return Attribution.of(self.row)

    @strawberry.field(description="What the person consented to.")
    def consent(self) -> Consent:
        """Show the consent."""
        return Consent(
            ad_storage=self.row.ad_storage,
            analytics_storage=self.row.analytics_storage,
            ad_user_data=self.row.ad_user_data,
            ad_personalization=self.row.ad_personalization,
        )

    @strawberry.field(description="The newest job; null when there was none yet.")
    async def current_job(
        self, info: Info
    ) -> Annotated["ConversionJob", strawberry.lazy("schema.conversions")] | None:
        """Load the job."""
        if self.row.current_job_id is None:
            return None
        row = await info.context.loaders.job.load(self.row.current_job_id)
        return ConversionJob.of(row) if row else None

    @strawberry.field(description="All its jobs, the newest first.")
    async def jobs(
        self,
        info: Info,
        *,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> Annotated["ConversionJobConnection", strawberry.lazy("schema.conversions")]:
        """Load a page of them."""
        window = jobs_window(page_request(first, after, last, before))
        assert self.row.id is not None
        page = await info.context.loaders.jobs_of_leads(window).load(self.row.id)
        info.context.show(len(page.rows))
        return ConversionJobConnection.of(page)

    @classmethod
    def of(cls, row: LeadRow) -> Self:
        """Show a row."""
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            unique_identifier=row.unique_identifier,
            status=row.status,
            first_name=row.first_name,
            last_name=row.last_name,
            email=row.email,
            phone=row.phone,
            company_name=row.company_name,
            country_code=row.country_code,
            postal_code=row.postal_code,
            city=row.city,
            region=row.region,
            price=None if row.price_cents is None else Cents(row.price_cents),
            currency=row.currency,
            form_name=row.form_name,
            note=row.note,
            form_data=row.form_data,
            created_at=row.created_at,
            updated_at=row.updated_at,
            erased_at=row.erased_at,
        )


@strawberry.type(description="One queued status change of one lead.")
class ConversionJob:
    """A job row, shown."""

    row: strawberry.Private[JobRow]
    id: strawberry.ID = described("A UUID.")
    state: JobState = described("What became of it as a whole.")
    active: bool = described(
        "True until it has been processed once; until then another status change is a DuplicateJobError."
    )
    price: Cents | None = described("The value that is sent; null: none.")
    currency: str = described("ISO 4217 currency code of `price`.")
    occurred_at: datetime = described("When it happened in the CRM; what platforms are told.")
    created_at: datetime = described("When it was queued.")
    finished_at: datetime | None = described("When its last delivery was through; null: not yet.")

    @strawberry.field(description="Whose status changed.")
    async def lead(self, info: Info) -> Lead:
        """Load the lead."""
        row = await info.context.loaders.lead.load(self.row.lead_id)
        assert row is not None
        return Lead.of(row)

    @strawberry.field(description="The label that was applied.")
    async def label(self, info: Info) -> ConversionLabel | None:
        """Load the label."""
        row = await info.context.loaders.label.load(self.row.label_id)
        return ConversionLabel.of(row) if row else None

    @strawberry.field(description="The warnings of the answer, as they were then.")
    def warnings(self) -> list[IntegrationWarning]:
        """Show the warnings."""
        return [warning_of(kept) for kept in self.row.warnings]

    @strawberry.field(description="What is sent, integration by integration.")
    async def deliveries(
        self, info: Info
    ) -> list[Annotated["Delivery", strawberry.lazy("schema.conversions")]]:
        """Load the deliveries."""
        rows = await info.context.loaders.deliveries.load(self.row.id)
        info.context.show(len(rows))
        return [Delivery.of(row) for row in rows]

    @classmethod
    def of(cls, row: JobRow) -> Self:
        """Show a row."""
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            state=row.state,
            active=row.active,
            price=None if row.price_cents is None else Cents(row.price_cents),
            currency=row.currency,
            occurred_at=row.occurred_at,
            created_at=row.created_at,
            finished_at=row.finished_at,
        )


@strawberry.type(description="A job in a list.")
class ConversionJobEdge:
    """A job row with its place."""

    node: ConversionJob = described("The job.")
    cursor: str = described("Its place in the list.")


@strawberry.type(description="A page of a list of jobs.")
class ConversionJobConnection:
    """A page of job rows."""

    edges: list[ConversionJobEdge] = described("The jobs of this page.")
    page_info: PageInfo = described("Where this page lies in the list.")

    @classmethod
    def of(cls, page: Page[JobRow]) -> Self:
        """Show a page."""
        places = zip(page.rows, page.cursors, strict=True)
        edges = [ConversionJobEdge(node=ConversionJob.of(row), cursor=cursor) for row, cursor in places]
        return cls(edges=edges, page_info=PageInfo.of(page))


@strawberry.type(description="One attempt at one delivery, as it ended.")
class DeliveryAttempt:
    """An attempt row, shown."""

    number: int = described("From 1.")
    started_at: datetime = described("When it began.")
    duration_ms: int = described("How long it took, in milliseconds.")
    http_status: int | None = described("The HTTP status of the answer; null: no answer came.")
    error_code: str | None = described("The platform's code, or ours (`TIMEOUT`, ...); null: it went well.")
    error_message: str | None = described("What went wrong, for people.")

    @classmethod
    def of(cls, row: AttemptRow) -> Self:
        """Show a row."""
        return cls(
            number=row.number,
            started_at=row.started_at,
            duration_ms=row.duration_ms,
            http_status=row.http_status,
            error_code=row.error_code,
            error_message=row.error_message,
        )


@strawberry.type(description="One conversion for one integration, from its plan to the platform's verdict.")
class Delivery:
    """A delivery row, shown."""

    row: strawberry.Private[DeliveryRow]
    id: strawberry.ID = described("A UUID.")
    platform: Platform = described("The platform it goes to.")
    kind: DeliveryKind = described("Whether it sends, changes or takes back a conversion.")
    state: DeliveryState = described("Where it stands.")
    attempts: int = described("How many attempts were begun.")
    next_attempt_at: datetime | None = described("When it is due; null: it waits for nothing.")
    expires_at: datetime | None = described("When the platform's time window closes.")
    only_tested: bool = described(
        "True: it was delivered in test mode, and the platform counts nothing. Once the integration is live, "
        "the lead's next change to this label sends it."
    )
    platform_event_id: str = described("What the platform recognises it by; the same on every attempt.")
    platform_request_id: str | None = described("What the platform called the latest request.")
    error_code: str | None = described("What went wrong last, for programs.")
    error_message: str | None = described("What went wrong last, for people.")
    request: JSON | None = described("What was sent last, without tokens and raw personal data.")
    response: JSON | None = described("What came back last, without tokens and raw personal data.")
    created_at: datetime = described("When it was planned.")
    finished_at: datetime | None = described("When it became final; null: not yet.")

    @strawberry.field(description="The job it belongs to.")
    async def job(self, info: Info) -> ConversionJob:
        """Load the job."""
        row = await info.context.loaders.job.load(self.row.job_id)
        assert row is not None
        return ConversionJob.of(row)

    @strawberry.field(description="Whose conversion it is.")
    async def lead(self, info: Info) -> Lead:
        """Load the lead."""
        row = await info.context.loaders.lead.load(self.row.lead_id)
        assert row is not None
        return Lead.of(row)

    @strawberry.field(description="The integration it goes through.")
    async def integration(self, info: Info) -> Integration:
        """Load the integration."""
        row = await info.context.loaders.integration.load(self.row.integration_id)
        assert row is not None
        return Integration.of(row)

    @strawberry.field(description="The delivery that a RESTATE or RETRACT changes; null for a SEND.")
    async def follows(
        self, info: Info
    ) -> Annotated["Delivery", strawberry.lazy("schema.conversions")] | None:
        """Load the delivery."""
        if self.row.follows_id is None:
            return None
        row = await info.context.loaders.delivery.load(self.row.follows_id)
        return Delivery.of(row) if row else None

    @strawberry.field(description="Why it was skipped or is held; null otherwise.")
    def warning(self) -> IntegrationWarning | None:
        """Show the warning."""
        return warning_of(self.row.warning) if self.row.warning else None

    @strawberry.field(description="Its attempts, oldest first.")
    async def attempt_log(self, info: Info) -> list[DeliveryAttempt]:
        """Load the attempts."""
        rows = await info.context.loaders.attempts.load(self.row.id)
        info.context.show(len(rows))
        return [DeliveryAttempt.of(row) for row in rows]

    @classmethod
    def of(cls, row: DeliveryRow) -> Self:
        """Show a row."""
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            platform=row.platform,
            kind=row.kind,
            state=row.state,
            attempts=row.attempts,
            # A held one keeps the time it was due at; that is not when it will be sent.
            next_attempt_at=row.next_attempt_at if row.state is DeliveryState.SCHEDULED else None,
            expires_at=row.expires_at,
            platform_event_id=row.platform_event_id,
            only_tested=row.only_tested,
            platform_request_id=row.platform_request_id,
            error_code=row.error_code,
            error_message=row.error_message,
            request=row.request,
            response=row.response,
            created_at=row.created_at,
            finished_at=row.finished_at,
        )
