"""A person and secrets that are found wherever they turn up, and the looking."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from app.demo import CONNECTIONS
from app.encryption import new_secret_key
from app.sandbox.webhook.signatures import SECRET as WEBHOOK_SECRET
from app.values import Platform

LEAD: Mapping[str, Any] = {
    "uniqueIdentifier": "crm-4711",
    "uniqueEventId": "form-4711",
    "firstName": "Zqfirst",
    "lastName": "Zqlast",
    "email": "Zq.Mail+tag@planted.example.com",
    "phone": "+44 7700 900987",
    "companyName": "Zqcompany Works",
    "countryCode": "GB",
    "postalCode": "ZQ1 9ZQ",
    "city": "Zqcity",
    "region": "Zqregion",
    "note": "Zqnote: call after six.",
    "formData": {"Zqquestion": "Zqanswer"},
    "device": {"ipAddress": "203.0.113.77", "userAgent": "ZqBrowser/9.9 (Planted OS)"},
    "attribution": {
        "gclid": "Cj0KCQ-planted",
        "fbclid": "IwAR-planted",
        "metaLeadId": "123456789012345",
        "msclkid": "0123456789abcdef0123456789abcdef",
        "ttclid": "E.C.P.planted",
        "liFatId": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
        "gaClientId": "1234567890.1700000000",
        "clickedAt": "2026-11-21T09:30:00Z",
        "landingPageUrl": "https://www.example.com/offer?zqname=Zqlanding#zqfragment",
    },
    "consent": dict.fromkeys(("adStorage", "analyticsStorage", "adUserData", "adPersonalization"), "GRANTED"),
}
PERSONAL = (
    "zqfirst",
    "zqlast",
    "zq.mail",
    "planted.example.com",
    "7700 900987",
    "7700900987",
    "zqcompany",
    "zq1 9zq",
    "zq19zq",
    "zqcity",
    "zqregion",
    "zqnote",
    "zqquestion",
    "zqanswer",
    "203.0.113.77",
    "zqbrowser",
    "zqlanding",
    "zqfragment",
)
"""What nobody but the lead's own row may hold: parts of the values above, and how they are normalised."""
AS_GIVEN = (
    *("Zqfirst", "Zqlast", "Zq.Mail+tag@planted.example.com", "+44 7700 900987", "Zqcompany Works"),
    *("ZQ1 9ZQ", "Zqcity", "Zqregion", "Zqnote", "Zqquestion", "Zqanswer", "203.0.113.77"),
    *("ZqBrowser/9.9", "zqname=Zqlanding#zqfragment"),
)
"""What the lead's own row holds."""

_OPEN = {"client_id"}
"""Known to everybody who is sent to the platform to sign in."""


def _planted(platform: Platform, field: str, value: str) -> str:
    if field in _OPEN or platform is Platform.WEBHOOK:
        return value
    # What the sandbox takes begins so.
    return f"sandbox-Zq{platform.value.replace('_', '').lower()}{field.replace('_', '')}8d1f"


CREDENTIALS: Mapping[Platform, dict[str, str]] = {
    platform: {field: _planted(platform, field, value) for field, value in credentials.items()}
    for platform, (_, _, credentials) in CONNECTIONS.items()
}
LINKEDIN_REFRESHING = {
    "client_id": "sandbox-client",
    "client_secret": "sandbox-Zqlinkedinclientsecret8d1f",
    "refresh_token": "sandbox-Zqlinkedinrefreshtoken8d1f",
}
API_KEY = "Zq-api-key-5f3c9a1b7d"
SECRET_KEY = new_secret_key()
ALERT_SECRET = "whsec_WnEtYWxlcnQtc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0"
SECRETS = (
    *(
        value
        for credentials in (*CREDENTIALS.values(), LINKEDIN_REFRESHING)
        for field, value in credentials.items()
        if field not in _OPEN
    ),
    WEBHOOK_SECRET.removeprefix("whsec_"),
    API_KEY,
    SECRET_KEY,
    ALERT_SECRET.removeprefix("whsec_"),
)
NEVER_SENT = (
    *(WEBHOOK_SECRET, WEBHOOK_SECRET.removeprefix("whsec_")),
    *(API_KEY, SECRET_KEY, ALERT_SECRET.removeprefix("whsec_")),
)
"""What no platform is told: it signs, or stays at home."""
_ISSUED = re.compile(r"sandbox-(?:until-[0-9]+-)?[0-9a-f]{32}")
"""Access tokens and replaced refresh tokens, as the sandbox gives them out."""


def found_in(text: str, markers: tuple[str, ...]) -> dict[str, str]:
    """Those that are in the text in whatever case, also as they are written in an address, and what is around."""
    text = text.lower()
    places = {marker: max(text.find(form) for form in _forms(marker.lower())) for marker in markers}
    return {
        marker: text[max(0, place - _AROUND) : place + _AROUND]
        for marker, place in places.items()
        if place >= 0
    }


def secrets_in(text: str) -> dict[str, str]:
    """The same for all that is secret, tokens that were given out meanwhile included."""
    issued = _ISSUED.search(text)
    return found_in(text, SECRETS) | ({"issued": issued[0]} if issued else {})


def leaks_in(text: str) -> dict[str, str]:
    """The same for all that is personal or secret."""
    return found_in(text, PERSONAL) | secrets_in(text)


_AROUND = 120


def _forms(marker: str) -> set[str]:
    return {marker, quote(marker, safe="").lower(), quote_plus(marker).lower()}
