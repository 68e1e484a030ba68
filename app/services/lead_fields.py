"""What may be written to a lead. How it merges with what is there: lead_merge.py."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from app.errors import Problem
from app.services.contacts import is_region
from app.services.limits import CLOCK_SKEW, MAX_CENTS
from app.services.texts import LONG, NOTE, SHORT, json_problem, text_problem
from app.tables.leads import LeadRow

LeadValues = Mapping[str, Any]
"""Columns of LeadRow, and `clicked_at`, with what was given for them; what was not given is not in it."""

_SHORT_TEXTS: Final = (
    *("unique_identifier", "unique_event_id", "first_name", "last_name", "email", "phone", "company_name"),
    *("country_code", "postal_code", "city", "region", "currency", "form_name", "meta_lead_id"),
    *("ga_client_id", "ga_session_id", "ip_address"),
)
_LONG_TEXTS: Final = (
    *("gclid", "gbraid", "wbraid", "fbclid", "fbc", "fbp", "msclkid", "li_fat_id", "ttclid", "ttp"),
    *("landing_page_url", "user_agent"),
)
_LIMITS: Final = dict.fromkeys(_SHORT_TEXTS, SHORT) | dict.fromkeys(_LONG_TEXTS, LONG) | {"note": NOTE}
_IN_ATTRIBUTION: Final = frozenset(
    {*_LONG_TEXTS, "meta_lead_id", "ga_client_id", "ga_session_id", "clicked_at"} - {"user_agent"}
)
_IN_DEVICE: Final = frozenset({"ip_address", "user_agent"})

CLICK_GROUPS: Final = {
    "google": ("gclid", "gbraid", "wbraid"),
    "meta": ("fbclid", "fbc"),
    "microsoft": ("msclkid",),
    "linkedin": ("li_fat_id",),
    "tiktok": ("ttclid",),
}
"""Click ids that come from one click: replaced together, with the time of that click."""

ATTRIBUTION: Final = _IN_ATTRIBUTION - {"clicked_at"}
"""What tells where a lead came from: click ids, browser ids and the page."""

_RECOGNISES: Final = frozenset(
    {"email", "phone", "first_name", "last_name", "unique_identifier"}.union(*CLICK_GROUPS.values())
)


_WRITTEN: Final = (
    *_LIMITS,
    "form_data",
    "ad_storage",
    "analytics_storage",
    "ad_user_data",
    "ad_personalization",
)
"""Columns that are written as they are given."""


def camel(name: str) -> str:
    """The public schema's form of a column's name."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _path(name: str) -> tuple[str, ...]:
    if name in _IN_ATTRIBUTION:
        return ("attribution", camel(name))
    return ("device", camel(name)) if name in _IN_DEVICE else (camel(name),)


def given_values(values: LeadValues) -> dict[str, Any]:
    """What was really given: forms send blank text for fields nobody filled in."""
    return {
        name: value
        for name, value in values.items()
        if value is not None and not (isinstance(value, str) and not value.strip())
    }


def changed_values(values: LeadValues) -> dict[str, Any]:
    """The same for a change of what is there, where None clears."""
    return {
        name: value for name, value in values.items() if not (isinstance(value, str) and not value.strip())
    }


def problems_of(values: LeadValues, now: datetime) -> list[Problem]:
    """Everything that keeps these values from being stored."""
    texts = (
        text_problem(_path(name), value, _LIMITS[name])
        for name, value in values.items()
        if name in _LIMITS and value is not None
    )
    problems = [problem for problem in texts if problem is not None]
    form_data = json_problem(("formData",), values.get("form_data"), NOTE)
    return problems + ([form_data] if form_data else []) + _value_problems(values, now)


def _value_problems(values: LeadValues, now: datetime) -> list[Problem]:
    problems: list[Problem] = []
    country, currency = values.get("country_code"), values.get("currency")
    if country is not None and not is_region(country.strip().upper()):
        problems.append(Problem(("countryCode",), "must be an ISO 3166-1 alpha-2 country code, e.g. NL"))
    if currency is not None and not _is_currency(currency.strip().upper()):
        problems.append(Problem(("currency",), "must be an ISO 4217 currency code, e.g. EUR"))
    price = values.get("price_cents")
    if price is not None and not 0 <= price <= MAX_CENTS:
        problems.append(Problem(("price",), f"must be a whole number from 0 to {MAX_CENTS}"))
    clicked_at = values.get("clicked_at")
    if clicked_at is not None and clicked_at > now + CLOCK_SKEW:
        problems.append(Problem(_path("clicked_at"), "must not be in the future"))
    return problems


def _is_currency(code: str) -> bool:
    return len(code) == len("EUR") and code.isascii() and code.isalpha()


def names_somebody(values: LeadValues) -> bool:
    """Whether there is anything in the values to find or match a lead by."""
    return any(values.get(name) for name in _RECOGNISES)


def audited_values(lead: LeadRow) -> dict[str, Any]:
    """What somebody may have written to the lead, by the names of the public schema: to tell what changed."""
    values = {camel(name): getattr(lead, name) for name in _WRITTEN}
    clicked_at = [getattr(lead, f"{group}_clicked_at") for group in CLICK_GROUPS]
    return values | {"price": lead.price_cents, "clickedAt": clicked_at if any(clicked_at) else None}


def is_recognisable(lead: LeadRow) -> bool:
    """Whether the lead could ever be found or matched again."""
    return any(getattr(lead, name) for name in _RECOGNISES)
