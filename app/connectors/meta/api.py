"""What is known of Meta's Conversions API.

Sources, read 2026-11-23:
https://developers.facebook.com/documentation/ads-commerce/conversions-api/using-the-api,
.../parameters/server-event (times, deduplication), .../parameters/fbp-and-fbc (the click id).
"""

from datetime import date, timedelta

from app.connectors.base import Batch, PlatformFacts
from app.values import Platform

FACTS = PlatformFacts(
    platform=Platform.META,
    title="Meta",
    base_url="https://graph.facebook.com",
    # Of 29 July 2026; versions live about two years.
    api_version="v26.0",
    token_url=None,
    docs_url="https://developers.facebook.com/documentation/ads-commerce/conversions-api/using-the-api",
    read_on=date(2026, 11, 23),
    sunset_on=None,
    # By event_id and event_name.
    resend_safe_for=timedelta(hours=48),
    can_restate=False,
    can_retract=False,
    # Test events show under "Test events", and are not said to be thrown away.
    counts_tests=True,
    max_concurrency=8,
    requests_per_minute=None,
    # All or nothing: one event that is refused refuses the request.
    batch=Batch(most=1000, keys=("data",)),
    # Of the Marketing API's table: .../ads-commerce/marketing-api/marketing-api-changelog/versions, read
    # 2026-11-23. The Graph API's own dates are later, but the Conversions API counts as one of the Marketing
    # API's endpoints (https://developers.facebook.com/blog, 2021-09-14), and refuses versions as they do.
    sunsets={
        "v21.0": date(2025, 9, 9),
        "v22.0": date(2026, 2, 19),
        "v23.0": date(2026, 6, 9),
        "v24.0": date(2026, 10, 6),
    },
)

EVENT_WINDOW = timedelta(days=7)
"""After the event. One older event refuses the whole request."""
CLICK_LIFE = timedelta(days=90)
"""The life Meta recommends for the cookie of the click; an older one is not sent."""
