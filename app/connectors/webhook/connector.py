"""A webhook as one object."""

from datetime import datetime

from pydantic import BaseModel

from app.connectors.base import Assessment, Body, Connection, Conversion, Outcome
from app.connectors.fields import narrowed
from app.connectors.http import Wire
from app.connectors.webhook import addresses, client, payload, probe, requirements
from app.connectors.webhook.api import FACTS
from app.connectors.webhook.settings import WebhookCredentials, WebhookSettings
from app.tables.leads import LeadRow


class WebhookConnector:
    """Implements `Connector`. `resolve`: finds the addresses of a name."""

    facts = FACTS
    settings_model = WebhookSettings
    credentials_model = WebhookCredentials

    def __init__(self, wire: Wire, *, resolve: addresses.Resolve = addresses.resolve) -> None:
        self._wire = wire
        self._resolve = resolve

    def assess(self, lead: LeadRow, conversion: Conversion, settings: BaseModel, now: datetime) -> Assessment:
        """See requirements.py."""
        return requirements.assess(lead, conversion, narrowed(settings, WebhookSettings), now)

    def build(self, lead: LeadRow, conversion: Conversion, settings: BaseModel, *, test_mode: bool) -> Body:
        """See payload.py. In test mode the message says so."""
        return payload.build(lead, conversion, narrowed(settings, WebhookSettings), test_mode=test_mode)

    def redact(self, body: Body) -> Body:
        """See payload.py."""
        return payload.redact(body)

    async def send(self, connection: Connection, body: Body) -> Outcome:
        """See client.py."""
        return await client.send(connection, body, wire=self._wire, resolve=self._resolve)

    async def probe(self, connection: Connection, target: str | None) -> Outcome:  # noqa: ARG002 - any type is one
        """See probe.py."""
        return await probe.probe(connection, wire=self._wire, resolve=self._resolve)
