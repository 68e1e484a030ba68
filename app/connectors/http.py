"""One bounded HTTP request, and whether it was written before it failed. Knows no platform."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn, cast

import httpx

from app.clock import Clock, utc_now

MAX_ANSWER_BYTES = 64 * 1024
"""More of an answer is not read, unless the request says otherwise."""
MAX_LIST_BYTES = 4 * 1024 * 1024
"""The same of a list of everything an account has."""
MAX_RETRY_AFTER_S = 86_400.0
"""A platform that asks for a longer pause is asked again after a day: some send nonsense here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long each part of a request may take."""

    connect_s: float = 10.0
    pool_s: float = 10.0
    write_s: float = 30.0
    read_s: float = 30.0
    """Between two pieces of the answer."""
    whole_s: float = 60.0
    """All of it together: without this an answer that trickles holds its place for hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """What requests are made with beside the client."""

    clock: Clock = utc_now
    timeouts: Timeouts = field(default_factory=Timeouts)
    allow_private_addresses: bool = False
    """Whether an address that a user of the API chose may lie in a private network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a platform answered."""

    status: int
    body: Any
    """The JSON; None when there is none that can be read."""
    is_json: bool
    is_html: bool
    """A page for people: a proxy, a firewall or an outage, not the API."""
    retry_after_s: float | None
    """From now; None: the platform names no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """No answer, or one that broke off."""

    written: bool
    """True: the request may have arrived."""
    code: str
    """TIMEOUT or CONNECTION."""


# Raised before the first byte of a request is written: nothing can have arrived.
_NOT_WRITTEN = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)


def json_bytes(body: Mapping[str, Any]) -> bytes:
    """The body as it is written: the same bytes for the same body, ASCII only."""
    return json.dumps(body, separators=(",", ":"), allow_nan=False).encode("ascii")


async def post(
    http: httpx.AsyncClient,
    url: str | httpx.URL,
    content: bytes,
    *,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
    extensions: Mapping[str, Any] | None = None,
    most_bytes: int = MAX_ANSWER_BYTES,
    wire: Wire,
) -> Answer | Unanswered:
    """Send one POST. Redirects are not followed: they would carry a body of personal data elsewhere.

    Cookies and default headers of the client are not used, so that connections sharing it learn nothing of
    each other. `extensions`: of the request, as httpx has them. `most_bytes`: of the answer; what is longer
    is cut there, and then no JSON. Raises nothing that a network or a platform can cause.
    """
    own = {"Content-Type": content_type, **(headers or {})}
    request = _Request("POST", url, content, own, extensions or {}, most_bytes)
    return await _answered(http, request, wire)


async def get(
    http: httpx.AsyncClient, url: str | httpx.URL, *, headers: Mapping[str, str] | None = None, wire: Wire
) -> Answer | Unanswered:
    """Send one GET, under the rules of post()."""
    return await _answered(http, _Request("GET", url, None, headers or {}, {}), wire)


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str | httpx.URL
    content: bytes | None
    headers: Mapping[str, str]
    extensions: Mapping[str, Any]
    most_bytes: int = MAX_ANSWER_BYTES
    """Of the answer."""

    def prepared(self, timeouts: Timeouts) -> httpx.Request:
        limits = {
            "connect": timeouts.connect_s,
            "pool": timeouts.pool_s,
            "write": timeouts.write_s,
            "read": timeouts.read_s,
        }
        return httpx.Request(
            self.method,
            self.url,
            content=self.content,
            headers={
                "User-Agent": "leadwire",
                "Accept": "application/json",
                # Compressed answers could unpack to any size before they can be measured.
                "Accept-Encoding": "identity",
                **self.headers,
            },
            extensions={**self.extensions, "timeout": limits},
        )


async def _answered(http: httpx.AsyncClient, asked: _Request, wire: Wire) -> Answer | Unanswered:
    try:
        request = asked.prepared(wire.timeouts)
        async with asyncio.timeout(wire.timeouts.whole_s):
            return await _exchange(http, request, wire.clock, asked.most_bytes)
    except _NOT_WRITTEN as failure:
        return Unanswered(written=False, code=_code(failure))
    except (httpx.TransportError, TimeoutError) as failure:
        return Unanswered(written=True, code=_code(failure))


async def _exchange(http: httpx.AsyncClient, request: httpx.Request, clock: Clock, most_bytes: int) -> Answer:
    response = await http.send(request, stream=True, follow_redirects=False)
    try:
        content = await _read(response, most_bytes)
    finally:
        await response.aclose()
    body, is_json = _parsed(content)
    return Answer(
        status=response.status_code,
        body=body,
        is_json=is_json,
        is_html=not is_json and _looks_like_html(response, content),
        retry_after_s=retry_after_s(response.headers.get("Retry-After"), clock()),
    )


async def _read(response: httpx.Response, most_bytes: int) -> bytes:
    content = bytearray()
    pieces = cast("AsyncGenerator[bytes]", response.aiter_raw())
    async with aclosing(pieces):
        async for piece in pieces:
            content += piece
            if len(content) > most_bytes:
                break
    return bytes(content[:most_bytes])


def _parsed(content: bytes) -> tuple[Any, bool]:
    try:
        return json.loads(content, parse_constant=_refuse), True
    except (ValueError, RecursionError):
        return None, False


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _looks_like_html(response: httpx.Response, content: bytes) -> bool:
    return "html" in response.headers.get("Content-Type", "").lower() or content.lstrip()[:1] == b"<"


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Seconds from now, of a Retry-After in either form (RFC 9110, 10.2.3); None: absent or nonsense."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), MAX_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), MAX_RETRY_AFTER_S)


def _code(failure: Exception) -> str:
    return "TIMEOUT" if isinstance(failure, httpx.TimeoutException | TimeoutError) else "CONNECTION"


class _NothingOfRequests(logging.Filter):
    """Drops what an HTTP library tells of single requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let warnings through: they are about the library, not about a request."""
        return record.levelno >= logging.WARNING


# httpx logs every address at INFO, and GA4's secret is part of its address. A filter and not a level, because
# setting a level for the whole process must not bring them back.
logging.getLogger("httpx").addFilter(_NothingOfRequests())
