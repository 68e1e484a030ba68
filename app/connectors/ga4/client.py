"""One attempt at mp/collect."""

import httpx

from app.connectors.base import Body, Connection, Outcome
from app.connectors.catalogue import unanswered
from app.connectors.ga4.api import FACTS
from app.connectors.ga4.outcomes import read
from app.connectors.ga4.settings import Ga4Credentials, Ga4Settings
from app.connectors.http import Unanswered, Wire, json_bytes, post
from app.connectors.redaction import Redaction


async def send(
    connection: Connection, settings: Ga4Settings, credentials: Ga4Credentials, body: Body, *, wire: Wire
) -> Outcome:
    """Send the event. The protocol takes its secret only in the address: http.py keeps that out of logs."""
    secret = credentials.api_secret.get_secret_value()
    answer = await post(
        connection.http,
        _address(connection.endpoint.base_url, settings.measurement_id, secret),
        json_bytes(body),
        wire=wire,
    )
    if isinstance(answer, Unanswered):
        return unanswered(answer, title=FACTS.title)
    return read(answer, Redaction(secret))


def _address(base_url: str, measurement_id: str, secret: str) -> str:
    query = httpx.QueryParams({"measurement_id": measurement_id, "api_secret": secret})
    return f"{base_url}/mp/collect?{query}"
