"""A platform that answers at once: as little work as can be, so that what is measured is Leadwire.

Answers as Meta does to `/events` and as Google Analytics does to anything else. At GET /arrivals it tells of
each request when its first byte came, by the machine's monotonic clock, and how many events were in it. The
sandbox would judge every event, on a core that is being measured.
"""

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import uvloop


class _Answering(asyncio.Protocol):
    """One connection. No pipelining: nobody who calls it does that."""

    def __init__(self, arrivals: list[tuple[float, int]]) -> None:
        self._arrivals = arrivals
        self._received = bytearray()
        self._first_byte_at = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not self._received:
            self._first_byte_at = time.monotonic()
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _content_length(head):
            return
        self._received = bytearray()
        assert self._transport is not None
        self._transport.write(self._answer(bytes(head), bytes(body)))

    def _answer(self, head: bytes, body: bytes) -> bytes:
        if head.startswith(b"GET /arrivals"):
            told = json.dumps(self._arrivals).encode()
            self._arrivals.clear()
            return _json(told)
        if b"/events " in head.partition(b"\r\n")[0]:
            taken = body.count(b'"event_name"')
            self._arrivals.append((self._first_byte_at, taken))
            return _json(b'{"events_received":%d,"messages":[],"fbtrace_id":"bench"}' % taken)
        self._arrivals.append((self._first_byte_at, 1))
        return b"HTTP/1.1 204 No Content\r\n\r\n"


def _content_length(head: bytes | bytearray) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _json(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )


def arrivals_at(origin: str) -> list[tuple[float, int]]:
    """What arrived since the last time somebody asked: when, and how many events in one request."""
    with urllib.request.urlopen(f"{origin}/arrivals", timeout=10) as answer:  # noqa: S310 - our own
        return [(at, events) for at, events in json.load(answer)]


@contextmanager
def answering() -> Iterator[str]:
    """The origin of such a platform, in a process of its own."""
    process = subprocess.Popen([sys.executable, "-m", __name__], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.communicate()


async def _serve() -> None:
    arrivals: list[tuple[float, int]] = []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Answering(arrivals), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve())
