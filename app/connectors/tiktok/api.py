"""What is known of TikTok's Events API 2.0.

Sources, read 2026-11-23: https://business-api.tiktok.com/portal/docs?id=1771100865818625 (events),
https://ads.tiktok.com/help/article/event-deduplication (48 hours, also between two copies through the API).
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

from app.connectors.base import Batch, PlatformFacts
from app.values import Platform

Mode = Literal["crm", "web", "offline"]
"""TikTok's own words for the source of an event; it also has `app`, which has no leads."""

FACTS = PlatformFacts(
    platform=Platform.TIKTOK,
    title="TikTok",
    base_url="https://business-api.tiktok.com",
    # The version of the whole Business API; Events API 2.0 is a part of it.
    api_version="v1.3",
    token_url=None,
    docs_url="https://business-api.tiktok.com/portal/docs?id=1771100865818625",
    read_on=date(2026, 11, 23),
    sunset_on=None,
    # By event and event_id.
    resend_safe_for=timedelta(hours=48),
    can_restate=False,
    can_retract=False,
    # TikTok keeps nothing that carries a test code, as a partner says:
    # https://community.commandersact.com/platform-x/features/destinations/destinations-catalog/tiktok/tiktok,
    # read 2026-11-27.
    counts_tests=False,
    max_concurrency=8,
    # 1,000 a second for this endpoint in every plan, as implementers list it.
    requests_per_minute=60_000,
    batch=Batch(most=1000, keys=("data",)),
)

EVENT_WINDOWS: Mapping[Mode, timedelta] = {
    # Weak: no page that could be read names a limit, a partner names 28 days for all kinds, but the click id
    # is said to be valid for 7 days only.
    "web": timedelta(days=7),
    # Good: a partner's documentation, and the longest click attribution there is: older ones match no ad.
    "offline": timedelta(days=28),
    # A guess on the safe side: no page names a limit, so that of offline events is kept.
    "crm": timedelta(days=28),
}
"""After the event."""
