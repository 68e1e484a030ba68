"""TikTok as one object."""

from datetime import datetime

from pydantic import BaseModel

from app.connectors.base import Assessment, Body, Connection, Conversion, Outcome
from app.connectors.fields import narrowed
from app.connectors.http import Wire
from app.connectors.tiktok import client, payload, probe, requirements
from app.connectors.tiktok.api import FACTS
from app.connectors.tiktok.settings import TikTokCredentials, TikTokSettings
from app.tables.leads import LeadRow


class TikTokConnector:
    """Implements `Connector`."""

    facts = FACTS
    settings_model = TikTokSettings
    credentials_model = TikTokCredentials

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def assess(self, lead: LeadRow, conversion: Conversion, settings: BaseModel, now: datetime) -> Assessment:
        """See requirements.py."""
        return requirements.assess(lead, conversion, narrowed(settings, TikTokSettings), now)

    def build(self, lead: LeadRow, conversion: Conversion, settings: BaseModel, *, test_mode: bool) -> Body:
        """See payload.py. In test mode the event goes to the tab 'Test events'."""
        return payload.build(lead, conversion, narrowed(settings, TikTokSettings), test_mode=test_mode)

    def redact(self, body: Body) -> Body:
        """See payload.py."""
        return payload.redact(body)

    async def send(self, connection: Connection, body: Body) -> Outcome:
        """See client.py."""
        return await client.send(connection, body, wire=self._wire)

    async def probe(self, connection: Connection, target: str | None) -> Outcome:  # noqa: ARG002 - any name is one
        """See probe.py."""
        return await probe.probe(connection, self._wire)
