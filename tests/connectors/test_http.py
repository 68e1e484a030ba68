import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.http import (
    MAX_RETRY_AFTER_S,
    Answer,
    Timeouts,
    Unanswered,
    Wire,
    json_bytes,
    post,
    retry_after_s,
)
from app.connectors.transport import Transport
from tests.connectors.cases import QUICK
from tests.connectors.http_server import HttpServer, answer, endless
from tests.connectors.leads import NOW

WIRE = Wire(clock=lambda: NOW)


class Failing(httpx.AsyncBaseTransport):
    """A network that fails in one way."""

    def __init__(self, failure: Exception) -> None:
        self.failure = failure

    async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
        raise self.failure


@pytest.mark.parametrize(
    ("failure", "written"),
    [
        (httpx.ConnectError("x"), False),
        (httpx.ConnectTimeout("x"), False),
        (httpx.PoolTimeout("x"), False),
        (httpx.ProxyError("x"), False),
        (httpx.UnsupportedProtocol("x"), False),
        (httpx.LocalProtocolError("x"), False),
        (httpx.InvalidURL("x"), False),
        (httpx.ReadTimeout("x"), True),
        (httpx.WriteTimeout("x"), True),
        (httpx.WriteError("x"), True),
        (httpx.ReadError("x"), True),
        (httpx.CloseError("x"), True),
        (httpx.RemoteProtocolError("x"), True),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_a_failure_says_whether_the_request_was_written(failure: Exception, written: bool) -> None:
    async with httpx.AsyncClient(transport=Failing(failure)) as client:
        outcome = await post(client, "http://127.0.0.1/", b"{}", wire=WIRE)
    assert isinstance(outcome, Unanswered)
    assert outcome.written is written


async def test_an_address_that_is_none_is_never_written_to(http: httpx.AsyncClient) -> None:
    assert await post(http, "http://[::bad/", b"{}", wire=WIRE) == Unanswered(
        written=False, code="CONNECTION"
    )


async def test_an_answer_that_trickles_ends_with_the_whole_time(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        await writer.drain()
        await server.silence(writer)

    server.tell("", trickle)
    timeouts = Timeouts(read_s=3600, whole_s=0.05)
    outcome = await post(http, server.url, b"{}", wire=Wire(clock=lambda: NOW, timeouts=timeouts))
    assert outcome == Unanswered(written=True, code="TIMEOUT")


async def test_no_free_connection_means_not_written(server: HttpServer) -> None:
    server.tell("", server.silence)
    timeouts = Timeouts(connect_s=0.05, pool_s=0.05, read_s=5)  # waiting for a connection may take both
    async with httpx.AsyncClient(transport=Transport(most_connections=1, by_proxy=False)) as client:
        busy = asyncio.create_task(post(client, server.url, b"{}", wire=WIRE))
        await server.arrival()
        outcome = await post(client, server.url, b"{}", wire=Wire(clock=lambda: NOW, timeouts=timeouts))
        busy.cancel()
        await asyncio.wait([busy])
    assert outcome == Unanswered(written=False, code="TIMEOUT")


async def test_at_most_64_kib_of_an_answer_are_read(server: HttpServer, http: httpx.AsyncClient) -> None:
    server.tell("", answer(200, b'"' + b"x" * 70_000 + b'"'))
    outcome = await post(http, server.url, b"{}", wire=WIRE)
    assert isinstance(outcome, Answer)
    assert not outcome.is_json
    assert not outcome.is_html


async def test_an_answer_without_an_end_is_left_in_the_middle(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    server.tell("", endless)
    outcome = await post(http, server.url, b"{}", wire=WIRE)
    assert isinstance(outcome, Answer)
    assert not outcome.is_json


async def test_cookies_and_headers_of_a_shared_client_are_not_sent(server: HttpServer) -> None:
    server.tell("", answer(200, b"{}", Set_Cookie="session=1; Path=/"))
    async with httpx.AsyncClient(trust_env=False, headers={"X-Foreign": "1"}, cookies={"a": "b"}) as client:
        await post(client, server.url, b"{}", wire=WIRE)
        await post(client, server.url, b"{}", wire=WIRE)
    for request in server.received:
        assert "cookie" not in request.headers
        assert "x-foreign" not in request.headers
        assert request.headers["accept-encoding"] == "identity"


async def test_a_page_is_known_by_its_type_or_its_first_character(
    server: HttpServer, http: httpx.AsyncClient
) -> None:
    server.tell(
        "", answer(200, b"Hello", Content_Type="TEXT/HTML; charset=utf-8"), answer(200, b"  <!doctype html>")
    )
    for _ in range(2):
        outcome = await post(http, server.url, b"{}", wire=WIRE)
        assert isinstance(outcome, Answer)
        assert outcome.is_html


async def test_a_silent_platform_is_a_time_out(server: HttpServer, http: httpx.AsyncClient) -> None:
    server.tell("", server.silence)
    outcome = await post(http, server.url, b"{}", wire=Wire(clock=lambda: NOW, timeouts=QUICK))
    assert outcome == Unanswered(written=True, code="TIMEOUT")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("99999999999", MAX_RETRY_AFTER_S),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        ("Mon, 23 Nov 2026 12:01:30 -0000", 90.0),
        ("Mon, 23 Nov 9999 12:01:30 GMT", MAX_RETRY_AFTER_S),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after_s(value, NOW) == seconds


@given(st.text(max_size=60))
def test_retry_after_never_raises(value: str) -> None:
    seconds = retry_after_s(value, datetime(2026, 1, 1, tzinfo=UTC))
    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER_S


def test_a_body_is_written_in_ascii_with_half_surrogates_and_all() -> None:
    assert json_bytes({"a": "é\ud800", "b": 1.5}) == b'{"a":"\\u00e9\\ud800","b":1.5}'


def test_what_json_has_no_word_for_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_bytes({"a": float("nan")})
