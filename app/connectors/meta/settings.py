"""What a person must configure for Meta."""

from typing import Literal, Self

from pydantic import Field, model_validator

from app.connectors.fields import ConnectionModel, Secret, UnknownConsent


class MetaSettings(ConnectionModel):
    """A dataset and how it is used. `unknown_consent`: Meta has no field for consent, the sender decides."""

    dataset_id: str = Field(
        pattern=r"^[0-9]{5,20}$", description="The id of the dataset (pixel) in Events Manager: a number."
    )
    mode: Literal["website", "crm"] = Field(
        description="website: conversions of a website. crm: stages of leads in a CRM, for the goal "
        "'conversion leads' of Meta's lead ads."
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
        description="With website: the address for leads whose landing page is not known.",
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
    def _crm_has_a_name(self) -> Self:
        if self.mode == "crm" and self.crm_name is None:
            raise ValueError(
                "crmName is required with mode crm: Meta wants to know which CRM the leads are in"
            )
        return self


class MetaCredentials(ConnectionModel):
    """A token that may write to the dataset."""

    access_token: Secret = Field(description="The dataset's access token, from Events Manager.")
