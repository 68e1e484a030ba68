"""A real HTTP server on 127.0.0.1 that answers as it is told, byte for byte, and keeps what it got."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def raw(content: bytes) -> Reply:
    """These bytes, then the end of the connection."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        with suppress(ConnectionError):  # a client may stop reading
            await writer.drain()

    return reply


def answer(status: int, body: bytes | str | Any = b"", **headers: str) -> Reply:
    """A whole answer; anything but bytes and text is written as JSON. `Content_Type` stands for Content-Type."""
    if isinstance(body, str):
        body = body.encode()
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    named = {
        "Content_Type": "application/json",
        "Content_Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    lines = [
        f"HTTP/1.1 {status} Reason",
        *(f"{name.replace('_', '-')}: {value}" for name, value in named.items()),
    ]
    return raw("\r\n".join([*lines, "", ""]).encode() + body)


async def hang_up(_: asyncio.StreamWriter) -> None:
    """The end of the connection instead of an answer."""


async def endless(writer: asyncio.StreamWriter) -> None:
    """An answer that goes on for as long as somebody reads it."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
    while True:
        writer.write(b" " * 65_536)
        await writer.drain()


@dataclass
class HttpServer:
    """Answers by path: the first reply told for it, the last one again and again."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    _replies: dict[str, list[Reply]] = field(default_factory=dict)
    _closing: asyncio.Event = field(default_factory=asyncio.Event)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, path: str, *replies: Reply) -> None:
        """`path`: the beginning of a target; "" stands for all others."""
        self._replies[path] = list(replies)

    def requests(self, path: str) -> list[Received]:
        return [request for request in self.received if request.target.startswith(path)]

    async def arrival(self) -> None:
        """Wait for the first request."""
        await self._arrived.wait()

    async def silence(self, _: asyncio.StreamWriter) -> None:
        """No answer, and no end either, as long as the server lives."""
        await self._closing.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read(reader)
            self.received.append(request)
            self._arrived.set()
            await self._reply(request.target)(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client gave up
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def _reply(self, target: str) -> Reply:
        path = max((path for path in self._replies if target.startswith(path)), key=len)
        replies = self._replies[path]
        return replies.pop(0) if len(replies) > 1 else replies[0]


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, target, headers, body)


@asynccontextmanager
async def http_server() -> AsyncIterator[HttpServer]:
    """A server on a free port. Ends when all its connections have."""
    told = HttpServer()
    server = await asyncio.start_server(told._serve, "127.0.0.1", 0)
    told.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield told
    finally:
        told._closing.set()
        server.close()
        await server.wait_closed()
