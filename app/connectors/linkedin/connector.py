"""LinkedIn as one object."""

from datetime import datetime

from pydantic import BaseModel

from app.connectors.base import Assessment, Body, Connection, Conversion, Outcome
from app.connectors.fields import narrowed
from app.connectors.http import Wire
from app.connectors.linkedin import client, payload, probe, requirements
from app.connectors.linkedin.api import FACTS
from app.connectors.linkedin.settings import LinkedInCredentials, LinkedInSettings
from app.connectors.oauth import TokenCache
from app.tables.leads import LeadRow


class LinkedInConnector:
    """Implements `Connector`. Keeps the access tokens of its connections."""

    facts = FACTS
    settings_model = LinkedInSettings
    credentials_model = LinkedInCredentials

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._tokens = TokenCache(title=FACTS.title, wire=wire)

    def assess(self, lead: LeadRow, conversion: Conversion, settings: BaseModel, now: datetime) -> Assessment:
        """See requirements.py."""
        return requirements.assess(lead, conversion, narrowed(settings, LinkedInSettings), now)

    def build(self, lead: LeadRow, conversion: Conversion, settings: BaseModel, *, test_mode: bool) -> Body:  # noqa: ARG002 - LinkedIn has no tests
        """See payload.py. In test mode the same: nothing is sent then."""
        return payload.build(lead, conversion, narrowed(settings, LinkedInSettings))

    def redact(self, body: Body) -> Body:
        """See payload.py."""
        return payload.redact(body)

    async def send(self, connection: Connection, body: Body) -> Outcome:
        """See client.py."""
        return await client.send(self._access(connection), body)

    async def probe(self, connection: Connection, target: str | None) -> Outcome:
        """See probe.py."""
        return await probe.probe(self._access(connection), target)

    def _access(self, connection: Connection) -> client.Access:
        return client.Access(connection=connection, tokens=self._tokens, wire=self._wire)
