"""The click id as Meta takes it (`fbc`), and the browser id beside it (`fbp`). Pure.

Source: https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/fbp-and-fbc,
read 2026-11-23.
"""

import re
from datetime import UTC, datetime, timedelta

from app.connectors.meta.api import CLICK_LIFE
from app.tables.leads import LeadRow

# The parameter builder adds a fifth part of its own: it stays.
_FBC = re.compile(r"fb\.[0-9]\.([0-9]{13})\.\S+")
_FBP = re.compile(r"fb\.[0-9]\.[0-9]{13}\.\S+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def fbc(lead: LeadRow, event_at: datetime) -> str | None:
    """The browser's own value as it was captured, else one built from fbclid; None when older than 90 days.

    A cookie of another click than fbclid was not written any more: the one in the address is newer.
    The age counts to the event and not to the attempt, so that every attempt writes the same bytes.
    """
    captured, built = _captured(lead), _built(lead)
    value = captured if captured and (built is None or _is_of_click(captured, lead.fbclid)) else built
    if value is None or event_at - _created_at(value) > CLICK_LIFE:
        return None
    return value


def fbp(lead: LeadRow) -> str | None:
    """The browser's id as captured; None when it is none. Never invented."""
    value = lead.fbp
    return value if value and _FBP.fullmatch(value) else None


def _captured(lead: LeadRow) -> str | None:
    return lead.fbc if lead.fbc and _FBC.fullmatch(lead.fbc) else None


def _is_of_click(value: str, fbclid: str | None) -> bool:
    """Whether this fbc carries that fbclid, with or without the parameter builder's part behind it."""
    click = value.split(".", 3)[3]
    return fbclid is not None and (click == fbclid or click.startswith(f"{fbclid}."))


def _built(lead: LeadRow) -> str | None:
    """`fb.1.<capture time in ms>.<fbclid>`: 1 is what Meta asks of servers. fbclid keeps its letter case."""
    if not lead.fbclid or re.search(r"\s", lead.fbclid) or lead.meta_captured_at is None:
        return None
    milliseconds = (lead.meta_captured_at - _EPOCH) // timedelta(milliseconds=1)
    return f"fb.1.{milliseconds}.{lead.fbclid}"


def _created_at(value: str) -> datetime:
    return _EPOCH + timedelta(milliseconds=int(value.split(".")[2]))
