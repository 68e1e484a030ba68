"""What a person must configure for Google Ads."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from app.connectors.fields import ConnectionModel, Secret, UnknownConsent


def _account_id(value: str) -> str:
    digits = value.replace("-", "")
    if not re.fullmatch(r"[0-9]{10}", digits):
        raise ValueError("must be the 10 digits of a Google Ads account, such as 123-456-7890")
    return digits


AccountId = Annotated[str, AfterValidator(_account_id)]


class GoogleAdsSettings(ConnectionModel):
    """A Google Ads account and how it is used.

    `unknown_consent` defaults to "send" because the request then says nothing of consent and Google applies
    the account's own default; leads of countries that need no consent would otherwise be lost without a
    trace.
    """

    customer_id: AccountId = Field(
        description="The Google Ads account that owns the conversion actions: 10 digits, dashes allowed."
    )
    login_customer_id: AccountId | None = Field(
        default=None, description="The manager account through which it is reached, if it is."
    )
    event_source: Literal["WEB", "APP", "IN_STORE", "PHONE", "MESSAGE", "OTHER"] = Field(
        default="WEB", description="Where the conversions began."
    )
    user_data: bool = Field(
        default=True,
        description="Whether hashed e-mail, phone and address are sent. Needs enhanced conversions for leads "
        "to be switched on in Google Ads and its terms to be accepted; false: only the click id is sent.",
    )
    unknown_consent: UnknownConsent = Field(
        default="send", description="What happens when nobody recorded the person's consent: send or skip."
    )


class GoogleAdsCredentials(ConnectionModel):
    """An OAuth client and a refresh token with the scope https://www.googleapis.com/auth/datamanager."""

    client_id: str = Field(min_length=1, description="The OAuth client's id.")
    client_secret: Secret = Field(description="The OAuth client's secret.")
    refresh_token: Secret = Field(description="A refresh token of a user who may write to the account.")
