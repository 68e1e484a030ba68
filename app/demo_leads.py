"""The demo's people, none of them real: some complete, some with gaps, so that every warning can be seen."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from app.values import ConsentState

_BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_QUESTIONS: Final = ("ad_storage", "analytics_storage", "ad_user_data", "ad_personalization")
_GRANTED: Final = dict.fromkeys(_QUESTIONS, ConsentState.GRANTED)
_DENIED: Final = dict.fromkeys(_QUESTIONS, ConsentState.DENIED)


def demo_leads(now: datetime) -> Sequence[Mapping[str, Any]]:
    """Columns of LeadRow for each lead, and `clicked_at`; times relative to `now`."""
    return [
        _person("crm-1001", "Sanne", "Voorbeeld", price_cents=125_000, **_GRANTED)
        | _clicks("1001", now - timedelta(days=9)),
        _person("crm-1002", "Daan", "Voorbeeld", price_cents=48_000, **_GRANTED)
        | _clicks("1002", now - timedelta(days=3)),
        _person("crm-1003", "Noor", "Zonderklik", note="Came by word of mouth: no click ids.", **_GRANTED),
        _person("crm-1004", "Bram", "Zonderjawoord", note="Refused consent.", **_DENIED)
        | _clicks("1004", now - timedelta(days=2)),
        _person("crm-1005", "Fenna", "Zonet", note="Clicked an hour ago: Google waits.", **_GRANTED)
        | _clicks("1005", now - timedelta(hours=1)),
        _person("crm-1006", "Lars", "Langgeleden", note="Clicked 100 days ago.", **_GRANTED)
        | _clicks("1006", now - timedelta(days=100)),
        {"unique_identifier": "crm-1007", "first_name": "Onbekend", "note": "Nothing to recognise them by."},
        _person("crm-1008", "Eva", "Onbeantwoord", note="Nobody asked for consent.")
        | _clicks("1008", now - timedelta(days=5)),
    ]


def _person(unique_identifier: str, first_name: str, last_name: str, **more: Any) -> dict[str, Any]:
    number = unique_identifier.removeprefix("crm-")
    return {
        "unique_identifier": unique_identifier,
        "unique_event_id": f"form-{number}",
        "first_name": first_name,
        "last_name": last_name,
        "email": f"{first_name}.{last_name}@example.com".lower(),
        # From the range that is kept free for drama: https://www.ofcom.org.uk, read 2026-11-23.
        "phone": f"+44 7700 90{number[-4:]}",
        "country_code": "NL",
        "postal_code": "1012 JS",
        "city": "Amsterdam",
        "company_name": f"{last_name} BV",
        "form_name": "Request an offer",
        "form_data": {"product": "Solar panels", "roof": "flat"},
        **more,
    }


def _clicks(number: str, clicked_at: datetime) -> dict[str, Any]:
    seconds = int(clicked_at.timestamp())
    return {
        "gclid": f"Cj0KCQjw-demo-{number}_EALw_wcB",
        "fbclid": f"IwAR0demo{number}",
        "fbp": f"fb.1.{seconds * 1000}.{number}424242",
        "meta_lead_id": f"10000000000{number}",
        "msclkid": f"{number:0>32}",
        "ttclid": f"E.C.P.demo{number}",
        "li_fat_id": f"0f1e2d3c-4b5a-6978-8796-00000000{number}",
        "ga_client_id": f"{number}48151.{seconds}",
        "ga_session_id": str(seconds),
        "landing_page_url": f"https://www.example.com/offer?gclid=Cj0KCQjw-demo-{number}_EALw_wcB",
        "user_agent": _BROWSER,
        "ip_address": "192.0.2.17",
        "clicked_at": clicked_at,
        "created_at": clicked_at + timedelta(minutes=4),
    }
