"""What is known of webhooks: they are the user's own, so most of it is decided here.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, read
2026-11-23: "Verifying signatures" (consumers know copies by `webhook-id`), "Deliverability and reliability".
"""

from datetime import date, timedelta

from app.connectors.base import PlatformFacts
from app.values import Platform

DELIVER_FOR = timedelta(days=30)
"""How long a conversion is offered to a receiver that does not take it: long enough to mend anything."""

FACTS = PlatformFacts(
    platform=Platform.WEBHOOK,
    title="Webhook",
    # Every integration has an address of its own.
    base_url="",
    api_version="",
    token_url=None,
    docs_url="https://www.standardwebhooks.com",
    read_on=date(2026, 11, 23),
    sunset_on=None,
    # The specification sends copies under one id for days, and leaves open how long consumers remember it:
    # docs/platforms/webhook.md asks them to for as long as copies may come, or to go by `eventId`. Sending no
    # copy would lose what a receiver never got, which is worse in a system of one's own.
    resend_safe_for=DELIVER_FOR,
    can_restate=True,
    can_retract=True,
    # docs/platforms/webhook.md asks receivers not to.
    counts_tests=False,
    # It may be a small machine.
    max_concurrency=4,
    requests_per_minute=None,
    # The specification has one event a request.
    batch=None,
    # The receiver would see it as an event.
    probe_every=None,
    # A receiver that keeps a row for each event, as docs/platforms/webhook.md advises, has none to change.
    restates_unknown=False,
)
