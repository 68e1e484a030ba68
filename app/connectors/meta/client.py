"""Requests to a dataset's events."""

from app.connectors.base import Body, Connection, Outcome, OutcomeKind
from app.connectors.catalogue import unanswered
from app.connectors.fields import narrowed
from app.connectors.http import Unanswered, Wire, json_bytes, post
from app.connectors.meta.api import FACTS
from app.connectors.meta.outcomes import read
from app.connectors.meta.payload import redact
from app.connectors.meta.settings import MetaCredentials, MetaSettings
from app.connectors.redaction import Redaction

NO_TEST_CODE = Outcome(
    kind=OutcomeKind.CONFIGURATION,
    code="NO_TEST_EVENT_CODE",
    message="The integration is in test mode without a testEventCode, so Meta would count the event.",
)


async def send(connection: Connection, body: Body, *, wire: Wire) -> Outcome:
    """Send the event, unless Meta would count what is only a test."""
    if connection.test_mode and "test_event_code" not in body:
        return NO_TEST_CODE
    return await post_events(connection, body, wire=wire)


async def post_events(connection: Connection, body: Body, *, wire: Wire) -> Outcome:
    """POST the body with the token in it, where no log of addresses shows it."""
    settings = narrowed(connection.settings, MetaSettings)
    token = narrowed(connection.credentials, MetaCredentials).access_token.get_secret_value()
    endpoint = connection.endpoint
    answer = await post(
        connection.http,
        f"{endpoint.base_url}/{endpoint.api_version}/{settings.dataset_id}/events",
        json_bytes({**body, "access_token": token}),
        wire=wire,
    )
    if isinstance(answer, Unanswered):
        return unanswered(answer, title=FACTS.title)
    redaction = Redaction(token).of_answer_to(body, redact(body))
    return read(answer, redaction, count=len(body["data"]))
