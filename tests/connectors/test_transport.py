"""The transport against a real server: what it sends, what it keeps, and what it says of what fails."""

import asyncio
import logging
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import cast

import httpx
import pytest

from app.connectors.client import open_client
from app.connectors.http import Answer, Timeouts, Unanswered, Wire, get, post
from app.connectors.transport import Transport
from tests.connectors.http_server import HttpServer, answer, hang_up, raw
from tests.connectors.leads import NOW

WIRE = Wire(clock=lambda: NOW)
LOST = Unanswered(written=True, code="CONNECTION")
NEVER_WRITTEN = Unanswered(written=False, code="CONNECTION")


async def reset(writer: asyncio.StreamWriter) -> None:
    """The end of the connection as a crash makes it."""
    connection = cast("socket.socket", writer.get_extra_info("socket"))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@contextmanager
def closed_port() -> Iterator[str]:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


async def test_the_request_is_sent_as_it_was_made(server: HttpServer, http: httpx.AsyncClient) -> None:
    server.tell("", answer(200, {"a": 1}))
    url = f"{server.url}/a%2Fb/%C3%A9?x=a+b%20c&y=%7e&empty="
    found = await post(http, url, b'{"b":2}', headers={"X-Own": "yes"}, wire=WIRE)
    assert isinstance(found, Answer)
    assert found.body == {"a": 1}
    [request] = server.received
    assert (request.method, request.target) == ("POST", url.removeprefix(server.url))
    assert request.body == b'{"b":2}'
    assert set(request.headers) == {
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "content-type",
        "content-length",
        "x-own",
    }
    assert request.headers["user-agent"] == "leadwire"


async def test_a_request_without_a_body_has_none(server: HttpServer, http: httpx.AsyncClient) -> None:
    server.tell("", answer(200, {}))
    await get(http, server.url, wire=WIRE)
    [request] = server.received
    assert (request.method, request.body) == ("GET", b"")
    assert "content-type" not in request.headers


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        pytest.param(hang_up, LOST, id="closed"),
        pytest.param(reset, LOST, id="reset"),
        pytest.param(raw(b"nonsense\r\n\r\n"), LOST, id="no HTTP"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), LOST, id="cut off"),
        pytest.param(
            raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"), LOST, id="no chunk"
        ),
    ],
)
async def test_what_is_lost_after_the_request_may_have_arrived(
    server: HttpServer, http: httpx.AsyncClient, reply: object, expected: Unanswered
) -> None:
    server.tell("", reply)  # type: ignore[arg-type]
    assert await post(http, server.url, b"{}", wire=WIRE) == expected
    assert len(server.received) == 1


async def test_where_nobody_listens_nothing_is_written(http: httpx.AsyncClient) -> None:
    with closed_port() as url:
        assert await post(http, url, b"{}", wire=WIRE) == NEVER_WRITTEN


async def test_a_name_that_does_not_exist_gets_nothing(http: httpx.AsyncClient) -> None:
    assert await post(http, "http://no-such-host.invalid/", b"{}", wire=WIRE) == NEVER_WRITTEN


async def test_a_header_that_would_end_the_head_is_never_written(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    found = await post(http, server.url, b"{}", headers={"Authorization": "a\r\nX-Other: b"}, wire=WIRE)
    assert found == NEVER_WRITTEN
    assert server.received == []


async def test_a_server_that_does_not_speak_tls_gets_nothing(http: httpx.AsyncClient) -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as plain:
        url = f"https://127.0.0.1:{plain.sockets[0].getsockname()[1]}/"
        assert await post(http, url, b"{}", wire=WIRE) == NEVER_WRITTEN


async def test_silence_before_and_within_an_answer_is_a_time_out(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    async def begin(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
        await writer.drain()
        await server.silence(writer)

    server.tell("", server.silence, begin)
    wire = Wire(clock=lambda: NOW, timeouts=Timeouts(read_s=0.05))
    for _ in range(2):
        found = await post(http, server.url, b"{}", wire=wire)
        assert found == Unanswered(written=True, code="TIMEOUT")


@pytest.fixture
async def keeping() -> AsyncIterator[tuple[str, list[int]]]:
    """A server that keeps connections, and how many requests came over each."""
    counts: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place = len(counts)
        counts.append(0)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                counts[place] += 1
                if b"/leave " in head:
                    break
                more = b"x" * 200_000 if b"/long " in head else b"{}"
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(more), more))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has left
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", counts
    server.close()
    await server.wait_closed()


async def test_one_connection_carries_many_requests(
    keeping: tuple[str, list[int]], http: httpx.AsyncClient
) -> None:
    url, counts = keeping
    for _ in range(3):
        assert isinstance(await get(http, url, wire=WIRE), Answer)
    assert counts == [3]


async def test_a_connection_with_an_unread_rest_carries_no_other_request(
    keeping: tuple[str, list[int]], http: httpx.AsyncClient
) -> None:
    url, counts = keeping
    for path in ("/long", "/short"):
        assert isinstance(await get(http, url + path, wire=WIRE), Answer)
    assert counts == [1, 1]


async def test_no_request_is_sent_a_second_time_by_itself(
    keeping: tuple[str, list[int]], http: httpx.AsyncClient
) -> None:
    url, counts = keeping
    await get(http, url, wire=WIRE)
    assert await post(http, f"{url}/leave", b"", wire=WIRE) == LOST
    assert counts == [2]


async def test_requests_go_by_the_proxy_of_the_environment_but_for_exceptions(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.tell("", answer(200, {}))
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("NO_PROXY", "direct.invalid")
    monkeypatch.setenv("no_proxy", "direct.invalid")
    async with open_client() as client:
        assert isinstance(await post(client, "http://far.invalid/a", b"{}", wire=WIRE), Answer)
        assert await post(client, "http://direct.invalid/a", b"{}", wire=WIRE) == NEVER_WRITTEN
    [request] = server.received
    assert request.target == "http://far.invalid/a"


async def test_a_failure_quotes_no_address(server: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.tell("", hang_up)
    async with httpx.AsyncClient(transport=Transport(most_connections=1, by_proxy=False)) as client:
        with pytest.raises(httpx.ReadError) as failure:
            await client.get(f"{server.url}/?api_secret=hidden")
    assert "hidden" not in f"{failure.value!r} {failure.value.__cause__!r} {caplog.text}"
