"""The token endpoint, and which access tokens are in force.

From "Programmatic refresh tokens" (learn.microsoft.com/en-us/linkedin/shared/authentication/
programmatic-refresh-tokens, read 2026-11-23). Any app is known here; a token is in force when it starts with
"sandbox-", and one that this endpoint gave out carries its own end.
"""

import re
from uuid import uuid4

from app.sandbox.bodies import is_form, parse_form
from app.sandbox.calls import Answer, Call, Judgement, json_answer
from app.sandbox.linkedin.answers import unauthorized

LIFE_S = 60 * 86_400
IN_FORCE = "sandbox-"
_BEARER = re.compile(r"bearer (\S+)", re.IGNORECASE)
_ISSUED = re.compile(r"sandbox-until-(\d{1,12})-")
_NEEDED = ("client_id", "client_secret", "refresh_token")


def token(call: Call) -> Judgement:
    """POST /token: a new access token for a refresh token."""
    form = parse_form(call.body) if is_form(call.headers.get("content-type", "")) else {}
    return Judgement(answer=_token_answer(form, int(call.at.timestamp())))


def oauth_error(http_status: int, code: str, description: str) -> Answer:
    """An error of the token endpoint."""
    return json_answer(http_status, {"error": code, "error_description": description})


def refused_bearer(call: Call) -> Answer | None:
    """The error for a call without a token in force; None: it has one."""
    bearer = _BEARER.fullmatch(call.headers.get("authorization", "").strip())
    if bearer is None:
        return unauthorized("EMPTY_ACCESS_TOKEN")
    if not bearer[1].startswith(IN_FORCE):
        return unauthorized("INVALID_ACCESS_TOKEN")
    issued = _ISSUED.match(bearer[1])
    if issued is not None and int(issued[1]) <= call.at.timestamp():
        return unauthorized("EXPIRED_ACCESS_TOKEN")
    return None


def _token_answer(form: dict[str, str], now_s: int) -> Answer:
    if form.get("grant_type") != "refresh_token":
        return oauth_error(400, "invalid_request", "The grant type is missing or not supported")
    missing = [name for name in _NEEDED if not form.get(name)]
    if missing:
        return oauth_error(400, "invalid_request", f'A required parameter "{missing[0]}" is missing')
    if not form["refresh_token"].startswith(IN_FORCE):
        return oauth_error(400, "invalid_grant", "The provided refresh token is invalid, expired or revoked")
    return json_answer(
        200,
        {
            "access_token": f"{IN_FORCE}until-{now_s + LIFE_S}-{uuid4().hex}",
            "expires_in": LIFE_S,
            "refresh_token": form["refresh_token"],
            "refresh_token_expires_in": 306 * 86_400,
            "scope": "r_ads,rw_conversions",
        },
    )
