"""From a conversion to the body of one event. Pure.

Source: https://learn.microsoft.com/en-us/linkedin/marketing/integrations/ads-reporting/conversions-api-schema,
read 2026-11-23. Always the form for several events, so that one event and a hundred take the same way.
"""

import re
from typing import Any

from app.connectors.base import Body, Conversion
from app.connectors.hashing import Rule, hashed
from app.connectors.linkedin import normalise
from app.connectors.linkedin.settings import LinkedInSettings
from app.connectors.money import decimal_text
from app.connectors.redaction import masked
from app.tables.leads import LeadRow

_URN = "urn:lla:llaPartnerConversion:"
_TARGET = re.compile(rf"(?:{_URN})?([0-9]{{1,19}})")


def build(lead: LeadRow, conversion: Conversion, settings: LinkedInSettings) -> Body:
    """One event. Unhashed names are in it: only redact()'s copy may be kept."""
    event: dict[str, Any] = {
        "conversion": f"{_URN}{rule_id(conversion.target) or conversion.target.strip()}",
        "conversionHappenedAt": int(conversion.event_at.timestamp()) * 1000,
        "eventId": conversion.event_id,
        "user": user(lead, settings),
    }
    if conversion.value_cents is not None:
        event["conversionValue"] = {
            "currencyCode": conversion.currency,
            # LinkedIn refuses a number.
            "amount": decimal_text(conversion.value_cents, conversion.currency),
        }
    return {"elements": [event]}


def rule_id(target: str) -> str | None:
    """The conversion rule's number, which a target names with or without its URN; None: it names none."""
    match = _TARGET.fullmatch(target.strip())
    return match.group(1) if match else None


def user(lead: LeadRow, settings: LinkedInSettings) -> dict[str, Any]:
    """All that is known to recognise the person by. `userIds` is required even when it is empty."""
    ids = {
        "SHA256_EMAIL": hashed(lead.email, normalise.email),
        "LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID": _plain(lead.li_fat_id, normalise.click_id),
    }
    found: dict[str, Any] = {
        "userIds": [{"idType": kind, "idValue": value} for kind, value in ids.items() if value]
    }
    info = _user_info(lead) if settings.user_data else None
    if info:
        found["userInfo"] = info
    return found


def redact(body: Body) -> Body:
    """Masks what LinkedIn takes unhashed."""
    return masked(body, keys=frozenset({"firstName", "lastName", "companyName"}))


def _user_info(lead: LeadRow) -> dict[str, str] | None:
    """None unless both names are known: LinkedIn refuses it then."""
    first, last = _plain(lead.first_name, normalise.name), _plain(lead.last_name, normalise.name)
    if first is None or last is None:
        return None
    more = {
        "companyName": _plain(lead.company_name, normalise.name),
        "countryCode": _plain(lead.country_code, normalise.country),
    }
    return {"firstName": first, "lastName": last, **{key: value for key, value in more.items() if value}}


def _plain(value: str | None, rule: Rule) -> str | None:
    return None if value is None else rule(value)
