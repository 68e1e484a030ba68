"""How requests reach the network: httpx's interface, aiohttp's connections.

Sending one event a request is as fast as the HTTP client is. httpx's own pool goes through all of its
connections for every request, which takes two to six times as long (docs/decisions/0010-sending.md).
"""

import ssl
from collections.abc import AsyncIterator
from functools import cache
from typing import Self
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from yarl import URL

IDLE_S = 5.0
"""How long a connection is kept for the next request: whoever closes it first must not be the platform."""

_MAX_HEADER_BYTES = 64 * 1024
"""Of one header of an answer; platforms send long ones."""


@cache
def trusted() -> ssl.SSLContext:
    """The certificate authorities, read once: it takes many milliseconds. SSL_CERT_FILE is honoured."""
    return httpx.create_ssl_context()


class Transport(httpx.AsyncBaseTransport):
    """Keeps connections alive. Of what fails it says by httpx's exceptions whether anything was written.

    Its exceptions quote nothing: aiohttp's name the address, and a secret may be part of that.
    """

    def __init__(self, *, most_connections: int, by_proxy: bool) -> None:
        """`most_connections`: at once, over all hosts; `by_proxy`: through the proxies of the environment."""
        self._most_connections = most_connections
        self._proxies = getproxies() if by_proxy else {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open it; there are no connections yet."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._most_connections, keepalive_timeout=IDLE_S, ssl=trusted()
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            max_line_size=_MAX_HEADER_BYTES,
            max_field_size=_MAX_HEADER_BYTES,
        )
        return self

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it, and read the answer up to its body."""
        assert self._session is not None
        try:
            answer = await self._session.request(
                request.method,
                # As it is: encoding it once more would change what was signed.
                URL(str(request.url), encoded=True),
                headers=request.headers,
                data=request.content or None,
                allow_redirects=False,
                timeout=_timeout(**request.extensions.get("timeout", {})),
                proxy=self._proxy(request.url),
                server_hostname=request.extensions.get("sni_hostname"),
            )
        except (aiohttp.ClientError, TimeoutError, ValueError) as failure:
            raise _told(failure) from None
        return httpx.Response(answer.status, headers=answer.raw_headers, stream=_Body(answer))

    def _proxy(self, url: httpx.URL) -> str | None:
        if not self._proxies or proxy_bypass(url.netloc.decode("ascii")):
            return None
        return self._proxies.get(url.scheme) or self._proxies.get("all")


class _Body(httpx.AsyncByteStream):
    """The body of an answer, as it comes in."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._answer.content.iter_any():
                yield piece
        except (aiohttp.ClientError, TimeoutError) as failure:
            raise _told(failure) from None

    async def aclose(self) -> None:
        """Give the connection back, or close it where there is more that nobody wants."""
        self._answer.release()


@cache
def _timeout(
    *,
    connect: float | None = None,
    pool: float | None = None,
    read: float | None = None,
    write: float | None = None,  # noqa: ARG001 - aiohttp has none; whoever calls bounds the whole
) -> aiohttp.ClientTimeout:
    """Httpx's timeouts, in seconds, as aiohttp's: its `connect` is the wait for a free connection, too."""
    either = None if connect is None or pool is None else connect + pool
    return aiohttp.ClientTimeout(total=None, connect=either, sock_connect=connect, sock_read=read)


def _told(failure: Exception) -> httpx.TransportError:
    """The same as httpx says it; what may have been written is never called anything else."""
    told = (kind(text) for failed, kind, text in _TOLD if isinstance(failure, failed))
    return next(told, httpx.ReadError("the connection was lost"))


# The first that fits: some of aiohttp's are several of these.
_TOLD: tuple[tuple[type[Exception], type[httpx.TransportError], str], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout, "no connection in time"),
    (TimeoutError, httpx.ReadTimeout, "no answer in time"),
    (aiohttp.ClientConnectorError, httpx.ConnectError, "no connection"),
    (aiohttp.ServerFingerprintMismatch, httpx.ConnectError, "no connection"),
    (aiohttp.ClientHttpProxyError, httpx.ProxyError, "the proxy refused"),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol, "no address"),
    (aiohttp.NonHttpUrlClientError, httpx.UnsupportedProtocol, "no address"),
    (ValueError, httpx.LocalProtocolError, "cannot be written"),
)
