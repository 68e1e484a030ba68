"""What comes in by HTTP before anybody knows what it asks for: bounded in size and in time."""

import asyncio
from typing import Final

from starlette.types import Receive

from schema.headers import Headers

MAX_BODY_BYTES: Final = 64 * 1024
"""Of a request: a hundred status changes fit in."""

MAX_ADDRESS_BYTES: Final = 16 * 1024
"""Of what is behind the question mark; most proxies take 8 KiB."""

BODY_WITHIN_S: Final = 30.0
"""How long a body may take to arrive: whoever is cut off in the middle of one would keep a place for ever."""


class RefusedError(Exception):
    """The request does not get as far as what it asks for."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


def media_type(headers: Headers) -> str:
    """The media type of the body, without parameters; empty: none was named."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(receive: Receive, headers: Headers, *, within_s: float = BODY_WITHIN_S) -> bytes:
    """The whole body; RefusedError when it is too large, too slow, or never ends."""
    try:
        async with asyncio.timeout(within_s):
            return await _read(receive, headers)
    except TimeoutError:
        raise RefusedError(408, "The body did not arrive in time") from None


async def _read(receive: Receive, headers: Headers) -> bytes:
    declared = headers.get("content-length", "")
    if declared.isdecimal() and len(declared) < len(str(2**63)) and int(declared) > MAX_BODY_BYTES:
        raise _too_large()
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RefusedError(400, "The request ended before its body did")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
    return bytes(body)


def _too_large() -> RefusedError:
    return RefusedError(413, f"The body must be at most {MAX_BODY_BYTES} bytes")
