"""What Microsoft Ads needs of a lead, and when. Pure."""

from collections.abc import Iterator
from datetime import datetime

from app.connectors.assessing import (
    advertising_consent_findings,
    conclude,
    currency_findings,
    skips,
    unusable_contacts,
    unusable_phone_finding,
    warns,
)
from app.connectors.base import Assessment, Conversion, Finding
from app.connectors.microsoft_ads.api import CLICK_SETTLES, CONVERSION_SETTLES, FACTS, WINDOW
from app.connectors.microsoft_ads.payload import click_id, goal_name, identifiers, user_data
from app.connectors.microsoft_ads.settings import MicrosoftAdsSettings
from app.tables.leads import LeadRow
from app.values import DeliveryKind, WarningCode


def assess(
    lead: LeadRow, conversion: Conversion, settings: MicrosoftAdsSettings, now: datetime
) -> Assessment:
    """All that keeps this conversion from being sent, delays it or makes it weaker."""
    clicked_at = lead.microsoft_clicked_at if click_id(lead) else None
    expires_at = _expires_at(lead, conversion, clicked_at)
    findings = [
        *_target(conversion),
        *_identifiers(lead, settings),
        *_value(conversion),
        *advertising_consent_findings(conversion.consent, settings.unknown_consent, title=FACTS.title),
        *_window(conversion, clicked_at, expires_at, now),
        *_order(conversion, clicked_at),
        *_unusable_phone(lead, settings),
    ]
    return conclude(findings, now=now, send_at=_send_at(conversion, clicked_at), expires_at=expires_at)


def _send_at(conversion: Conversion, clicked_at: datetime | None) -> datetime:
    """When Microsoft knows the click; of an adjustment, when it knows the conversion."""
    earliest = max(conversion.event_at, clicked_at + CLICK_SETTLES) if clicked_at else conversion.event_at
    return earliest if conversion.kind is DeliveryKind.SEND else earliest + CONVERSION_SETTLES


def _expires_at(lead: LeadRow, conversion: Conversion, clicked_at: datetime | None) -> datetime:
    """The conversion must not be older than 90 days, and neither must the click when it is sent."""
    by_event = conversion.event_at + WINDOW
    if conversion.kind is not DeliveryKind.SEND:
        return by_event
    return min(by_event, (clicked_at or lead.created_at) + WINDOW)


def _target(conversion: Conversion) -> Iterator[Finding]:
    if not goal_name(conversion):
        reason = (
            "This label is not mapped to the name of an offline conversion goal in Microsoft Advertising."
        )
        yield skips(WarningCode.NOT_MAPPED, "target", reason)


def _identifiers(lead: LeadRow, settings: MicrosoftAdsSettings) -> Iterator[Finding]:
    if click_id(lead):
        return
    missing = WarningCode.MISSING_IDENTIFIER
    if not settings.user_data:
        reason = (
            "No Microsoft click id (msclkid) is known for this lead, and this integration sends no personal "
            "data, so Microsoft cannot match it. Complete the lead and change its status again."
        )
        yield skips(missing, "msclkid", reason)
    elif not identifiers(lead, settings):
        reason = (
            "No Microsoft click id (msclkid), e-mail or phone is known for this lead, so Microsoft cannot "
            f"match it. Complete the lead and change its status again.{unusable_contacts(lead)}"
        )
        yield skips(missing, "msclkid", reason)
    else:
        reason = (
            "No Microsoft click id (msclkid) is known for this lead. Microsoft matches it by e-mail and "
            "phone alone, which finds fewer and needs enhanced conversions to be switched on at the goal."
        )
        yield warns(missing, "msclkid", reason)


def _value(conversion: Conversion) -> Iterator[Finding]:
    if conversion.kind is DeliveryKind.RETRACT:
        return
    if conversion.kind is DeliveryKind.RESTATE and conversion.value_cents is None:
        reason = "Microsoft changes a conversion only to a new value. Send a price."
        yield skips(WarningCode.MISSING_FIELD, "price", reason)
    yield from currency_findings(conversion)


def _window(
    conversion: Conversion, clicked_at: datetime | None, expires_at: datetime, now: datetime
) -> Iterator[Finding]:
    if now < expires_at:
        return
    if expires_at == conversion.event_at + WINDOW:
        since = "it happened."
    elif clicked_at:
        since = "the click on the ad."
    else:
        since = "the lead came in. The time of the click is not known."
    until = f"{expires_at:%Y-%m-%d}, {WINDOW.days} days after {since}"
    reason = f"It is too late: Microsoft Ads took this until {until}"
    yield skips(WarningCode.OUTSIDE_TIME_WINDOW, None, reason)


def _order(conversion: Conversion, clicked_at: datetime | None) -> Iterator[Finding]:
    # Event times are whole seconds, clicks need not be.
    if clicked_at is not None and conversion.event_at < clicked_at.replace(microsecond=0):
        reason = "It happened before the click on the ad, so Microsoft would not count it. Check occurredAt."
        yield skips(WarningCode.OUTSIDE_TIME_WINDOW, "occurredAt", reason)


def _unusable_phone(lead: LeadRow, settings: MicrosoftAdsSettings) -> Iterator[Finding]:
    if settings.user_data and lead.phone and not user_data(lead):
        yield unusable_phone_finding()
