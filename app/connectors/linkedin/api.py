"""What is known of LinkedIn's Conversions API.

Sources, read 2026-11-23, all below https://learn.microsoft.com/en-us/linkedin/marketing/:
integrations/ads-reporting/conversions-api (method), .../conversions-api-schema (fields),
conversions/conversions-faq (limits), conversions/deduplication and versioning.
"""

from datetime import date, timedelta

from app.connectors.base import Batch, PlatformFacts
from app.values import Platform

_ENDS = {
    "202508": date(2026, 8, 17),
    "202511": date(2026, 11, 16),
    # Announced for 202601, inferred for the rest: a version is promised 12 months, and those before ended in
    # the middle of their month.
    "202512": date(2026, 12, 15),
    **{f"2026{month:02d}": date(2027, month, 15) for month in range(1, 12)},
}
"""When versions stop answering, or did."""
_VERSION = "202607"

FACTS = PlatformFacts(
    platform=Platform.LINKEDIN,
    title="LinkedIn",
    base_url="https://api.linkedin.com",
    # The header LinkedIn-Version.
    api_version=_VERSION,
    token_url="https://www.linkedin.com/oauth/v2/accessToken",  # noqa: S106 - an address
    docs_url="https://learn.microsoft.com/en-us/linkedin/marketing/integrations/ads-reporting/conversions-api",
    read_on=date(2026, 11, 23),
    # Inferred, see above: no date is announced yet.
    sunset_on=_ENDS[_VERSION],
    sunsets=_ENDS,
    # The documentation speaks of eventId only between the Insight Tag and this API. That a second copy from a
    # server is recognised is said nowhere, so after an attempt that may have arrived a person decides.
    resend_safe_for=timedelta(0),
    can_restate=False,
    can_retract=False,
    max_concurrency=4,
    # For each member's token; and 300,000 a day.
    requests_per_minute=600,
    # LinkedIn takes 5,000. A batch whose answer is lost is uncertain as a whole, so fewer go together; even
    # so a minute has room for 60,000 events.
    batch=Batch(most=100, keys=("elements",)),
)

EVENT_WINDOW = timedelta(days=90)
"""After the event; one older event refuses the whole request."""
PROTOCOL_VERSION = "2.0.0"
"""The header X-Restli-Protocol-Version."""
