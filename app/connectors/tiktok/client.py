"""Requests to the endpoint that takes events."""

from app.connectors.base import Body, Connection, Outcome, OutcomeKind
from app.connectors.catalogue import unanswered
from app.connectors.fields import narrowed
from app.connectors.http import Unanswered, Wire, json_bytes, post
from app.connectors.redaction import Redaction
from app.connectors.tiktok.api import FACTS
from app.connectors.tiktok.outcomes import read
from app.connectors.tiktok.payload import redact
from app.connectors.tiktok.settings import TikTokCredentials

NO_TEST_CODE = Outcome(
    kind=OutcomeKind.CONFIGURATION,
    code="NO_TEST_EVENT_CODE",
    message="The integration is in test mode without a testEventCode, so TikTok would count the event.",
)


async def send(connection: Connection, body: Body, *, wire: Wire) -> Outcome:
    """Send the events, unless TikTok would count what is only a test."""
    token = narrowed(connection.credentials, TikTokCredentials).access_token.get_secret_value()
    if connection.test_mode and "test_event_code" not in body:
        return NO_TEST_CODE
    return await post_events(connection, token, body, wire=wire)


async def post_events(connection: Connection, token: str, body: Body, *, wire: Wire) -> Outcome:
    """POST the body. Without the slash at the end of the address TikTok finds nothing there."""
    endpoint = connection.endpoint
    answer = await post(
        connection.http,
        f"{endpoint.base_url}/open_api/{endpoint.api_version}/event/track/",
        json_bytes(body),
        headers={"Access-Token": token},
        wire=wire,
    )
    if isinstance(answer, Unanswered):
        return unanswered(answer, title=FACTS.title)
    redaction = Redaction(token).of_answer_to(body, redact(body))
    return read(answer, redaction, [event["event_id"] for event in body["data"]])
