"""Requests to LinkedIn, each with an access token that works, or the outcome that says why not."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from pydantic import SecretStr

from app.connectors.base import Body, Connection, Outcome, OutcomeKind
from app.connectors.catalogue import unanswered
from app.connectors.fields import narrowed
from app.connectors.http import Answer, Unanswered, Wire, get, json_bytes, post
from app.connectors.linkedin.api import FACTS, PROTOCOL_VERSION
from app.connectors.linkedin.outcomes import read
from app.connectors.linkedin.settings import LinkedInCredentials, LinkedInSettings
from app.connectors.oauth import Grant, TokenCache
from app.connectors.redaction import Redaction

_UNAUTHORIZED = 401

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
    def account(self) -> str:
        """The ad account's URN, as it stands in an address."""
        settings = narrowed(self.connection.settings, LinkedInSettings)
        return quote(f"urn:li:sponsoredAccount:{settings.ad_account_id}", safe="")


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, and what must not be repeated of it."""

    answer: Answer
    redaction: Redaction


Ask = Callable[[Mapping[str, str]], Awaitable[Answer | Unanswered]]
"""One request with these headers."""


async def send(access: Access, body: Body) -> Outcome:
    """One attempt at conversionEvents, with all events of the body."""
    credentials, connection = access.credentials, access.connection
    if connection.test_mode:
        return NO_TEST_MODE

    async def ask(headers: Mapping[str, str]) -> Answer | Unanswered:
        url = f"{connection.endpoint.base_url}/rest/conversionEvents"
        headers = {**headers, "X-RestLi-Method": "BATCH_CREATE"}
        return await post(connection.http, url, json_bytes(body), headers=headers, wire=access.wire)

    told = await _told(access, credentials, ask, renew=False)
    if isinstance(told, Outcome):
        return told
    return read(told.answer, told.redaction, count=len(body["elements"]))


async def look_up(access: Access, path: str) -> Told | Outcome:
    """GET an address below /rest/, with a new access token where one can be fetched."""
    connection = access.connection

    async def ask(headers: Mapping[str, str]) -> Answer | Unanswered:
        return await get(
            connection.http, f"{connection.endpoint.base_url}/rest/{path}", headers=headers, wire=access.wire
        )

    return await _told(access, access.credentials, ask, renew=True)


async def _told(access: Access, credentials: LinkedInCredentials, ask: Ask, *, renew: bool) -> Told | Outcome:
    """What LinkedIn says; when the access token is refused, once more with a new one, if one can be had."""
    grant = _grant(access.connection, credentials)
    token = await _token(access, credentials, grant, renew=renew)
    if isinstance(token, Outcome):
        return token
    answer = await ask(_headers(access, token))
    if isinstance(answer, Answer) and answer.status == _UNAUTHORIZED and grant is not None and not renew:
        connection = access.connection
        token = await access.tokens.token(
            connection.integration_id, grant, connection.http, refused=token, renewals=connection.renewals
        )
        if isinstance(token, Outcome):
            return token
        answer = await ask(_headers(access, token))
    if isinstance(answer, Unanswered):
        return unanswered(answer, title=FACTS.title)
    secrets = (token, credentials.access_token, credentials.client_secret, credentials.refresh_token)
    return Told(answer, Redaction(*(secret.get_secret_value() for secret in secrets if secret)))


def _grant(connection: Connection, credentials: LinkedInCredentials) -> Grant | None:
    """None: there is nothing but the access token."""
    client_id, secret, refresh = credentials.client_id, credentials.client_secret, credentials.refresh_token
    if client_id is None or secret is None or refresh is None:
        return None
    return Grant(
        token_url=connection.endpoint.token_url or FACTS.token_url or "",
        client_id=client_id,
        client_secret=secret,
        refresh_token=refresh,
    )


async def _token(
    access: Access, credentials: LinkedInCredentials, grant: Grant | None, *, renew: bool
) -> SecretStr | Outcome:
    if grant is None:
        # The credentials' own validator: without a grant there is an access token.
        return credentials.access_token or SecretStr("")
    connection = access.connection
    return await access.tokens.token(
        connection.integration_id, grant, connection.http, renew=renew, renewals=connection.renewals
    )


def _headers(access: Access, token: SecretStr) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token.get_secret_value()}",
        "LinkedIn-Version": access.connection.endpoint.api_version,
        "X-Restli-Protocol-Version": PROTOCOL_VERSION,
    }
