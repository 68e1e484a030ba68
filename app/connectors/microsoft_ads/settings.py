"""What a person must configure for Microsoft Ads."""

from pydantic import Field

from app.connectors.fields import ConnectionModel, Secret, UnknownConsent


class MicrosoftAdsSettings(ConnectionModel):
    """A Microsoft Advertising account and how it is used.

    `unknown_consent`: an upload has no field for consent, so the sender decides.
    """

    customer_id: str = Field(
        pattern=r"^[0-9]{1,19}$",
        description="The id of the manager account (customer): the number behind cid= in the address of "
        "Microsoft Advertising.",
    )
    account_id: str = Field(
        pattern=r"^[0-9]{1,19}$",
        description="The id of the ad account that owns the clicks and the goals: the number behind aid= in "
        "the address, not the account number with letters.",
    )
    user_data: bool = Field(
        default=True,
        description="Whether hashed e-mail and phone are sent. Needs enhanced conversions to be switched on "
        "at the goal; false: only the click id is sent.",
    )
    unknown_consent: UnknownConsent = Field(
        default="send", description="What happens when nobody recorded the person's consent: send or skip."
    )


class MicrosoftAdsCredentials(ConnectionModel):
    """An app of Microsoft Entra, a refresh token with the scope msads.manage, and a developer token.

    The secret may be missing because Microsoft refuses one from apps registered as public clients; a web app
    has one, and only its refresh tokens work on another machine than the one they were made on
    (https://learn.microsoft.com/en-us/advertising/guides/authentication-oauth-get-tokens, read 2026-11-23).
    """

    client_id: str = Field(
        min_length=1, max_length=100, description="The application (client) id in Microsoft Entra."
    )
    client_secret: Secret | None = Field(
        default=None,
        description="The value of the app's client secret; none for an app that is a public client.",
    )
    refresh_token: Secret = Field(
        description="A refresh token of a user who may write to the account, with offline_access."
    )
    developer_token: Secret = Field(description="The developer token of Microsoft Advertising.")
