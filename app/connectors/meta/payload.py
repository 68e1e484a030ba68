"""From a conversion to the body of one event. Pure.

Sources, read 2026-11-23:
https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters (website) and
.../conversions-api/conversion-leads-integration/payload-specification (crm).
"""

import re
from collections.abc import Callable, Collection, Mapping
from ipaddress import ip_address
from typing import Any

from app.connectors.base import Body, Conversion
from app.connectors.hashing import hashed, is_hash
from app.connectors.meta import click, normalise
from app.connectors.meta.settings import MetaSettings
from app.connectors.money import amount
from app.connectors.redaction import masked
from app.tables.leads import LeadRow

_LEAD_ID = re.compile(r"[0-9]{15,17}")


def build(lead: LeadRow, conversion: Conversion, settings: MetaSettings, *, test_mode: bool) -> Body:
    """One event. The access token is added when it is sent."""
    event: dict[str, Any] = {
        "event_name": conversion.target.strip(),
        "event_time": int(conversion.event_at.timestamp()),
        "event_id": conversion.event_id,
        "action_source": "website" if settings.mode == "website" else "system_generated",
    }
    url = source_url(lead, settings)
    if settings.mode == "website" and url:
        event["event_source_url"] = url
    event["user_data"] = user_data(lead, conversion, settings)
    custom = _custom_data(conversion, settings)
    if custom:
        event["custom_data"] = custom
    body: Body = {"data": [event]}
    if test_mode and settings.test_event_code:
        body["test_event_code"] = settings.test_event_code
    return body


def source_url(lead: LeadRow, settings: MetaSettings) -> str | None:
    """Where the lead came in, else the address configured for all."""
    return (lead.landing_page_url or "").strip() or settings.event_source_url


def user_data(
    lead: LeadRow, conversion: Conversion, settings: MetaSettings, *, hashes: Collection[str] | None = None
) -> dict[str, Any]:
    """All that is known to recognise the person by, as this mode takes it.

    `hashes`: of what is hashed no more than this; None: everything.
    """
    keys = _HASHED if hashes is None else hashes
    found: dict[str, Any] = {key: [value] for key in keys if (value := _HASHED[key](lead))}
    plain = {"fbc": click.fbc(lead, conversion.event_at), "fbp": click.fbp(lead)}
    if settings.mode == "website":
        plain |= {"client_ip_address": _ip(lead.ip_address), "client_user_agent": user_agent(lead)}
    found |= {key: value for key, value in plain.items() if value}
    meta_lead_id = lead_id(lead)
    if settings.mode == "crm" and meta_lead_id is not None:
        found["lead_id"] = meta_lead_id
    return found


def lead_id(lead: LeadRow) -> int | None:
    """The id of Meta's own lead form, a number of 15 to 17 digits; a wrong one would refuse the event."""
    text = (lead.meta_lead_id or "").strip()
    return int(text) if _LEAD_ID.fullmatch(text) else None


def user_agent(lead: LeadRow) -> str | None:
    """The browser's name, as captured."""
    return (lead.user_agent or "").strip() or None


def redact(body: Body) -> Body:
    """Masks address and browser of the visitor; an address of a page loses its query."""
    keys = frozenset({"access_token", "client_ip_address", "client_user_agent"})
    return masked(body, keys=keys, urls=frozenset({"event_source_url"}))


def _phone(lead: LeadRow) -> str | None:
    return lead.phone if lead.phone and is_hash(lead.phone.strip()) else lead.phone_e164


def _state(lead: LeadRow) -> str | None:
    return hashed(lead.region, lambda value: normalise.state(value, country=lead.country_code))


def _postal_code(lead: LeadRow) -> str | None:
    return hashed(lead.postal_code, lambda value: normalise.postal_code(value, country=lead.country_code))


_HASHED: Mapping[str, Callable[[LeadRow], str | None]] = {
    "em": lambda lead: hashed(lead.email, normalise.email),
    "ph": lambda lead: hashed(_phone(lead), normalise.phone),
    "fn": lambda lead: hashed(lead.first_name, normalise.name),
    "ln": lambda lead: hashed(lead.last_name, normalise.name),
    "ct": lambda lead: hashed(lead.city, normalise.city),
    "st": _state,
    "zp": _postal_code,
    "country": lambda lead: hashed(lead.country_code, normalise.country),
    "external_id": lambda lead: hashed(lead.unique_identifier, normalise.external_id),
}


def _ip(value: str | None) -> str | None:
    """None for anything that is no address: Meta refuses it."""
    text = (value or "").strip()
    try:
        ip_address(text)
    except ValueError:
        return None
    return text


def _custom_data(conversion: Conversion, settings: MetaSettings) -> dict[str, Any]:
    custom: dict[str, Any] = {}
    if settings.mode == "crm":
        custom |= {"event_source": "crm", "lead_event_source": settings.crm_name}
    if conversion.value_cents is not None:
        custom["value"] = amount(conversion.value_cents, conversion.currency)
        custom["currency"] = conversion.currency
    return custom
