"""One signed message to a receiver, straight or through the installation's relay."""

from dataclasses import replace

from app.connectors.base import Body, Connection, Outcome
from app.connectors.fields import narrowed
from app.connectors.http import Answer, Unanswered, Wire
from app.connectors.redaction import Redaction
from app.connectors.webhook.addresses import Refused, Resolve, parsed
from app.connectors.webhook.outcomes import not_asked, read, refused
from app.connectors.webhook.payload import redact
from app.connectors.webhook.posting import post_signed
from app.connectors.webhook.settings import WebhookCredentials, WebhookSettings
from app.connectors.webhook.signing import PREFIX

DESTINATION = "Leadwire-Destination"
"""Tells a relay which address the message is for."""


async def send(connection: Connection, body: Body, *, wire: Wire, resolve: Resolve) -> Outcome:
    """One attempt; `body["id"]` is the message's id."""
    secret = narrowed(connection.credentials, WebhookCredentials).signing_secret
    answer = await _post(connection, body, wire=wire, resolve=resolve)
    if isinstance(answer, Refused):
        return refused(answer)
    if isinstance(answer, Unanswered):
        return not_asked(answer)
    whole = secret.get_secret_value()
    redaction = Redaction(whole, whole.removeprefix(PREFIX)).of_answer_to(body, redact(body))
    return read(answer, redaction)


async def _post(
    connection: Connection, body: Body, *, wire: Wire, resolve: Resolve
) -> Answer | Unanswered | Refused:
    address = narrowed(connection.settings, WebhookSettings).url
    headers: dict[str, str] = {}
    if connection.endpoint.base_url:
        relayed = _relayed(address, connection.endpoint.base_url)
        if isinstance(relayed, Refused):
            return relayed
        headers[DESTINATION] = str(parsed(address))
        # Whoever runs the installation chose the relay: it may be anywhere.
        address, wire = relayed, replace(wire, allow_private_addresses=True)
    return await post_signed(
        connection.http,
        address,
        body,
        message_id=body["id"],
        secret=narrowed(connection.credentials, WebhookCredentials).signing_secret,
        wire=wire,
        more_headers=headers,
        resolve=resolve,
    )


def _relayed(address: str, base_url: str) -> str | Refused:
    """The address with another scheme, host and port; a path of the relay's own comes first."""
    try:
        relay = parsed(base_url)
    except ValueError as error:
        return Refused(reason=f"LEADWIRE_WEBHOOK_BASE_URL {error}.")
    path = relay.raw_path.rstrip(b"/") + parsed(address).raw_path
    return str(relay.copy_with(raw_path=path))
