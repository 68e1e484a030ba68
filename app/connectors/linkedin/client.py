"""Requests to LinkedIn, each with an access token that works, or the outcome that says why not."""

from dataclasses import dataclass
from urllib.parse import quote

from pydantic import SecretStr

from app.connectors.authorized import Ask, Told, ask_with_token, told
from app.connectors.base import Body, Connection, Outcome, OutcomeKind
from app.connectors.fields import narrowed
from app.connectors.http import Answer, Unanswered, Wire, get, json_bytes, post
from app.connectors.linkedin.api import FACTS, PROTOCOL_VERSION
from app.connectors.linkedin.outcomes import read
from app.connectors.linkedin.payload import redact
from app.connectors.linkedin.settings import LinkedInCredentials, LinkedInSettings
from app.connectors.oauth import Grant, TokenCache

NO_TEST_MODE = Outcome(
    kind=OutcomeKind.CONFIGURATION,
    code="NO_TEST_MODE",
    message="The integration is in test mode, but LinkedIn knows no tests and would count the conversion. "
    "Switch test mode off.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One connection with what its requests are made with."""

    connection: Connection
    tokens: TokenCache
    wire: Wire

    @property
    def credentials(self) -> LinkedInCredentials:
        """The connection's own."""
        return narrowed(self.connection.credentials, LinkedInCredentials)

    @property
    def grant(self) -> Grant | None:
        """What its access tokens are asked for with; None: there is nothing but the access token."""
        credentials = self.credentials
        client_id, secret = credentials.client_id, credentials.client_secret
        if client_id is None or secret is None or credentials.refresh_token is None:
            return None
        return Grant(
            token_url=self.connection.endpoint.token_url or FACTS.token_url or "",
            client_id=client_id,
            client_secret=secret,
            refresh_token=credentials.refresh_token,
        )

    @property
    def account(self) -> str:
        """The ad account's URN, as it stands in an address."""
        settings = narrowed(self.connection.settings, LinkedInSettings)
        return quote(f"urn:li:sponsoredAccount:{settings.ad_account_id}", safe="")


async def send(access: Access, body: Body) -> Outcome:
    """One attempt at conversionEvents, with all events of the body."""
    connection = access.connection
    if connection.test_mode:
        return NO_TEST_MODE

    async def ask(token: SecretStr) -> Answer | Unanswered:
        url = f"{connection.endpoint.base_url}/rest/conversionEvents"
        headers = {**_headers(access, token), "X-RestLi-Method": "BATCH_CREATE"}
        return await post(connection.http, url, json_bytes(body), headers=headers, wire=access.wire)

    found = await _told(access, ask, renew=False)
    if isinstance(found, Outcome):
        return found
    redaction = found.redaction.of_answer_to(body, redact(body))
    return read(found.answer, redaction, count=len(body["elements"]))


async def look_up(access: Access, path: str) -> Told | Outcome:
    """GET an address below /rest/, with a new access token where one can be fetched."""
    connection = access.connection

    async def ask(token: SecretStr) -> Answer | Unanswered:
        url = f"{connection.endpoint.base_url}/rest/{path}"
        return await get(connection.http, url, headers=_headers(access, token), wire=access.wire)

    return await _told(access, ask, renew=True)


async def _told(access: Access, ask: Ask, *, renew: bool) -> Told | Outcome:
    """What LinkedIn says; without a grant there is nothing but the access token."""
    given, grant = access.credentials.access_token, access.grant
    if grant is not None:
        secrets = () if given is None else (given,)
        return await ask_with_token(
            ask, access.tokens, access.connection, grant, secrets=secrets, renew=renew
        )
    # The credentials' own validator: without a grant there is an access token.
    token = given or SecretStr("")
    return told(await ask(token), token, title=FACTS.title)


def _headers(access: Access, token: SecretStr) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token.get_secret_value()}",
        "LinkedIn-Version": access.connection.endpoint.api_version,
        "X-Restli-Protocol-Version": PROTOCOL_VERSION,
    }
