"""A small load generator: keep-alive connections that send one request after the other."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import cast
from urllib.parse import urlsplit


@dataclass
class Generated:
    """What came of it."""

    took_ms: list[float] = field(default_factory=list)
    """Of each reply."""
    wrong: str = ""
    """The first reply that was not as expected, or what else went wrong; empty: nothing did."""
    seconds: float = 0.0

    def percentile(self, part: float) -> float:
        """Milliseconds within which `part` of all replies came."""
        ordered = sorted(self.took_ms)
        return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


async def generate(
    urls: Sequence[str],
    bodies: Iterable[bytes],
    *,
    api_key: str,
    expected: bytes,
    connections: int,
    seconds: float | None = None,
) -> Generated:
    """Send `bodies`, until there are none, `seconds` are over or a reply lacks `expected`.

    `urls`: each gets its share of the connections.
    """
    generated, waiting = Generated(), iter(bodies)
    loop = asyncio.get_running_loop()
    begun_at = time.perf_counter()
    until = begun_at + seconds if seconds else float("inf")
    callers = []
    for number in range(connections):
        parts = urlsplit(urls[number % len(urls)])
        head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
            f"X-API-Key: {api_key}\r\nContent-Length: "
        )
        make = partial(_Caller, head.encode(), waiting, expected, generated, until)
        _, caller = await loop.create_connection(make, str(parts.hostname), parts.port or 80)
        callers.append(caller)
    await asyncio.gather(*(caller.over for caller in callers))
    generated.seconds = time.perf_counter() - begun_at
    return generated


class _Caller(asyncio.Protocol):
    """One connection."""

    def __init__(
        self, head: bytes, bodies: Iterator[bytes], expected: bytes, generated: Generated, until: float
    ) -> None:
        self._head = head
        self._bodies = bodies
        self._expected = expected
        self._generated = generated
        self._until = until
        self._received = b""
        self._sent_at = 0.0
        self._asking = False
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        body = None if self._generated.wrong or self._sent_at > self._until else next(self._bodies, None)
        if body is None:
            self._asking = False
            self._transport.close()
            return
        self._asking = True
        self._transport.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not _is_whole(self._received):
            return
        self._generated.took_ms.append((time.perf_counter() - self._sent_at) * 1000)
        if b" 200 " not in self._received[:16] or self._expected not in self._received:
            self._generated.wrong = self._generated.wrong or self._received.decode(errors="replace")
        self._received = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._asking:
            self._generated.wrong = self._generated.wrong or f"the connection broke: {exc}"
        if not self.over.done():
            self.over.set_result(None)


def _is_whole(received: bytes) -> bool:
    head, found, body = received.partition(b"\r\n\r\n")
    if not found:
        return False
    for line in head.lower().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return len(body) >= int(value)
        if name == b"transfer-encoding":
            return body.endswith(b"0\r\n\r\n")
    return True
