"""What a person must configure for a webhook."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from app.connectors.fields import ConnectionModel, Secret, UnknownConsent
from app.connectors.webhook.addresses import parsed
from app.connectors.webhook.signing import key_of


def _usable(url: str) -> str:
    parsed(url)
    return url


def _signing(secret: SecretStr) -> SecretStr:
    key_of(secret)
    return secret


class WebhookSettings(ConnectionModel):
    """An address and what it is told.

    `personal_data` is off until somebody says otherwise: a receiver that knows the lead by an id needs none.
    """

    url: Annotated[str, AfterValidator(_usable)] = Field(
        max_length=2048,
        description="Where conversions are posted to: https://. With http:// or in a private network only "
        "where the installation allows it.",
    )
    personal_data: bool = Field(
        default=False,
        description="Whether name, company, e-mail, phone, place, IP address, browser and the whole address "
        "of the landing page are sent, unhashed. Ids, click ids and consent always are.",
    )
    unknown_consent: UnknownConsent = Field(
        default="send",
        description="What happens when nobody recorded the person's consent: send (the receiver is told that "
        "it is not known) or skip.",
    )


class WebhookCredentials(ConnectionModel):
    """What both sides know and nobody else."""

    signing_secret: Annotated[Secret, AfterValidator(_signing)] = Field(
        description="whsec_ and then the base64 of 24 to 64 random bytes; the receiver verifies with the "
        "same."
    )
