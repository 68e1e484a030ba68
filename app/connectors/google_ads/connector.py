"""Google Ads as one object."""

from datetime import datetime

from pydantic import BaseModel

from app.connectors.base import Assessment, Body, Connection, Conversion, Outcome, Verdict
from app.connectors.fields import narrowed
from app.connectors.google_ads import client, payload, probe, requirements, verdicts
from app.connectors.google_ads.api import FACTS
from app.connectors.google_ads.settings import GoogleAdsCredentials, GoogleAdsSettings
from app.connectors.http import Wire
from app.connectors.oauth import TokenCache
from app.tables.leads import LeadRow
from app.values import DeliveryKind


class GoogleAdsConnector:
    """Implements `VerdictConnector`. Keeps the access tokens of its connections."""

    facts = FACTS
    settings_model = GoogleAdsSettings
    credentials_model = GoogleAdsCredentials

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._tokens = TokenCache(title=FACTS.title, wire=wire)

    def assess(self, lead: LeadRow, conversion: Conversion, settings: BaseModel, now: datetime) -> Assessment:
        """See requirements.py."""
        return requirements.assess(lead, conversion, narrowed(settings, GoogleAdsSettings), now)

    def build(self, lead: LeadRow, conversion: Conversion, settings: BaseModel, *, test_mode: bool) -> Body:
        """See payload.py. In test mode Google checks the request and records nothing."""
        return payload.build(lead, conversion, narrowed(settings, GoogleAdsSettings), test_mode=test_mode)

    def redact(self, body: Body) -> Body:
        """See payload.py."""
        return payload.redact(body)

    async def send(self, connection: Connection, body: Body) -> Outcome:
        """See client.py."""
        return await client.send(self._access(connection), body)

    async def probe(self, connection: Connection, target: str | None) -> Outcome:
        """See probe.py."""
        return await probe.probe(self._access(connection), target)

    async def verdict(self, connection: Connection, request_id: str, kind: DeliveryKind) -> Verdict:
        """See verdicts.py."""
        return await verdicts.verdict(self._access(connection), request_id, kind)

    def _access(self, connection: Connection) -> client.Access:
        return client.Access(connection=connection, tokens=self._tokens, wire=self._wire)
