"""What TikTok needs of a lead, and when. Pure."""

from collections.abc import Iterator, Mapping
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
from app.connectors.tiktok.api import EVENT_WINDOWS, FACTS, Mode
from app.connectors.tiktok.payload import page_url, user
from app.connectors.tiktok.settings import TikTokSettings
from app.tables.leads import LeadRow
from app.values import WarningCode

_ENOUGH: Mapping[Mode, frozenset[str]] = {
    "crm": frozenset({"ttclid", "email", "phone", "external_id"}),
    "web": frozenset({"ttclid", "ttp", "email", "phone", "external_id"}),
    # "We only support email or phone": https://ads.tiktok.com/help/article/about-events-api-for-offline,
    # read 2026-11-23.
    "offline": frozenset({"email", "phone"}),
}
"""One of these is needed; names and postal codes alone match nobody."""
_TOGETHER = frozenset({"ip", "user_agent"})
"""With web these two are enough as well, though little."""
_STRONG = frozenset({"ttclid", "email", "phone"})
_NAMES: Mapping[Mode, str] = {
    "crm": "TikTok's click id (ttclid), an e-mail, a phone or the CRM's own id (uniqueIdentifier)",
    "web": "TikTok's click id (ttclid), its browser id (ttp), an e-mail, a phone, the CRM's own id "
    "(uniqueIdentifier), or IP address and browser together",
    "offline": "an e-mail or a phone",
}


def assess(lead: LeadRow, conversion: Conversion, settings: TikTokSettings, now: datetime) -> Assessment:
    """All that keeps this conversion from being sent or makes it weaker."""
    expires_at = conversion.event_at + EVENT_WINDOWS[settings.mode]
    findings = [
        *_target(conversion),
        *_identifiers(lead, frozenset(user(lead, settings)), settings.mode),
        *_page(lead, settings),
        *currency_findings(conversion),
        *advertising_consent_findings(conversion.consent, settings.unknown_consent, title=FACTS.title),
        *_window(settings.mode, expires_at, now),
    ]
    return conclude(findings, now=now, send_at=conversion.event_at, expires_at=expires_at)


def _target(conversion: Conversion) -> Iterator[Finding]:
    if not conversion.target.strip():
        yield skips(
            WarningCode.NOT_MAPPED, "target", "This label is not mapped to the name of a TikTok event."
        )


def _identifiers(lead: LeadRow, known: frozenset[str], mode: Mode) -> Iterator[Finding]:
    field = "email" if mode == "offline" else "ttclid"
    if not known & _ENOUGH[mode] and not (mode == "web" and known >= _TOGETHER):
        reason = (
            f"Nothing is known that TikTok could recognise this person by: it needs {_NAMES[mode]}. "
            f"Complete the lead and change its status again.{unusable_contacts(lead)}"
        )
        yield skips(WarningCode.MISSING_IDENTIFIER, field, reason)
    elif not known & _STRONG:
        reason = (
            "Neither TikTok's click id nor an e-mail or a phone is known, so TikTok will recognise few of "
            "these people."
        )
        yield warns(WarningCode.MISSING_IDENTIFIER, field, reason)


def _page(lead: LeadRow, settings: TikTokSettings) -> Iterator[Finding]:
    if settings.mode == "web" and not page_url(lead, settings):
        reason = (
            "TikTok takes conversions of a website only with the address of a page. Send landingPageUrl "
            "with createLead, or set eventSourceUrl at the integration."
        )
        yield skips(WarningCode.MISSING_FIELD, "landingPageUrl", reason)


def _window(mode: Mode, expires_at: datetime, now: datetime) -> Iterator[Finding]:
    if now >= expires_at:
        reason = f"It happened more than {EVENT_WINDOWS[mode].days} days ago, which is too late for TikTok."
        yield skips(WarningCode.OUTSIDE_TIME_WINDOW, "occurredAt", reason)
