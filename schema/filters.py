"""Filters and orders of lists, and how they become what services take."""

from datetime import datetime

import strawberry

from app.services import filters
from schema.enums import DeliveryState, LeadOrderField, LeadStatus, OrderDirection, Platform
from schema.fields import optional
from schema.inputs import given

_CREATED_FROM = "Created at this time or later."
_CREATED_TO = "Created before this time."


@strawberry.input(
    description="Which leads. Everything that is given must be met; an empty list is met by no lead."
)
class LeadFilter:
    """Becomes a services' LeadFilter."""

    status: list[LeadStatus] | None = optional("One of these.")
    label_id: strawberry.ID | None = optional("The label of the latest status change.")
    form_name: str | None = optional("The form the lead came from, exactly.")
    unique_identifier: str | None = optional("The id in your own system, exactly.")
    email: str | None = optional("E-mail address; compared trimmed and lower-cased.")
    phone: str | None = optional("Phone number; without a country code, one of your project's country.")
    created_from: datetime | None = optional(_CREATED_FROM)
    created_to: datetime | None = optional(_CREATED_TO)
    search: str | None = optional(
        "Text that is part of the name, the e-mail address, the phone number or the id in your own system, in"
        " any letter case; or the lead's id. Blank counts as left out."
    )
    has_gclid: bool | None = optional("Whether a Google click id is known.")
    has_fbc: bool | None = optional("Whether Meta's `_fbc` is known.")
    has_fbp: bool | None = optional("Whether Meta's `_fbp` is known.")
    has_ga_client_id: bool | None = optional("Whether a client id of Google Analytics is known.")

    def to_filter(self) -> filters.LeadFilter:
        """What services take."""
        return filters.LeadFilter(
            statuses=given(self.status),
            label_id=given(self.label_id),
            form_name=given(self.form_name),
            unique_identifier=given(self.unique_identifier),
            email=given(self.email),
            phone=given(self.phone),
            created_from=given(self.created_from),
            created_to=given(self.created_to),
            search=given(self.search),
            has_gclid=given(self.has_gclid),
            has_fbc=given(self.has_fbc),
            has_fbp=given(self.has_fbp),
            has_ga_client_id=given(self.has_ga_client_id),
        )


@strawberry.input(description="How leads are sorted. Those without a value come last, in either direction.")
class LeadOrder:
    """Becomes a services' LeadOrder."""

    field: LeadOrderField = strawberry.field(description="What by.")
    direction: OrderDirection = strawberry.field(description="Which way.")

    def to_order(self) -> filters.LeadOrder:
        """What services take."""
        return filters.LeadOrder(self.field, self.direction)


@strawberry.input(
    description=(
        "Which deliveries. Everything that is given must be met; an empty list is met by no delivery."
    )
)
class DeliveryFilter:
    """Becomes a services' DeliveryFilter."""

    ids: list[strawberry.ID] | None = optional("These, at most 1,000.")
    state: list[DeliveryState] | None = optional("One of these.")
    platform: list[Platform] | None = optional("One of these.")
    integration_id: strawberry.ID | None = optional("The integration it goes through.")
    lead_id: strawberry.ID | None = optional("Whose conversion it is.")
    job_id: strawberry.ID | None = optional("The job it belongs to.")
    error_code: str | None = optional("What went wrong last, exactly.")
    created_from: datetime | None = optional(_CREATED_FROM)
    created_to: datetime | None = optional(_CREATED_TO)

    def to_filter(self) -> filters.DeliveryFilter:
        """What services take."""
        return filters.DeliveryFilter(
            ids=given(self.ids),
            states=given(self.state),
            platforms=given(self.platform),
            integration_id=given(self.integration_id),
            lead_id=given(self.lead_id),
            job_id=given(self.job_id),
            error_code=given(self.error_code),
            created_from=given(self.created_from),
            created_to=given(self.created_to),
        )
