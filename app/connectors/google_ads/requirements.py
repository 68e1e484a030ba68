"""What Google Ads needs of a lead, and when. Pure."""

from collections.abc import Iterator
from datetime import datetime

from app.connectors.assessing import (
    conclude,
    currency_findings,
    skips,
    unknown_consent_finding,
    unusable_contacts,
    unusable_phone_finding,
    warns,
)
from app.connectors.base import Assessment, Conversion, Finding
from app.connectors.google_ads.api import CLICK_SETTLES, CLICK_WINDOW, FACTS, USER_DATA_WINDOW
from app.connectors.google_ads.payload import click_id, user_identifiers
from app.connectors.google_ads.settings import GoogleAdsSettings
from app.tables.leads import LeadRow
from app.values import ConsentState, WarningCode


def assess(lead: LeadRow, conversion: Conversion, settings: GoogleAdsSettings, now: datetime) -> Assessment:
    """All that keeps this conversion from being sent, delays it or makes it weaker."""
    clicked_at = lead.google_clicked_at if click_id(lead) else None
    window = CLICK_WINDOW if click_id(lead) else USER_DATA_WINDOW
    # A click of unknown time came before the lead, and before what happened.
    expires_at = (clicked_at or min(lead.created_at, conversion.event_at)) + window
    send_at = max(conversion.event_at, clicked_at + CLICK_SETTLES) if clicked_at else conversion.event_at
    findings = [
        *_target(conversion),
        *_identifiers(lead, settings),
        *currency_findings(conversion),
        *_consent(conversion, settings),
        *_window(lead, clicked_at, expires_at, now),
        *_order(conversion, clicked_at),
        *_unusable_phone(lead, settings),
    ]
    return conclude(findings, now=now, send_at=send_at, expires_at=expires_at)


def _target(conversion: Conversion) -> Iterator[Finding]:
    target = conversion.target.strip()
    if not (target.isascii() and target.isdigit()):
        reason = "This label is not mapped to the id of a Google Ads conversion action, which is a number."
        yield skips(WarningCode.NOT_MAPPED, "target", reason)


def _identifiers(lead: LeadRow, settings: GoogleAdsSettings) -> Iterator[Finding]:
    if click_id(lead):
        return
    missing = WarningCode.MISSING_IDENTIFIER
    if not settings.user_data:
        reason = (
            "No Google click id (gclid, gbraid, wbraid) is known for this lead, and this integration "
            "sends no "
            "personal data, so Google cannot match it. Complete the lead and change its status again."
        )
        yield skips(missing, "gclid", reason)
    elif not user_identifiers(lead):
        reason = (
            "No Google click id (gclid, gbraid, wbraid), e-mail, phone or full address is known for this "
            "lead, so Google cannot match it. Complete the lead and change its status again."
            f"{unusable_contacts(lead)}"
        )
        yield skips(missing, "gclid", reason)
    else:
        reason = (
            "No Google click id (gclid, gbraid, wbraid) is known for this lead. Google matches it by "
            "personal data "
            "alone, which finds fewer and needs enhanced conversions for leads to be switched on."
        )
        yield warns(missing, "gclid", reason)


def _consent(conversion: Conversion, settings: GoogleAdsSettings) -> Iterator[Finding]:
    answer = conversion.consent.ad_user_data
    if answer is ConsentState.DENIED:
        reason = (
            "The person refused that their data is used for advertising, so nothing is sent to Google Ads."
        )
        yield skips(WarningCode.CONSENT_DENIED, "adUserData", reason)
    elif answer is None:
        yield unknown_consent_finding("adUserData", settings.unknown_consent, title=FACTS.title)


def _window(
    lead: LeadRow, clicked_at: datetime | None, expires_at: datetime, now: datetime
) -> Iterator[Finding]:
    if now < expires_at:
        return
    if clicked_at:
        counted = f"{CLICK_WINDOW.days} days after the click on the ad."
    elif click_id(lead):
        counted = f"{CLICK_WINDOW.days} days after {_AT_THE_LATEST} The time of the click is not known."
    else:
        counted = f"{USER_DATA_WINDOW.days} days after {_AT_THE_LATEST} Without a click id it takes no older."
    reason = f"It is too late: Google Ads took this until {expires_at:%Y-%m-%d}, {counted}"
    yield skips(WarningCode.OUTSIDE_TIME_WINDOW, None, reason)


_AT_THE_LATEST = "the lead came in or the conversion happened, whichever was first."


def _order(conversion: Conversion, clicked_at: datetime | None) -> Iterator[Finding]:
    # Event times are whole seconds, clicks need not be.
    if clicked_at is not None and conversion.event_at < clicked_at.replace(microsecond=0):
        reason = "It happened before the click on the ad, so Google would not count it. Check occurredAt."
        yield skips(WarningCode.OUTSIDE_TIME_WINDOW, "occurredAt", reason)


def _unusable_phone(lead: LeadRow, settings: GoogleAdsSettings) -> Iterator[Finding]:
    if settings.user_data and lead.phone and not user_identifiers(lead):
        yield unusable_phone_finding()
