"""What a lead may be when anybody may have sent it: a public key lies in a web page.

Why so: docs/decisions/0007-keys.md.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from app.errors import Problem
from app.services.lead_fields import ATTRIBUTION, CLICK_GROUPS, LeadValues, camel, names_somebody
from app.services.lead_merge import merge
from app.tables.leads import LeadRow

FILLED_FOR: Final = timedelta(minutes=30)
"""How long after a lead's creation its empty attribution may be filled."""
MAX_FORM_DATA: Final = 8_192
"""Characters of formData, as JSON."""
MAX_NOTE: Final = 2_000
"""Characters of a note."""

_REFUSED: Final = {
    "price_cents": ("price",),
    "currency": ("currency",),
    "unique_identifier": ("uniqueIdentifier",),
    "ip_address": ("device", "ipAddress"),
}
"""What is for those to say who know: what a lead is worth, who it is in the CRM, and where its browser is."""
_CLICK_IDS: Final = frozenset().union(*CLICK_GROUPS.values())


def public_problems(given: LeadValues) -> list[Problem]:
    """Everything that keeps the (otherwise valid) values from being stored for a public key."""
    problems = [
        Problem(path, "cannot be set with a public key") for name, path in _REFUSED.items() if name in given
    ]
    problems += [
        Problem((camel(name),), f"must be at most {most} characters long with a public key")
        for name, length, most in _lengths(given)
        if length > most
    ]
    if not names_somebody(given):
        # Whatever is stored already. Else a call that brings a `uniqueEventId` and nothing more would tell
        # whether there is such a lead, and leave no trace.
        problems.append(Problem((), "give at least an e-mail, a phone, a name or a click id"))
    return problems


def _lengths(given: LeadValues) -> Iterator[tuple[str, int, int]]:
    if "note" in given:
        yield "note", len(given["note"]), MAX_NOTE
    if "form_data" in given:
        yield "form_data", len(json.dumps(given["form_data"], ensure_ascii=False)), MAX_FORM_DATA


def fill_attribution(lead: LeadRow, given: LeadValues, *, default_country: str, now: datetime) -> None:
    """Write the attribution that the lead lacks, if it is young enough. Nothing else, and over nothing."""
    if now - lead.created_at <= FILLED_FOR:
        lacking = _lacking(lead, given)
        if lacking:
            merge(lead, lacking, default_country=default_country, now=now)


def _lacking(lead: LeadRow, given: LeadValues) -> dict[str, Any]:
    empty = {name for name in ATTRIBUTION - _CLICK_IDS if getattr(lead, name) is None}
    for names in CLICK_GROUPS.values():
        # Of a group all or nothing: what is there may be another click.
        if all(getattr(lead, name) is None for name in names):
            empty.update(names)
    lacking = {name: value for name, value in given.items() if name in empty}
    if "clicked_at" in given and lacking.keys() & _CLICK_IDS:
        lacking["clicked_at"] = given["clicked_at"]
    return lacking
