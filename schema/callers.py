"""Callers over HTTP: who and where they are, and what each answer tells them of their limit.

The headers are those of draft-ietf-httpapi-ratelimit-headers-11 (2026-05-23).
"""

from functools import lru_cache, partial
from ipaddress import IPv6Address, ip_address
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import RateLimitedError, UnauthenticatedError
from app.services.gatekeeper import Allowance, Gatekeeper
from app.services.token_buckets import WINDOW_S
from app.services.viewer import Viewer
from schema.bodies import RefusedError
from schema.headers import Headers

_ALLOWANCE: Final = "leadwire.allowance"
"""Where a request's scope keeps what tells what its caller may still ask for."""
_NETWORK_BITS: Final = 64
"""Of an IPv6 address: the rest is the caller's own to choose."""


async def let_in(gatekeeper: Gatekeeper, scope: Scope, headers: Headers) -> Viewer:
    """Who is calling, one request of theirs counted; RefusedError 401 or 429."""
    key, address = headers.get("x-api-key"), client_address(scope)
    try:
        viewer = await gatekeeper.authenticate(key, address)
        # Before it is counted: whoever is refused is told, too.
        scope[_ALLOWANCE] = partial(gatekeeper.allowance, viewer, address)
        gatekeeper.count(viewer, address)
    except UnauthenticatedError as error:
        raise RefusedError(401, error.message, **{"WWW-Authenticate": "X-API-Key"}) from error
    except RateLimitedError as error:
        raise RefusedError(429, error.message, **{"Retry-After": str(error.retry_after_s)}) from error
    return viewer


def client_address(scope: Scope) -> str:
    """Where the caller is, as far as that can be told apart; empty: behind a socket without addresses.

    Behind a proxy it is the proxy's, unless the server was told to believe what that one says.
    """
    client = scope.get("client")
    return _network(client[0]) if client else ""


@lru_cache(maxsize=1_000)
def _network(host: str) -> str:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return f"{int(address) >> (128 - _NETWORK_BITS):x}/{_NETWORK_BITS}"
        address = address.ipv4_mapped
    return str(address)


class RateLimitHeaders:
    """ASGI middleware: says on each answer to a caller who was let in what that one may still ask for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start" and _ALLOWANCE in scope:
                _add_headers(message, scope[_ALLOWANCE]())
            await send(message)

        await self._app(scope, receive, tell)


def _add_headers(start: Message, allowance: Allowance | None) -> None:
    if allowance is not None:
        policy = f'"{allowance.policy}";q={allowance.per_minute};w={WINDOW_S}'
        limit = f'"{allowance.policy}";r={allowance.left};t={allowance.next_in_s}'
        told = [(b"ratelimit-policy", policy.encode()), (b"ratelimit", limit.encode())]
        start["headers"] = [*start.get("headers", ()), *told]
