"""What is known of Microsoft's offline conversions.

Sources, all below https://learn.microsoft.com/en-us/advertising and read 2026-11-23:
campaign-management-service/applyofflineconversions (addresses, batches, copies),
campaign-management-service/offlineconversion (times, identifiers),
campaign-management-service/offlineconversionadjustment (restating and retracting).
"""

from datetime import date, timedelta

from app.connectors.base import Batch, PlatformFacts
from app.values import Platform

CONVERSIONS = "OfflineConversions"
ADJUSTMENTS = "OfflineConversionAdjustments"
CONVERSION_SETTLES = timedelta(hours=6)
"""How long Microsoft takes at most to show a conversion. An adjustment of one that it does not know yet would
be dropped without a word (AdjustmentOriginalNotFound)."""

FACTS = PlatformFacts(
    platform=Platform.MICROSOFT_ADS,
    title="Microsoft Ads",
    base_url="https://campaign.api.bingads.microsoft.com",
    api_version="v13",
    token_url="https://login.microsoftonline.com/common/oauth2/v2.0/token",  # noqa: S106 - an address
    docs_url="https://learn.microsoft.com/en-us/advertising/campaign-management-service/applyofflineconversions",
    read_on=date(2026, 11, 23),
    # SOAP, the other flavour of v13, ends on 2027-01-31; nothing is announced for REST.
    sunset_on=None,
    # Only the first conversion of a click id, goal and time is used, all others are ignored; an adjustment
    # that is sent twice says the same twice. Goal and time are frozen, so a copy never counts.
    resend_safe_for=timedelta.max,
    can_restate=True,
    can_retract=True,
    # Calls of a customer are limited by the minute, to a number that is not published: few, but large ones.
    max_concurrency=4,
    requests_per_minute=None,
    batch=Batch(most=1_000, keys=(CONVERSIONS, ADJUSTMENTS)),
    settles=CONVERSION_SETTLES,
    # Whatever is said of a conversion that Microsoft does not have is taken, and dropped.
    restates_unknown=False,
)

SCOPE = "https://ads.microsoft.com/msads.manage offline_access"
"""What an access token must be asked for: .../guides/authentication-oauth-get-tokens."""

WINDOW = timedelta(days=90)
"""After the conversion, for whatever is said of it; and after the click, the longest a goal looks back."""
CLICK_SETTLES = timedelta(hours=1)
"""After the click, before a conversion of it is sent: OfflineConversion's page calls it best practice."""
CALLS_RECOVER_S = 60.0
"""After CallRateExceeded: .../guides/handle-service-errors-exceptions."""
GOAL_SETTLES_S = 7_200.0
"""After a goal was created, before it takes conversions."""
