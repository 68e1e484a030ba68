"""The outermost edge: what every answer has, and what becomes of a bug."""

from collections.abc import Iterable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schema.masking import log_bug
from schema.request_ids import HEADER, request_id_of
from schema.responses import bug_response

_STARTS: Final = frozenset({"http.response.start", "websocket.http.response.start"})
_HEADERS: Final = (
    # An answer is what its content type says, not what it looks like.
    (b"x-content-type-options", b"nosniff"),
    # Opened as a page it may load and run nothing, and nobody may frame it. The explorer has one of its own.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    # No other site's page may embed it. Whom CORS allows to read it reads it all the same.
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    # People's data must not lie in the caches of browsers and proxies.
    (b"cache-control", b"no-store"),
)
"""Strict-Transport-Security is the proxy's: only it knows whether there is TLS."""


class Edge:
    """ASGI middleware: constant headers and the id on every answer; a bug becomes JSON and is logged.

    Starlette would answer it in plain text and raise it again, for the server to log with all it says.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        request_id = request_id_of(scope)
        added = (*_HEADERS, (HEADER.encode(), request_id.encode()))
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = True
            if message["type"] in _STARTS:
                message["headers"] = _completed(message.get("headers", ()), added)
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:  # noqa: BLE001 - the outermost edge
            log_bug(error, request_id)
            if scope["type"] == "http" and not begun:
                await bug_response(request_id)(scope, receive, watch)


def _completed(
    headers: Iterable[tuple[bytes, bytes]], added: Iterable[tuple[bytes, bytes]]
) -> list[tuple[bytes, bytes]]:
    """`headers`, and those of `added` that are not among them."""
    complete = list(headers)
    names = {name for name, _ in complete}
    complete += [header for header in added if header[0] not in names]
    return complete
