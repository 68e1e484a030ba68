"""From a conversion to the body of one event. Pure.

Source: https://business-api.tiktok.com/portal/docs?id=1771100865818625, read 2026-11-23. TikTok takes city,
state and country in clear only; they are left out, so that nothing of a person's address leaves unhashed.
"""

import re
from ipaddress import ip_address
from typing import Any

from app.connectors.base import Body, Conversion
from app.connectors.hashing import hashed, is_hash
from app.connectors.money import amount
from app.connectors.redaction import masked
from app.connectors.tiktok import normalise
from app.connectors.tiktok.settings import TikTokSettings
from app.tables.leads import LeadRow
from app.values import ConsentState


def build(lead: LeadRow, conversion: Conversion, settings: TikTokSettings, *, test_mode: bool) -> Body:
    """One event."""
    event: dict[str, Any] = {
        "event": conversion.target.strip(),
        "event_time": int(conversion.event_at.timestamp()),
        "event_id": conversion.event_id,
        "user": user(lead, settings),
    }
    if conversion.value_cents is not None:
        value = amount(conversion.value_cents, conversion.currency)
        event["properties"] = {"value": value, "currency": conversion.currency}
    url = page_url(lead, settings)
    if settings.mode == "web" and url:
        event["page"] = {"url": url}
    if settings.mode == "crm":
        # lead_id would be that of TikTok's own lead form; the id known here is Meta's.
        event["lead"] = {"lead_event_source": settings.crm_name}
    if conversion.consent.ad_personalization is ConsentState.DENIED:
        event["limited_data_use"] = True
    return _envelope(settings, test_mode=test_mode) | {"data": [event]}


def empty(settings: TikTokSettings) -> Body:
    """A body without any event, which counts nothing."""
    return _envelope(settings, test_mode=False) | {"data": []}


def page_url(lead: LeadRow, settings: TikTokSettings) -> str | None:
    """Where the lead came in, else the address configured for all."""
    return (lead.landing_page_url or "").strip() or settings.event_source_url


def user(lead: LeadRow, settings: TikTokSettings) -> dict[str, str]:
    """All that is known to recognise the person by, as this mode takes it."""
    found = _hashed(lead) | {"ttclid": _as_captured(lead.ttclid)}
    if settings.mode == "web":
        # Of the browser the conversion came from; a stage in a CRM comes from none.
        found |= {
            "ttp": _as_captured(lead.ttp),
            "ip": _ip(lead.ip_address),
            "user_agent": (lead.user_agent or "").strip(),
        }
    return {key: value for key, value in found.items() if value}


def redact(body: Body) -> Body:
    """Masks address and browser of the visitor; an address of a page loses its query."""
    return masked(body, keys=frozenset({"ip", "user_agent"}), urls=frozenset({"url"}))


def _envelope(settings: TikTokSettings, *, test_mode: bool) -> Body:
    """What all events of a request share."""
    envelope: Body = {"event_source": settings.mode, "event_source_id": settings.event_source_id}
    if test_mode and settings.test_event_code:
        envelope["test_event_code"] = settings.test_event_code
    return envelope


def _hashed(lead: LeadRow) -> dict[str, str | None]:
    phone = lead.phone if lead.phone and is_hash(lead.phone.strip()) else lead.phone_e164
    return {
        "email": hashed(lead.email, normalise.email),
        "phone": hashed(phone, normalise.phone),
        "external_id": hashed(lead.unique_identifier, normalise.external_id),
        "first_name": hashed(lead.first_name, normalise.name),
        "last_name": hashed(lead.last_name, normalise.name),
        "zip_code": hashed(lead.postal_code, normalise.postal_code),
    }


def _as_captured(value: str | None) -> str | None:
    """An id of TikTok's own: never hashed, trimmed or re-cased; None for anything that cannot be one."""
    return value if value and not re.search(r"\s", value) else None


def _ip(value: str | None) -> str | None:
    text = (value or "").strip()
    try:
        ip_address(text)
    except ValueError:
        return None
    return text
