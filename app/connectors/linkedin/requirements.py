"""What LinkedIn needs of a lead, and when. Pure."""

from collections.abc import Iterator
from datetime import datetime

from app.connectors.assessing import (
    advertising_consent_findings,
    conclude,
    currency_findings,
    skips,
    unusable_contacts,
    warns,
)
from app.connectors.base import Assessment, Conversion, Finding
from app.connectors.linkedin.api import EVENT_WINDOW, FACTS
from app.connectors.linkedin.payload import rule_id, user
from app.connectors.linkedin.settings import LinkedInSettings
from app.tables.leads import LeadRow
from app.values import WarningCode


def assess(lead: LeadRow, conversion: Conversion, settings: LinkedInSettings, now: datetime) -> Assessment:
    """All that keeps this conversion from being sent or makes it weaker."""
    expires_at = conversion.event_at + EVENT_WINDOW
    findings = [
        *_target(conversion),
        *_identifiers(lead, settings),
        *currency_findings(conversion),
        *advertising_consent_findings(conversion.consent, settings.unknown_consent, title=FACTS.title),
        *_times(expires_at, now),
    ]
    return conclude(findings, now=now, send_at=conversion.event_at, expires_at=expires_at)


def _target(conversion: Conversion) -> Iterator[Finding]:
    if rule_id(conversion.target) is None:
        reason = (
            "This label is not mapped to a LinkedIn conversion rule: its number, or "
            "urn:lla:llaPartnerConversion: and its number."
        )
        yield skips(WarningCode.NOT_MAPPED, "target", reason)


def _identifiers(lead: LeadRow, settings: LinkedInSettings) -> Iterator[Finding]:
    known = user(lead, settings)
    if known["userIds"]:
        return
    missing = WarningCode.MISSING_IDENTIFIER
    if "userInfo" in known:
        reason = (
            "Neither LinkedIn's click id (li_fat_id) nor an e-mail address is known, so LinkedIn goes by the "
            "name alone and recognises few of these people."
        )
        yield warns(missing, "liFatId", reason)
    else:
        names = " nor first and last name" if settings.user_data else ""
        reason = (
            f"Neither LinkedIn's click id (li_fat_id) nor an e-mail address{names} is known for this lead, "
            "so LinkedIn cannot recognise it. Complete the lead and change its status again."
            f"{unusable_contacts(lead, phone=False)}"
        )
        yield skips(missing, "liFatId", reason)


def _times(expires_at: datetime, now: datetime) -> Iterator[Finding]:
    if now >= expires_at:
        reason = "It happened more than 90 days ago, and LinkedIn takes nothing older."
        yield skips(WarningCode.OUTSIDE_TIME_WINDOW, "occurredAt", reason)
