"""What Google Analytics needs of a lead, and when. Pure. Strict, because it never says what it drops."""

import re
from collections.abc import Iterator
from datetime import datetime

from app.connectors.assessing import conclude, currency_findings, skips, unknown_consent_finding, warns
from app.connectors.base import Assessment, Consent, Conversion, Finding
from app.connectors.ga4.api import EVENT_WINDOW, FACTS, RESERVED_EVENTS
from app.connectors.ga4.normalise import client_id
from app.connectors.ga4.settings import Ga4Settings
from app.tables.leads import LeadRow
from app.values import ConsentState, WarningCode

_EVENT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_RESERVED_PREFIXES = ("ga_", "google_", "firebase_", "gtag.")
_CLIENT_ID = re.compile(r"[0-9]+\.[0-9]+")
"""Two positive numbers, joined by a period: reference, `client_id`."""


def assess(lead: LeadRow, conversion: Conversion, settings: Ga4Settings, now: datetime) -> Assessment:
    """All that keeps this conversion from being sent or makes it weaker."""
    expires_at = conversion.event_at + EVENT_WINDOW
    findings = [
        *_target(conversion),
        *_client(lead),
        *currency_findings(conversion),
        *_consent(conversion.consent, settings),
        *_time(expires_at, now),
        *_session(lead),
    ]
    return conclude(findings, now=now, send_at=conversion.event_at, expires_at=expires_at)


def _target(conversion: Conversion) -> Iterator[Finding]:
    """Names: https://support.google.com/analytics/answer/13316687, read 2026-11-23."""
    name = conversion.target.strip()
    reserved = name in RESERVED_EVENTS or name.lower().startswith(_RESERVED_PREFIXES)
    if reserved or not _EVENT_NAME.fullmatch(name):
        reason = (
            "This label is not mapped to a name that Google Analytics takes: up to 40 letters, digits and "
            "underscores, "
            "beginning with a letter, such as close_convert_lead, and not one of its own names."
        )
        yield skips(WarningCode.NOT_MAPPED, "target", reason)


def _client(lead: LeadRow) -> Iterator[Finding]:
    known = client_id(lead.ga_client_id or "")
    if known is None:
        reason = (
            "No Google Analytics client id (gaClientId) is known for this lead, so Analytics cannot tell "
            "whose "
            "conversion it is. Send the value of the cookie _ga with createLead."
        )
        yield skips(WarningCode.MISSING_IDENTIFIER, "gaClientId", reason)
    elif not _CLIENT_ID.fullmatch(known):
        reason = (
            "The Google Analytics client id (gaClientId) does not have its usual form, "
            "123456789.1700000000, so "
            "Analytics may drop the conversion without saying so."
        )
        yield warns(WarningCode.MISSING_IDENTIFIER, "gaClientId", reason)


def _consent(consent: Consent, settings: Ga4Settings) -> Iterator[Finding]:
    """Analytics may count what may not be used for advertising; the event then says so itself."""
    denied = ConsentState.DENIED
    refused_ads = consent.ad_user_data is denied and consent.ad_personalization is denied
    code = WarningCode.CONSENT_DENIED
    if consent.analytics_storage is denied:
        reason = "The person refused that their visit is measured, so nothing is sent to Google Analytics."
        yield skips(code, "analyticsStorage", reason)
    elif consent.analytics_storage is None and refused_ads:
        reason = (
            "The person refused all use for advertising and it is not known whether they agreed to be "
            "measured, so "
            "nothing is sent to Google Analytics."
        )
        yield skips(code, "adUserData", reason)
    elif consent.analytics_storage is None and consent.ad_user_data is None:
        yield unknown_consent_finding("analyticsStorage", settings.unknown_consent, title=FACTS.title)


def _time(expires_at: datetime, now: datetime) -> Iterator[Finding]:
    if now >= expires_at:
        reason = "It happened more than 72 hours ago, and Google Analytics takes nothing older."
        yield skips(WarningCode.OUTSIDE_TIME_WINDOW, "occurredAt", reason)


def _session(lead: LeadRow) -> Iterator[Finding]:
    if not (lead.ga_session_id or "").strip():
        reason = (
            "No Google Analytics session id (gaSessionId) is known, so the conversion is not connected "
            "with the visit "
            "and its source."
        )
        yield warns(WarningCode.MISSING_FIELD, "gaSessionId", reason)
