"""Requests to mp/collect and to its validation twin."""

import httpx

from app.connectors.base import Body, Connection, Outcome
from app.connectors.catalogue import unanswered
from app.connectors.fields import narrowed
from app.connectors.ga4.api import FACTS
from app.connectors.ga4.outcomes import read, read_validation
from app.connectors.ga4.payload import redact
from app.connectors.ga4.settings import Ga4Credentials, Ga4Settings
from app.connectors.http import Answer, Unanswered, Wire, json_bytes, post
from app.connectors.redaction import Redaction


async def send(connection: Connection, body: Body, *, wire: Wire) -> Outcome:
    """One attempt at mp/collect."""
    answer = await _post(connection, "mp/collect", body, wire)
    if isinstance(answer, Unanswered):
        return unanswered(answer, title=FACTS.title)
    return read(answer, _redaction(connection, body))


async def validate(connection: Connection, body: Body, *, wire: Wire) -> Outcome:
    """Let the validation server judge the body: nothing of it is recorded."""
    answer = await _post(connection, "debug/mp/collect", body, wire)
    if isinstance(answer, Unanswered):
        return unanswered(answer, title=FACTS.title)
    return read_validation(answer, _redaction(connection, body))


async def _post(connection: Connection, path: str, body: Body, wire: Wire) -> Answer | Unanswered:
    """The protocol takes its secret only in the address: http.py keeps that out of logs."""
    measurement_id = narrowed(connection.settings, Ga4Settings).measurement_id
    query = httpx.QueryParams({"measurement_id": measurement_id, "api_secret": _secret(connection)})
    url = f"{connection.endpoint.base_url}/{path}?{query}"
    return await post(connection.http, url, json_bytes(body), wire=wire)


def _redaction(connection: Connection, body: Body) -> Redaction:
    return Redaction(_secret(connection)).of_answer_to(body, redact(body))


def _secret(connection: Connection) -> str:
    return narrowed(connection.credentials, Ga4Credentials).api_secret.get_secret_value()
