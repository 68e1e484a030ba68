"""Google Analytics 4 as one object."""

from datetime import datetime

from pydantic import BaseModel

from app.connectors.base import Assessment, Body, Connection, Conversion, Outcome
from app.connectors.fields import narrowed
from app.connectors.ga4 import client, payload, probe, requirements
from app.connectors.ga4.api import FACTS
from app.connectors.ga4.settings import Ga4Credentials, Ga4Settings
from app.connectors.http import Wire
from app.tables.leads import LeadRow


class Ga4Connector:
    """Implements `Connector`."""

    facts = FACTS
    settings_model = Ga4Settings
    credentials_model = Ga4Credentials

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def assess(self, lead: LeadRow, conversion: Conversion, settings: BaseModel, now: datetime) -> Assessment:
        """See requirements.py."""
        return requirements.assess(lead, conversion, narrowed(settings, Ga4Settings), now)

    def build(self, lead: LeadRow, conversion: Conversion, settings: BaseModel, *, test_mode: bool) -> Body:
        """See payload.py. In test mode the event shows in DebugView, and counts."""
        return payload.build(lead, conversion, narrowed(settings, Ga4Settings), test_mode=test_mode)

    def redact(self, body: Body) -> Body:
        """See payload.py."""
        return payload.redact(body)

    async def send(self, connection: Connection, body: Body) -> Outcome:
        """See client.py."""
        return await client.send(connection, body, wire=self._wire)

    async def probe(self, connection: Connection, target: str | None) -> Outcome:
        """See probe.py."""
        return await probe.probe(connection, target, self._wire)
