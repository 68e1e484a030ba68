"""How values that are given merge with a lead that is there."""

from datetime import datetime

from app.services.contacts import email_key, phone_e164
from app.services.lead_fields import CLICK_GROUPS, LeadValues
from app.tables.leads import LeadRow

_CLICK_IDS = frozenset(name for names in CLICK_GROUPS.values() for name in names)
_UPPER_CASE = frozenset({"country_code", "currency"})


def merge(lead: LeadRow, values: LeadValues, *, default_country: str, now: datetime) -> None:
    """Write the values to the lead; a None among them clears. What is not in `values` stays.

    Click ids are kept as given, never trimmed or re-cased, and replaced in groups: two clicks never mix.
    """
    clicked_at: datetime | None = values.get("clicked_at")
    if "clicked_at" in values and clicked_at is None:
        _forget_click_times(lead, values)
    if not any(values.get(name) for name in _CLICK_IDS):
        _learn_click_times(lead, clicked_at)
    for group, names in CLICK_GROUPS.items():
        given = {name: values[name] for name in names if name in values}
        if given:
            _merge_group(lead, group, given, clicked_at, now)
    for name in values.keys() - _CLICK_IDS - {"clicked_at"}:
        value = values[name]
        setattr(lead, name, value.strip().upper() if value and name in _UPPER_CASE else value)
    lead.email_key = email_key(lead.email) if lead.email else None
    lead.phone_e164 = phone_e164(lead.phone, lead.country_code or default_country) if lead.phone else None
    lead.updated_at = now


def _merge_group(
    lead: LeadRow, group: str, given: dict[str, str | None], clicked_at: datetime | None, now: datetime
) -> None:
    names = CLICK_GROUPS[group]
    new_click = _is_new_click(lead, given)
    for name in names if new_click else given:
        setattr(lead, name, given.get(name))
    if not any(getattr(lead, name) for name in names):
        _set_times(lead, group, None, None)
    elif new_click:
        _set_times(lead, group, clicked_at or now, clicked_at)
    elif clicked_at is not None and any(given.values()):
        _set_times(lead, group, clicked_at, clicked_at)


def _is_new_click(lead: LeadRow, given: dict[str, str | None]) -> bool:
    """False when the ids are those of the click that is there, whose time stays unless another is given."""
    ids = {name: value for name, value in given.items() if value is not None}
    stored = {name: getattr(lead, name) for name in ids}
    same = any(stored[name] == ids[name] for name in ids)
    conflict = any(stored[name] is not None and stored[name] != ids[name] for name in ids)
    return bool(ids) and (conflict or not same)


def _learn_click_times(lead: LeadRow, clicked_at: datetime | None) -> None:
    """A time without a click id is that of the clicks whose time nobody knew."""
    if clicked_at is not None:
        for group in CLICK_GROUPS:
            _learn_click_time(lead, group, clicked_at)


def _learn_click_time(lead: LeadRow, group: str, clicked_at: datetime) -> None:
    if getattr(lead, f"{group}_captured_at") is not None and getattr(lead, f"{group}_clicked_at") is None:
        _set_times(lead, group, clicked_at, clicked_at)


def _forget_click_times(lead: LeadRow, values: LeadValues) -> None:
    """No time, said on purpose, is that of the clicks it comes with, without any that of all clicks."""
    meant = [group for group, names in CLICK_GROUPS.items() if any(values.get(name) for name in names)]
    for group in meant or CLICK_GROUPS:
        if getattr(lead, f"{group}_clicked_at") is not None:
            # When the click id first arrived is not known any more: no sooner than the lead, in any case.
            _set_times(lead, group, lead.created_at, None)


def _set_times(lead: LeadRow, group: str, captured_at: datetime | None, clicked_at: datetime | None) -> None:
    setattr(lead, f"{group}_captured_at", captured_at)
    setattr(lead, f"{group}_clicked_at", clicked_at)
