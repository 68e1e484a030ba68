"""What is known of Google Analytics' Measurement Protocol.

Sources, read 2026-11-23: https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference
and .../ga4/sending-events. Data that must be collected in the EU goes to
https://region1.google-analytics.com: set the base URL.
"""

from datetime import date, timedelta

from app.connectors.base import PlatformFacts
from app.values import Platform

FACTS = PlatformFacts(
    platform=Platform.GA4,
    title="Google Analytics",
    base_url="https://www.google-analytics.com",
    api_version="",
    token_url=None,
    docs_url="https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference",
    read_on=date(2026, 11, 23),
    sunset_on=None,
    # Every copy counts: only `purchase` events are told apart by their transaction_id.
    resend_safe_for=timedelta(0),
    can_restate=False,
    can_retract=False,
    # `debug_mode` shows an event in DebugView; it is counted like any other.
    counts_tests=True,
    # No limit is published. So many may be unconfirmed after a crash, and each takes one event.
    max_concurrency=16,
    requests_per_minute=None,
    # No `batch`: a request belongs to one client_id, so to one person.
    #
    # A probe would say nothing of a secret that has been deleted.
    probe_every=None,
)

EVENT_WINDOW = timedelta(hours=72)
"""After the event: "Events can be backdated up to 72 hours"."""

RESERVED_EVENTS = frozenset(
    {
        "ad_activeview",
        "ad_click",
        "ad_exposure",
        "ad_impression",
        "ad_query",
        "ad_reward",
        "adunit_exposure",
        "app_clear_data",
        "app_exception",
        "app_install",
        "app_remove",
        "app_store_refund",
        "app_update",
        "app_upgrade",
        "dynamic_link_app_open",
        "dynamic_link_app_update",
        "dynamic_link_first_open",
        "error",
        "firebase_campaign",
        "firebase_in_app_message_action",
        "firebase_in_app_message_dismiss",
        "firebase_in_app_message_impression",
        "first_open",
        "first_visit",
        "in_app_purchase",
        "notification_dismiss",
        "notification_foreground",
        "notification_open",
        "notification_receive",
        "notification_send",
        "os_update",
        "screen_view",
        "session_start",
        "user_engagement",
    }
)
"""Names that are dropped for a website, without a word: reference, "Reserved event names"."""
