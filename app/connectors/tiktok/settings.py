"""What a person must configure for TikTok."""

from typing import Self

from pydantic import Field, model_validator

from app.connectors.fields import ConnectionModel, Secret, UnknownConsent
from app.connectors.tiktok.api import Mode


class TikTokSettings(ConnectionModel):
    """A source of events. `unknown_consent`: TikTok has no field for consent, the sender decides."""

    mode: Mode = Field(
        description="crm: stages of leads in a CRM. web: conversions of a website. offline: sales that were "
        "closed by phone or in a shop."
    )
    event_source_id: str = Field(
        pattern=r"^[A-Za-z0-9_-]{5,64}$",
        description="From Events Manager: with crm the id of the CRM event set, with web the pixel code, "
        "with offline the id of the offline event set.",
    )
    crm_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="The CRM's name, such as HubSpot; required with crm.",
    )
    event_source_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/]+",
        max_length=2048,
        description="With web: the address for leads whose landing page is not known.",
    )
    test_event_code: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{1,50}$",
        description="The code of the tab 'Test events' in Events Manager; required in test mode.",
    )
    unknown_consent: UnknownConsent = Field(
        default="send", description="What happens when nobody recorded the person's consent: send or skip."
    )

    @model_validator(mode="after")
    def _belongs_to_its_mode(self) -> Self:
        if self.mode == "crm" and self.crm_name is None:
            raise ValueError(
                "crmName is required with mode crm: TikTok wants to know which CRM the leads are in"
            )
        # A pixel code is what people paste here, and TikTok refuses each event for it.
        if self.mode == "offline" and not (self.event_source_id.isascii() and self.event_source_id.isdigit()):
            raise ValueError("eventSourceId is a number with mode offline: an event set's, not a pixel code")
        return self


class TikTokCredentials(ConnectionModel):
    """A token that may report events for the source."""

    access_token: Secret = Field(
        description="The access token of the event source, from its settings in Events Manager."
    )
