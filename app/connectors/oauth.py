"""Access tokens from refresh tokens (RFC 6749, section 6), kept until they end. Knows no platform."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
from pydantic import SecretStr

from app.connectors.base import Connection, Outcome, OutcomeKind, Renewal, Renewals
from app.connectors.catalogue import Entry, by_status, entries, outcome
from app.connectors.http import Answer, Unanswered, Wire, post
from app.connectors.redaction import Redaction

_EARLY = timedelta(seconds=60)
"""A token that ends while a request is on its way would be refused."""
_SHORTEST_S = 300
"""The life of a token whose end the endpoint does not name; RFC 6749 only recommends `expires_in`."""
_LONGEST_S = 86_400
"""No longer, whatever the endpoint names: LinkedIn's live for 60 days, but may be revoked before."""
_SENSIBLE_S = 366 * 86_400
"""A longer life is a mistake of the endpoint."""

_MOST_REMEMBERED = 8
"""Refresh tokens of one connection that are recognised as its own: storing a new one takes a moment."""

ERRORS = {
    **entries(
        OutcomeKind.AUTHENTICATION,
        {
            "invalid_grant": "The connection to {title} has ended. Connect the integration again.",
            "invalid_client": "{title} does not know the OAuth client. Check client id and client secret.",
            "unauthorized_client": "The OAuth client may not refresh tokens. Check its type.",
            "invalid_scope": "The connection to {title} lacks a permission. Connect the integration again.",
            "access_denied": "{title} denies access to this account. Connect the integration again.",
            "invalid_request": "{title} does not accept the credentials. Connect the integration again.",
            "unsupported_grant_type": "{title} does not accept these credentials for refreshing.",
            "interaction_required": "{title} wants the user to sign in again. Connect the integration again.",
            "consent_required": "The user must allow {title} again. Connect the integration again.",
        },
    ),
    **entries(
        OutcomeKind.RETRY,
        {
            "temporarily_unavailable": "{title} cannot renew the access for the moment.",
            "server_error": "{title} cannot renew the access for the moment.",
            "internal_failure": "{title} cannot renew the access for the moment.",
        },
    ),
}
"""RFC 6749 sections 4.1.2.1 and 5.2; `internal_failure` and `access_denied` are Google's, read 2026-11-23
(https://developers.google.com/identity/protocols/oauth2/web-server), the last two of the first group
Microsoft's (https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow)."""

