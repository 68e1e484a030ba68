"""The OAuth token endpoint, and the access tokens it gives out.

From "Using OAuth 2.0 for Web Server Applications"
(developers.google.com/identity/protocols/oauth2/web-server, read 2026-11-23). Any client is known here; a
refresh token is in force when it starts with "sandbox-". An access token carries its own expiry, so it
survives a restart; any other bearer token that starts with "sandbox-" is in force for ever.
"""

import re
from datetime import datetime
from uuid import uuid4

from app.sandbox.bodies import is_form, parse_form
from app.sandbox.calls import Answer, Call, Judgement, json_answer
from app.sandbox.google_ads.answers import oauth_error, unauthenticated

LIFE_S = 3_599
IN_FORCE = "sandbox-"
_BEARER = re.compile(r"bearer (\S+)", re.IGNORECASE)
_ISSUED = re.compile(r"sandbox-until-(\d{1,12})-")
_NEEDED = ("client_id", "client_secret", "refresh_token")


def token(call: Call) -> Judgement:
    """POST /token: a new access token for a refresh token."""
    form = parse_form(call.body) if is_form(call.headers.get("content-type", "")) else {}
    return Judgement(answer=_token_answer(form, call.at))


def refused_bearer(call: Call) -> Answer | None:
    """The error for a call without a token in force; None: it has one."""
    bearer = _BEARER.fullmatch(call.headers.get("authorization", "").strip())
    if bearer is None:
        return unauthenticated("CREDENTIALS_MISSING")
    if not bearer[1].startswith(IN_FORCE):
        return unauthenticated("ACCESS_TOKEN_TYPE_UNSUPPORTED")
    issued = _ISSUED.match(bearer[1])
    if issued is not None and int(issued[1]) <= call.at.timestamp():
        return unauthenticated("ACCESS_TOKEN_EXPIRED")
    return None


def _token_answer(form: dict[str, str], at: datetime) -> Answer:
    grant = form.get("grant_type")
    if grant is None:
        return oauth_error(400, "invalid_request", "Required parameter is missing: grant_type")
    if grant != "refresh_token":
        return oauth_error(400, "unsupported_grant_type", f"Invalid grant_type: {grant[:80]}")
    missing = [name for name in _NEEDED if not form.get(name)]
    if missing:
        return oauth_error(400, "invalid_request", f"Required parameter is missing: {missing[0]}")
    if not form["refresh_token"].startswith(IN_FORCE):
        return oauth_error(400, "invalid_grant", "The refresh token has expired or was revoked.")
    return json_answer(
        200,
        {
            "access_token": f"{IN_FORCE}until-{int(at.timestamp()) + LIFE_S}-{uuid4().hex}",
            "expires_in": LIFE_S,
            "scope": "https://www.googleapis.com/auth/datamanager",
            "token_type": "Bearer",
        },
        {"cache-control": "no-store"},
    )
