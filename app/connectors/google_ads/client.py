"""Requests to the Data Manager API, each with an access token, or the outcome that says why there is none."""

from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from app.connectors.authorized import Told, ask_with_token
from app.connectors.base import Body, Connection, Outcome
from app.connectors.fields import narrowed
from app.connectors.google_ads.api import FACTS
from app.connectors.google_ads.outcomes import read
from app.connectors.google_ads.payload import redact
from app.connectors.google_ads.settings import GoogleAdsCredentials
from app.connectors.http import Answer, Unanswered, Wire, get, json_bytes, post
from app.connectors.oauth import Grant, TokenCache


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One connection with what its requests are made with."""

    connection: Connection
    tokens: TokenCache
    wire: Wire

    @property
    def grant(self) -> Grant:
        """What its access tokens are asked for with."""
        credentials = narrowed(self.connection.credentials, GoogleAdsCredentials)
        return Grant(
            token_url=self.connection.endpoint.token_url or FACTS.token_url or "",
            client_id=credentials.client_id,
            client_secret=credentials.client_secret,
            refresh_token=credentials.refresh_token,
        )

    def url(self, method: str) -> str:
        """The address of a method, such as events:ingest."""
        endpoint = self.connection.endpoint
        return f"{endpoint.base_url}/{endpoint.api_version}/{method}"


async def send(access: Access, body: Body) -> Outcome:
    """One attempt at events:ingest."""
    told = await ingest(access, body)
    if isinstance(told, Outcome):
        return told
    redaction = told.redaction.of_answer_to(body, redact(body))
    return read(told.answer, redaction, validate_only=body.get("validateOnly") is True)


async def ingest(access: Access, body: Body, *, renew: bool = False) -> Told | Outcome:
    """POST events:ingest. `renew`: with a new access token."""

    async def ask(token: SecretStr) -> Answer | Unanswered:
        url, content = access.url("events:ingest"), json_bytes(body)
        return await post(access.connection.http, url, content, headers=_bearer(token), wire=access.wire)

    return await ask_with_token(ask, access.tokens, access.connection, access.grant, renew=renew)


async def request_status(access: Access, request_id: str, *, renew: bool = False) -> Told | Outcome:
    """GET requestStatus:retrieve. `renew`: with a new access token."""
    query = httpx.QueryParams({"requestId": request_id})

    async def ask(token: SecretStr) -> Answer | Unanswered:
        url = f"{access.url('requestStatus:retrieve')}?{query}"
        return await get(access.connection.http, url, headers=_bearer(token), wire=access.wire)

    return await ask_with_token(ask, access.tokens, access.connection, access.grant, renew=renew)


def _bearer(token: SecretStr) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.get_secret_value()}"}
