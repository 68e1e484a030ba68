"""Which connectors there are."""

from collections.abc import Mapping

from app.connectors.base import Connector
from app.connectors.ga4.connector import Ga4Connector
from app.connectors.google_ads.connector import GoogleAdsConnector
from app.connectors.http import Wire
from app.connectors.linkedin.connector import LinkedInConnector
from app.connectors.meta.connector import MetaConnector
from app.connectors.microsoft_ads.connector import MicrosoftAdsConnector
from app.connectors.tiktok.connector import TikTokConnector
from app.connectors.webhook.connector import WebhookConnector
from app.values import Platform


def build_connectors(wire: Wire | None = None) -> Mapping[Platform, Connector]:
    """All connectors, once for each process: those with OAuth keep their access tokens.

    `wire`: the clock and the time-outs; None: the machine's clock and the usual ones.
    """
    wire = wire or Wire()
    return {
        Platform.GOOGLE_ADS: GoogleAdsConnector(wire),
        Platform.META: MetaConnector(wire),
        Platform.GA4: Ga4Connector(wire),
        Platform.MICROSOFT_ADS: MicrosoftAdsConnector(wire),
        Platform.LINKEDIN: LinkedInConnector(wire),
        Platform.TIKTOK: TikTokConnector(wire),
        Platform.WEBHOOK: WebhookConnector(wire),
    }
