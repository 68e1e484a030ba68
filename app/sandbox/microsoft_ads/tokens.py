"""The token endpoint, and who may call the service.

From "Get access and refresh tokens" (learn.microsoft.com/en-us/advertising, read 2026-11-23). Any app is
known here; a refresh token is in force when it starts with "sandbox-", and belongs to a public client when it
starts with "sandbox-public-": that has no secret and must not send one. Each answer brings a new refresh
token; the old one stays in force. An access token carries its own expiry; any other that starts with
"sandbox-" is in force for ever.
"""

import re
from datetime import datetime
from uuid import uuid4

from app.sandbox.bodies import is_form, parse_form
from app.sandbox.calls import Answer, Call, Judgement, json_answer
from app.sandbox.formats import is_digits
from app.sandbox.microsoft_ads.answers import oauth_error, refused

LIFE_S = 3_599
IN_FORCE = "sandbox-"
PUBLIC = "sandbox-public-"
NO_ACCESS_ENDING = "404"
"""An account whose id ends so is somebody else's."""
_SCOPE = "https://ads.microsoft.com/msads.manage"
_BEARER = re.compile(r"bearer (\S+)", re.IGNORECASE)
_ISSUED = re.compile(r"sandbox-until-(\d{1,12})-")


def token(call: Call) -> Judgement:
    """POST /token: a new access token for a refresh token."""
    form = parse_form(call.body) if is_form(call.headers.get("content-type", "")) else {}
    return Judgement(answer=_refused_grant(form) or _granted(form, call.at))


def refused_call(call: Call) -> Answer | None:
    """The error for a call that the service does not let in; None: it does."""
    bearer = _BEARER.fullmatch(call.headers.get("authorization", "").strip())
    names = ("developertoken", "customerid", "customeraccountid")
    developer, customer, account = (call.headers.get(name, "") for name in names)
    if bearer is None or not (developer and customer and account):
        return refused(116)
    if not bearer[1].startswith(IN_FORCE) or not developer.startswith(IN_FORCE):
        return refused(105)
    issued = _ISSUED.match(bearer[1])
    if issued is not None and int(issued[1]) <= call.at.timestamp():
        return refused(109)
    if not (is_digits(customer) and is_digits(account)):
        return refused(201)
    return refused(106) if account.endswith(NO_ACCESS_ENDING) else None


def _refused_grant(form: dict[str, str]) -> Answer | None:
    missing = [name for name in ("grant_type", "client_id", "refresh_token") if not form.get(name)]
    if missing:
        text = f"The request body must contain the following parameter: '{missing[0]}'."
        return oauth_error(400, "invalid_request", 900144, text)
    if form["grant_type"] != "refresh_token":
        return oauth_error(
            400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type."
        )
    if _SCOPE not in form.get("scope", "").split():
        return oauth_error(400, "invalid_scope", 70011, "The scope is not the one of Microsoft Advertising.")
    refresh_token = form["refresh_token"]
    if not refresh_token.startswith(IN_FORCE):
        return oauth_error(400, "invalid_grant", 700082, "The refresh token has expired.")
    return _refused_secret(form, refresh_token)


def _refused_secret(form: dict[str, str], refresh_token: str) -> Answer | None:
    is_public, has_secret = refresh_token.startswith(PUBLIC), "client_secret" in form
    if is_public and has_secret:
        return oauth_error(401, "invalid_client", 700025, "Client is public so no secret may be presented.")
    if not is_public and not form.get("client_secret"):
        return oauth_error(401, "invalid_client", 7000218, "The request body must contain 'client_secret'.")
    return None


def _granted(form: dict[str, str], at: datetime) -> Answer:
    kind = PUBLIC if form["refresh_token"].startswith(PUBLIC) else IN_FORCE
    return json_answer(
        200,
        {
            "token_type": "Bearer",
            "scope": _SCOPE,
            "expires_in": LIFE_S,
            "ext_expires_in": LIFE_S,
            "access_token": f"{IN_FORCE}until-{int(at.timestamp()) + LIFE_S}-{uuid4().hex}",
            "refresh_token": f"{kind}{uuid4().hex}",
        },
        {"cache-control": "no-store"},
    )
