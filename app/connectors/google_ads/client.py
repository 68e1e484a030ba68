"""Requests to the Data Manager API, each with an access token, or the outcome that says why there is none."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import httpx

from app.connectors.base import Body, Connection, Outcome
from app.connectors.catalogue import unanswered
from app.connectors.fields import narrowed
from app.connectors.google_ads.api import FACTS
from app.connectors.google_ads.outcomes import read
from app.connectors.google_ads.settings import GoogleAdsCredentials
from app.connectors.http import Answer, Unanswered, Wire, get, json_bytes, post
from app.connectors.oauth import Grant, TokenCache
from app.connectors.redaction import Redaction

_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One connection with what its requests are made with."""

    connection: Connection
    tokens: TokenCache
    wire: Wire

    @property
    def credentials(self) -> GoogleAdsCredentials:
        """The connection's own."""
        return narrowed(self.connection.credentials, GoogleAdsCredentials)

    def url(self, method: str) -> str:
        """The address of a method, such as events:ingest."""
        endpoint = self.connection.endpoint
        return f"{endpoint.base_url}/{endpoint.api_version}/{method}"


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, and what must not be repeated of it."""

    answer: Answer
    redaction: Redaction


Ask = Callable[[Mapping[str, str]], Awaitable[Answer | Unanswered]]
"""One request with these headers."""


async def send(access: Access, body: Body) -> Outcome:
    """One attempt at events:ingest."""
    told = await ingest(access, body)
    if isinstance(told, Outcome):
        return told
    return read(told.answer, told.redaction, validate_only=body.get("validateOnly") is True)


async def ingest(access: Access, body: Body, *, renew: bool = False) -> Told | Outcome:
    """POST events:ingest. `renew`: with a new access token."""

    async def ask(headers: Mapping[str, str]) -> Answer | Unanswered:
        url, content = access.url("events:ingest"), json_bytes(body)
        return await post(access.connection.http, url, content, headers=headers, wire=access.wire)

    return await _told(access, ask, renew=renew)


async def request_status(access: Access, request_id: str, *, renew: bool = False) -> Told | Outcome:
    """GET requestStatus:retrieve. `renew`: with a new access token."""
    query = httpx.QueryParams({"requestId": request_id})

    async def ask(headers: Mapping[str, str]) -> Answer | Unanswered:
        url = f"{access.url('requestStatus:retrieve')}?{query}"
        return await get(access.connection.http, url, headers=headers, wire=access.wire)

    return await _told(access, ask, renew=renew)


async def _told(access: Access, ask: Ask, *, renew: bool) -> Told | Outcome:
    """What the API says; when the access token is refused, once more with a new one."""
    credentials, connection = access.credentials, access.connection
    grant = Grant(
        token_url=connection.endpoint.token_url or FACTS.token_url or "",
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
        refresh_token=credentials.refresh_token,
    )
    token = await access.tokens.token(
        connection.integration_id, grant, connection.http, renew=renew, renewals=connection.renewals
    )
    if isinstance(token, Outcome):
        return token
    answer = await ask(_bearer(token.get_secret_value()))
    if isinstance(answer, Answer) and answer.status == _UNAUTHORIZED and not renew:
        token = await access.tokens.token(
            connection.integration_id, grant, connection.http, refused=token, renewals=connection.renewals
        )
        if isinstance(token, Outcome):
            return token
        answer = await ask(_bearer(token.get_secret_value()))
    if isinstance(answer, Unanswered):
        return unanswered(answer, title=FACTS.title)
    secrets = (token, credentials.client_secret, credentials.refresh_token)
    return Told(answer, Redaction(*(secret.get_secret_value() for secret in secrets)))


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
