"""What a person must configure for LinkedIn."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from app.connectors.fields import ConnectionModel, Secret, UnknownConsent


def _account_id(value: str) -> str:
    digits = value.removeprefix("urn:li:sponsoredAccount:")
    if not re.fullmatch(r"[0-9]{1,19}", digits):
        raise ValueError("must be the number of a LinkedIn ad account, such as 512345678")
    return digits


class LinkedInSettings(ConnectionModel):
    """An ad account and how it is used. `unknown_consent`: LinkedIn has no field for it, we decide."""

    ad_account_id: Annotated[str, AfterValidator(_account_id)] = Field(
        description="The ad account that owns the conversion rules: the number in Campaign Manager's address."
    )
    user_data: bool = Field(
        default=True,
        description="Whether first and last name, company and country are sent beside the hashed e-mail. "
        "LinkedIn takes them unhashed only; false: it gets the hashed e-mail and the click id alone.",
    )
    unknown_consent: UnknownConsent = Field(
        default="send", description="What happens when nobody recorded the person's consent: send or skip."
    )


class LinkedInCredentials(ConnectionModel):
    """An access token, or what new ones are fetched with.

    LinkedIn gives refresh tokens to approved apps only. With all four fields the access token is not used.
    """

    access_token: Secret | None = Field(
        default=None,
        description="An access token with the scopes rw_conversions and r_ads. An app's ends after 60 days.",
    )
    client_id: str | None = Field(default=None, min_length=1, description="The app's client id.")
    client_secret: Secret | None = Field(default=None, description="The app's client secret.")
    refresh_token: Secret | None = Field(
        default=None, description="A refresh token with the same scopes; it ends a year after its sign-in."
    )

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        parts = (self.client_id, self.client_secret, self.refresh_token)
        if any(parts) and not all(parts):
            raise ValueError("clientId, clientSecret and refreshToken are needed together")
        if not any((self.access_token, *parts)):
            raise ValueError("either accessToken or clientId, clientSecret and refreshToken is needed")
        return self
