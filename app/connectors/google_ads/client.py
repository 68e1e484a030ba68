"""One attempt at events:ingest."""

from pydantic import SecretStr

from app.connectors.base import Body, Connection, Outcome
from app.connectors.catalogue import unanswered
from app.connectors.google_ads.api import FACTS
from app.connectors.google_ads.outcomes import read
from app.connectors.google_ads.settings import GoogleAdsCredentials
from app.connectors.http import Answer, Unanswered, Wire, json_bytes, post
from app.connectors.oauth import Grant, TokenCache
from app.connectors.redaction import Redaction

_UNAUTHORIZED = 401


async def send(
    connection: Connection, credentials: GoogleAdsCredentials, body: Body, *, tokens: TokenCache, wire: Wire
) -> Outcome:
    """Send the event; when the access token is refused, once more with a new one."""
    grant = Grant(
        token_url=connection.endpoint.token_url or FACTS.token_url or "",
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
        refresh_token=credentials.refresh_token,
    )
    token = await tokens.token(connection.integration_id, grant, connection.http)
    if isinstance(token, Outcome):
        return token
    answer = await _ingest(connection, body, token, wire)
    if isinstance(answer, Answer) and answer.status == _UNAUTHORIZED:
        token = await tokens.token(connection.integration_id, grant, connection.http, refused=token)
        if isinstance(token, Outcome):
            return token
        answer = await _ingest(connection, body, token, wire)
    if isinstance(answer, Unanswered):
        return unanswered(answer, title=FACTS.title)
    redaction = Redaction(
        token.get_secret_value(),
        credentials.client_secret.get_secret_value(),
        credentials.refresh_token.get_secret_value(),
    )
    return read(answer, redaction, validate_only=body.get("validateOnly") is True)


async def _ingest(connection: Connection, body: Body, token: SecretStr, wire: Wire) -> Answer | Unanswered:
    endpoint = connection.endpoint
    return await post(
        connection.http,
        f"{endpoint.base_url}/{endpoint.api_version}/events:ingest",
        json_bytes(body),
        headers={"Authorization": f"Bearer {token.get_secret_value()}"},
        wire=wire,
    )