_UNREADABLE = Entry(kind=OutcomeKind.RETRY, text="{title} answered strangely when the access was renewed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token is asked for with."""

    token_url: str
    client_id: str
    client_secret: SecretStr | None
    """None: a public client, which has none."""
    refresh_token: SecretStr
    scope: str | None = None
    """None: the endpoint needs to be told none."""

    @property
    def form(self) -> dict[str, str]:
        """The fields of the request, secrets in clear."""
        secret = self.client_secret.get_secret_value() if self.client_secret else None
        fields = {
            "grant_type": "refresh_token",
            "client_id": self.client_id,
            "client_secret": secret,
            "refresh_token": self.refresh_token.get_secret_value(),
            "scope": self.scope,
        }
        return {name: value for name, value in fields.items() if value is not None}

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be repeated of an answer."""
        return tuple(self.form[name] for name in ("client_secret", "refresh_token") if name in self.form)


@dataclass(frozen=True, slots=True)
class _Held:
    grants: tuple[Grant, ...]
    """As it was given, and with each refresh token the platform gave since: the newest works longest."""
    token: SecretStr
    ends_at: datetime


class TokenCache:
    """The access tokens of one platform's connections; one request at a time for each connection."""

    def __init__(self, *, title: str, wire: Wire) -> None:
        self.title = title
        """What people call the platform."""
        self._wire = wire
        self._held: dict[UUID, _Held] = {}
        self._locks: defaultdict[UUID, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of(
        self,
        connection: Connection,
        grant: Grant,
        *,
        refused: SecretStr | None = None,
        renew: bool = False,
    ) -> SecretStr | Outcome:
        """token() for a connection, which is told of a replaced refresh token."""
        return await self.token(
            connection.integration_id,
            grant,
            connection.http,
            refused=refused,
            renew=renew,
            renewals=connection.renewals,
        )

    async def token(
        self,
        connection_id: UUID,
        grant: Grant,
        http: httpx.AsyncClient,
        *,
        refused: SecretStr | None = None,
        renew: bool = False,
        renewals: Renewals | None = None,
    ) -> SecretStr | Outcome:
        """A token that should work, or why there is none.

        `refused`: a token the platform did not accept; another one is fetched, unless one has been since.
        `renew`: another one is fetched whatever is held, to find out whether the grant still works.
        `renewals` is told of a refresh token that replaces the grant's.
        An outcome is never AMBIGUOUS: without a token nothing of the conversion was written.
        """
        async with self._locks[connection_id]:
            held = self._held.get(connection_id)
            if held is not None and grant not in held.grants:
                held = None
            if not renew and held is not None and self._usable(held, refused):
                return held.token
            grants = held.grants if held else (grant,)
            token, newest = await self._fetched(connection_id, grants, http)
            if newest != grants[-1] and renewals is not None:
                # Not the grant's: that of an earlier renewal has been stored by now, or is still to be.
                renewals.add(connection_id, Renewal(grants[-1].refresh_token, newest.refresh_token))
            return token

    def _usable(self, held: _Held, refused: SecretStr | None) -> bool:
        return held.token != refused and held.ends_at > self._wire.clock()

    async def _fetched(
        self, connection_id: UUID, grants: tuple[Grant, ...], http: httpx.AsyncClient
    ) -> tuple[SecretStr | Outcome, Grant]:
        """A new token, or why there is none, and the grant to ask with next."""
        grant = grants[-1]
        answer = await post(
            http,
            grant.token_url,
            urlencode(grant.form).encode(),
            content_type="application/x-www-form-urlencoded",
            wire=self._wire,
        )
        if isinstance(answer, Unanswered):
            text = f"{self.title} could not be asked to renew the access."
            return Outcome(kind=OutcomeKind.RETRY, code=answer.code, message=text), grant
        token = _token_of(answer, "access_token")
        if token is None:
            # What was stored may still work where what replaced it does not.
            self._held.pop(connection_id, None)
            return self._refusal(answer, grant), grant
        replacement = _token_of(answer, "refresh_token")
        if replacement is not None and replacement != grant.refresh_token:
            grant = replace(grant, refresh_token=replacement)
            grants = (*grants[-_MOST_REMEMBERED:], grant)
        ends_at = self._wire.clock() + _life(answer.body) - _EARLY
        self._held[connection_id] = _Held(grants, token, ends_at)
        return token, grant

    def _refusal(self, answer: Answer, grant: Grant) -> Outcome:
        redaction = Redaction(*grant.secrets)
        code = answer.body.get("error") if isinstance(answer.body, dict) else None
        if isinstance(code, str) and code in ERRORS:
            said = answer.body.get("error_description")
            return outcome(ERRORS[code], answer, title=self.title, redaction=redaction, code=code, said=said)
        by_number = by_status(answer, title=self.title, redaction=redaction)
        if by_number.kind in {OutcomeKind.RETRY, OutcomeKind.AUTHENTICATION} and not isinstance(code, str):
            return by_number
        # Never REJECTED or CONFIGURATION: neither the conversion nor its mapping has been judged here.
        name = code if isinstance(code, str) else by_number.code
        return outcome(_UNREADABLE, answer, title=self.title, redaction=redaction, code=name, known=False)


def _token_of(answer: Answer, name: str) -> SecretStr | None:
    token = answer.body.get(name) if isinstance(answer.body, dict) else None
    sendable = isinstance(token, str) and token.isascii() and token.isprintable() and " " not in token
    return SecretStr(str(token)) if sendable and token and answer.status == 200 else None  # noqa: PLR2004 - RFC 6749 5.1


def _life(body: dict[str, Any]) -> timedelta:
    seconds = body.get("expires_in")
    if isinstance(seconds, int) and 0 < seconds <= _SENSIBLE_S:
        return timedelta(seconds=min(seconds, _LONGEST_S))
    return timedelta(seconds=_SHORTEST_S)
