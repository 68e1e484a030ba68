"""From a conversion to the body of OfflineConversions/Apply or OfflineConversionAdjustments/Apply. Pure.

Sources: the pages named in api.py, read 2026-11-23.
"""

from datetime import UTC, datetime
from typing import Any

from app.connectors.base import Body, Conversion
from app.connectors.hashing import hashed, is_hash
from app.connectors.microsoft_ads import normalise
from app.connectors.microsoft_ads.api import ADJUSTMENTS, CONVERSIONS
from app.connectors.microsoft_ads.settings import MicrosoftAdsSettings
from app.connectors.money import amount
from app.connectors.redaction import masked
from app.tables.leads import LeadRow
from app.values import DeliveryKind


def build(lead: LeadRow, conversion: Conversion, settings: MicrosoftAdsSettings) -> Body:
    """One conversion, or an adjustment of one, which its goal, time and identifiers name."""
    event: dict[str, Any] = {
        "ConversionName": goal_name(conversion),
        "ConversionTime": _utc(conversion.event_at),
        **identifiers(lead, settings),
    }
    if conversion.kind is DeliveryKind.SEND:
        return {CONVERSIONS: [{**event, **_value(conversion, "Conversion")}]}
    return {ADJUSTMENTS: [{**event, **_adjustment(conversion)}]}


def goal_name(conversion: Conversion) -> str:
    """The name of the offline conversion goal, which Microsoft compares letter by letter."""
    return conversion.target.strip()


def click_id(lead: LeadRow) -> str | None:
    """The MSCLKID, exactly as it was captured."""
    value = lead.msclkid
    return value if value and value.strip() else None


def user_data(lead: LeadRow) -> dict[str, str]:
    """Hashed e-mail and phone, as far as they are known."""
    phone = lead.phone if lead.phone and is_hash(lead.phone.strip()) else lead.phone_e164
    values = {
        "HashedEmailAddress": hashed(lead.email, normalise.email),
        "HashedPhoneNumber": hashed(phone, normalise.phone),
    }
    return {name: value for name, value in values.items() if value}


def identifiers(lead: LeadRow, settings: MicrosoftAdsSettings) -> dict[str, str]:
    """All that Microsoft may find the click by."""
    click = click_id(lead)
    found = {"MicrosoftClickId": click} if click else {}
    return {**found, **(user_data(lead) if settings.user_data else {})}


def redact(body: Body) -> Body:
    """Nothing in it is raw personal data; the name of a goal is anybody's text."""
    return masked(body, keys=frozenset())


def _adjustment(conversion: Conversion) -> dict[str, Any]:
    """A value is refused with Retract and demanded with Restate."""
    # Earlier than the conversion is refused, and that may lie a few minutes ahead of when it was decided.
    when = {"AdjustmentTime": _utc(max(conversion.decided_at, conversion.event_at))}
    if conversion.kind is DeliveryKind.RETRACT:
        return {"AdjustmentType": "Retract", **when}
    return {"AdjustmentType": "Restate", **when, **_value(conversion, "Adjustment")}


def _value(conversion: Conversion, prefix: str) -> dict[str, Any]:
    """Without them Microsoft uses those of the goal."""
    if conversion.value_cents is None:
        return {}
    return {
        f"{prefix}Value": amount(conversion.value_cents, conversion.currency),
        f"{prefix}CurrencyCode": conversion.currency,
    }


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
