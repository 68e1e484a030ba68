"""What a person must configure for Google Analytics 4."""

from pydantic import Field

from app.connectors.fields import ConnectionModel, Secret, UnknownConsent


class Ga4Settings(ConnectionModel):
    """A web data stream and how it is used.

    `unknown_consent` defaults to "send" because Analytics then applies the consent of the person's visit.
    """

    measurement_id: str = Field(
        pattern=r"^G-[A-Z0-9]{4,20}$",
        description="The measurement id of the web data stream, such as G-ABC123DEF4.",
    )
    user_data: bool = Field(
        default=True,
        description=(
            "Whether hashed e-mail and phone are sent. Needs user-provided data collection to be switched on."
        ),
    )
    unknown_consent: UnknownConsent = Field(
        default="send", description="What happens when nobody recorded the person's consent: send or skip."
    )


class Ga4Credentials(ConnectionModel):
    """A secret of the data stream."""

    api_secret: Secret = Field(
        description=(
            "A Measurement Protocol API secret, from Admin, Data streams. Analytics never says "
            "when it is wrong."
        )
    )
