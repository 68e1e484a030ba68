"""Inputs, and how they become what services take."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry.scalars import JSON

from app.services.identifying import LeadIdentifier
from app.services.status_change import StatusChange
from schema.enums import ConflictPolicy, ConsentState
from schema.fields import optional
from schema.scalars import Cents


def given(value: Any) -> Any:
    """The value; None when it was left out."""
    return None if value is strawberry.UNSET else value


@strawberry.input(
    description=(
        "Names a lead. Of several identifiers only the first in this order is used, even if it finds nothing:"
        " leadId, uniqueIdentifier, email, phone. Of several leads the most recently created is meant."
    )
)
class LeadIdentifierInput:
    """Becomes a LeadIdentifier."""

    lead_id: strawberry.ID | None = optional("The lead's id here.")
    unique_identifier: str | None = optional("The lead's id in your own system, exactly as it was stored.")
    email: str | None = optional("E-mail address; compared trimmed and lower-cased.")
    phone: str | None = optional("Phone number; without a country code, one of your project's country.")

    def to_identifier(self) -> LeadIdentifier:
        """What services take."""
        return LeadIdentifier(
            lead_id=given(self.lead_id),
            unique_identifier=given(self.unique_identifier),
            email=given(self.email),
            phone=given(self.phone),
        )


@strawberry.input(description="A status change of one lead.")
class UpdateLeadStatusInput:
    """Becomes a StatusChange."""

    lead: LeadIdentifierInput = strawberry.field(description="Whose status changes.")
    conversion_id: strawberry.ID = strawberry.field(
        description="The id of a conversion label, or `open`, or `lost` (any letter case)."
    )
    price: Cents | None = optional(
        "What the lead is worth from now on. Left out: what it was worth before, else the label's default."
    )
    occurred_at: datetime | None = optional(
        "When it happened, at most 5 minutes ahead; platforms are told this time, in whole seconds."
        " Left out: now."
    )
    idempotency_key: str | None = optional(
        "A key of your own choice, at most 255 characters. The same call with the same key within 24 hours"
        " gets the first answer again and does nothing."
    )
    on_conflict: ConflictPolicy = strawberry.field(
        description="What to do when the lead has an active job.", default=ConflictPolicy.REJECT
    )

    def to_change(self) -> StatusChange:
        """What services take."""
        return StatusChange(
            lead=self.lead.to_identifier(),
            conversion_id=self.conversion_id,
            price_cents=given(self.price),
            occurred_at=given(self.occurred_at),
            idempotency_key=given(self.idempotency_key),
            on_conflict=self.on_conflict,
        )


@strawberry.input(
    description=(
        "The clicks and browser ids that brought a lead. Click ids of one platform are replaced together."
        " Give them exactly as they were captured."
    )
)
class AttributionInput:
    """Columns of the lead, by their names."""

    gclid: str | None = optional("Google click id.")
    gbraid: str | None = optional("Google click id of an iOS app click that ended on the web.")
    wbraid: str | None = optional("Google click id of an iOS web click.")
    fbclid: str | None = optional("Meta click id, from the landing page's address.")
    fbc: str | None = optional("Meta's `_fbc` cookie.")
    fbp: str | None = optional("Meta's `_fbp` cookie.")
    meta_lead_id: str | None = optional("Id of a lead from a Meta instant form, 15 to 17 digits.")
    msclkid: str | None = optional("Microsoft click id.")
    li_fat_id: str | None = optional("LinkedIn's first-party click id.")
    ttclid: str | None = optional("TikTok click id.")
    ttp: str | None = optional("TikTok's `_ttp` cookie.")
    ga_client_id: str | None = optional("Client id of Google Analytics, from its `_ga` cookie.")
    ga_session_id: str | None = optional("Session id of Google Analytics.")
    landing_page_url: str | None = optional("The page the visitor landed on.")
    clicked_at: datetime | None = optional(
        "When the click happened. Without a click id it is meant for the clicks whose time is not known yet."
    )


@strawberry.input(description="What the person consented to. Leave out what is not known.")
class ConsentInput:
    """Columns of the lead, by their names."""

    ad_storage: ConsentState | None = optional("Storage for advertising.")
    analytics_storage: ConsentState | None = optional("Storage for analytics.")
    ad_user_data: ConsentState | None = optional("Sending user data to ad platforms.")
    ad_personalization: ConsentState | None = optional("Personalised advertising.")


@strawberry.input(description="The browser the lead came from.")
class DeviceInput:
    """Columns of the lead, by their names."""

    ip_address: str | None = optional("IP address.")
    user_agent: str | None = optional("User agent.")


@strawberry.input(description="What is known of a lead.")
class LeadInput:
    """Columns of the lead, by their names. Never published itself."""

    unique_identifier: str | None = optional("The lead's id in your own system.")
    first_name: str | None = optional("First name.")
    last_name: str | None = optional("Last name.")
    email: str | None = optional("E-mail address.")
    phone: str | None = optional("Phone number; without a country code it is read as one of `countryCode`.")
    company_name: str | None = optional("Company.")
    country_code: str | None = optional("ISO 3166-1 alpha-2 country code.")
    postal_code: str | None = optional("Postcode.")
    city: str | None = optional("City.")
    region: str | None = optional("State, province or region.")
    price: Cents | None = optional("What the lead is worth, in minor units of `currency`.")
    currency: str | None = optional("ISO 4217 currency code. A lead never given one has the project's.")
    form_name: str | None = optional("The form the lead came from.")
    note: str | None = optional("Free text, at most 10,000 characters.")
    form_data: JSON | None = optional("Whatever else the form sent, at most 64 levels deep.")
    attribution: AttributionInput | None = optional("The clicks and browser ids that brought the lead.")
    consent: ConsentInput | None = optional("What the person consented to.")
    device: DeviceInput | None = optional("The browser the lead came from.")

    def to_values(self) -> dict[str, Any]:
        """The columns that were given; null for a group is null for each of it."""
        values = _columns(self)
        for name, group in _GROUPS.items():
            if name in values:
                nested = values.pop(name)
                values |= dict.fromkeys(group.__annotations__) if nested is None else _columns(nested)
        if "price" in values:
            values["price_cents"] = values.pop("price")
        return values


@strawberry.input(
    description=(
        "A lead. A new one needs at least one of e-mail, phone, name, uniqueIdentifier or a click id."
        " Null and blank text count as left out."
    )
)
class CreateLeadInput(LeadInput):
    """What createLead takes besides."""

    unique_event_id: str | None = optional(
        "The form submission. A lead with the same one is completed with what is given, not created again."
    )


@strawberry.input(
    description=(
        "What changes of a lead. What is left out stays, and so does what is blank text; null clears: for"
        " `attribution`, `consent` and `device` all that is in them, for `currency` to the project's. Enough"
        " must stay to find the lead by, as in `createLead`."
    )
)
class UpdateLeadInput(LeadInput):
    """What updateLead takes."""


_GROUPS = {"attribution": AttributionInput, "consent": ConsentInput, "device": DeviceInput}


def _columns(node: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(node).items() if value is not strawberry.UNSET}
