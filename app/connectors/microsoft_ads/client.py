"""Requests to the Campaign Management API, each with an access token, or why there is none."""

from dataclasses import dataclass

from pydantic import SecretStr

from app.connectors.authorized import Told, ask_with_token
from app.connectors.base import Body, Connection, Outcome, OutcomeKind
from app.connectors.fields import narrowed
from app.connectors.http import MAX_ANSWER_BYTES, Answer, Unanswered, Wire, json_bytes, post
from app.connectors.microsoft_ads.api import ADJUSTMENTS, CONVERSIONS, FACTS, SCOPE
from app.connectors.microsoft_ads.payload import redact
from app.connectors.microsoft_ads.reading import read, wants_new_token
from app.connectors.microsoft_ads.settings import MicrosoftAdsCredentials, MicrosoftAdsSettings
from app.connectors.oauth import Grant, TokenCache

NO_TEST_MODE = Outcome(
    kind=OutcomeKind.CONFIGURATION,
    code="NO_TEST_MODE",
    message="The integration is in test mode, but Microsoft knows no tests and would count the conversion. "
    "Switch test mode off.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One connection with what its requests are made with."""

    connection: Connection
    tokens: TokenCache
    wire: Wire

    @property
    def credentials(self) -> MicrosoftAdsCredentials:
        """The connection's own."""
        return narrowed(self.connection.credentials, MicrosoftAdsCredentials)

    @property
    def settings(self) -> MicrosoftAdsSettings:
        """The connection's own."""
        return narrowed(self.connection.settings, MicrosoftAdsSettings)

    @property
    def grant(self) -> Grant:
        """What its access tokens are asked for with."""
        credentials = self.credentials
        return Grant(
            token_url=self.connection.endpoint.token_url or FACTS.token_url or "",
            client_id=credentials.client_id,
            client_secret=credentials.client_secret,
            refresh_token=credentials.refresh_token,
            scope=SCOPE,
        )


async def send(access: Access, body: Body) -> Outcome:
    """One attempt at the conversions or adjustments of the body."""
    if access.connection.test_mode:
        return NO_TEST_MODE
    key = ADJUSTMENTS if ADJUSTMENTS in body else CONVERSIONS
    told = await ask(access, f"{key}/Apply", body)
    if isinstance(told, Outcome):
        return told
    redaction = told.redaction.of_answer_to(body, redact(body))
    return read(told.answer, redaction, count=len(body.get(key, ())))


async def ask(
    access: Access,
    operation: str,
    body: Body,
    *,
    renew: bool = False,
    most_bytes: int = MAX_ANSWER_BYTES,
) -> Told | Outcome:
    """POST an operation. `renew`: with a new access token; `most_bytes`: of the answer."""

    async def post_it(token: SecretStr) -> Answer | Unanswered:
        return await _post(access, operation, body, token, most_bytes)

    return await ask_with_token(
        post_it,
        access.tokens,
        access.connection,
        access.grant,
        secrets=(access.credentials.developer_token,),
        refuses=wants_new_token,
        renew=renew,
    )


async def _post(
    access: Access, operation: str, body: Body, token: SecretStr, most_bytes: int
) -> Answer | Unanswered:
    endpoint = access.connection.endpoint
    return await post(
        access.connection.http,
        f"{endpoint.base_url}/CampaignManagement/{endpoint.api_version}/{operation}",
        json_bytes(body),
        headers={
            "Authorization": f"Bearer {token.get_secret_value()}",
            "DeveloperToken": access.credentials.developer_token.get_secret_value(),
            "CustomerId": access.settings.customer_id,
            "CustomerAccountId": access.settings.account_id,
        },
        most_bytes=most_bytes,
        wire=access.wire,
    )
