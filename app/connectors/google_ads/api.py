"""What is known of Google's Data Manager API.

Sources, read 2026-11-23: https://developers.google.com/data-manager/api/reference/rest/v1/events/ingest
(method and fields), .../devguides/events/google-ads/offline/send-events (what an offline conversion needs)
and .../devguides/limits.
"""

from datetime import date, timedelta

from app.connectors.base import PlatformFacts
from app.values import Platform

FACTS = PlatformFacts(
    platform=Platform.GOOGLE_ADS,
    title="Google Ads",
    base_url="https://datamanager.googleapis.com",
    api_version="v1",
    token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
    docs_url="https://developers.google.com/data-manager/api/reference/rest/v1/events/ingest",
    read_on=date(2026, 11, 23),
    sunset_on=None,
    # A second copy with the same transactionId replaces the value of the first.
    resend_safe_for=timedelta.max,
    can_restate=True,
    # Restated to 0: the value is gone, the count of conversions stays. The API has no other way
    # (.../devguides/events/google-ads/conversion-adjustments).
    can_retract=True,
    # `validateOnly` looks for errors and carries nothing out (the method's page).
    counts_tests=False,
    max_concurrency=8,
    requests_per_minute=300,
    # No `batch`, though a request takes 2,000 events: what Google finds later it counts by reason and names
    # no event, so only a request for each event gives a verdict on each.
    #
    # There is a status after about 30 minutes, final within 24 hours (.../devguides/diagnostics); after three
    # days nobody waits for it any more.
    verdict_after=(
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=6),
        timedelta(hours=24),
        timedelta(hours=48),
        timedelta(hours=72),
    ),
)

CLICK_WINDOW = timedelta(days=90)
"""After the click, for the upload: https://support.google.com/google-ads/answer/7012522."""
USER_DATA_WINDOW = timedelta(days=63)
"""After the click, where only personal data can match: https://support.google.com/google-ads/answer/13262500."""
CLICK_SETTLES = timedelta(hours=6)
"""A younger click is not known yet: the Google Ads API says so of TOO_RECENT_EVENT, of which Data Manager's
PROCESSING_ERROR_REASON_TOO_RECENT_CLICK is the twin."""

CLICK_IDS = ("gclid", "wbraid", "gbraid")
"""Best first. An offline conversion carries exactly one of them (send-events, above); wbraid is the web's."""
