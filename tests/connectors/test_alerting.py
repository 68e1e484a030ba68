"""The operator's webhook over a real connection."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from app.connectors.alerting import AlertReceiver, NotTaken
from app.connectors.http import Wire
from tests.connectors.http_server import HttpServer, Reply, answer, hang_up, http_server
from tests.world import START, FakeClock

KEY = b"0123456789abcdef0123456789abcdef"
SECRET = SecretStr("whsec_" + base64.b64encode(KEY).decode())


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with http_server() as server:
        yield server


@pytest.fixture
async def receiver(server: HttpServer) -> AsyncIterator[AlertReceiver]:
    async with httpx.AsyncClient() as http:
        yield AlertReceiver(
            url=f"{server.url}/alerts", secret=SECRET, http=http, wire=Wire(clock=FakeClock())
        )


async def test_a_message_is_signed_and_a_private_address_is_the_operators_choice(
    server: HttpServer, receiver: AlertReceiver
) -> None:
    server.tell("/alerts", answer(204))

    assert await receiver.tell({"type": "leadwire.alert"}, message_id="alert_1") is None

    [request] = server.received
    seconds = str(int(START.timestamp()))
    signed = b".".join((b"alert_1", seconds.encode(), request.body))
    signature = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert request.json == {"type": "leadwire.alert"}
    assert request.headers["webhook-id"] == "alert_1"
    assert request.headers["webhook-timestamp"] == seconds
    assert request.headers["webhook-signature"].lower() == f"v1,{signature}".lower()


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        (answer(500), NotTaken(why="HTTP 500", retry_after_s=None)),
        (answer(429, Retry_After="120"), NotTaken(why="HTTP 429", retry_after_s=120.0)),
        (answer(302, Location="http://127.0.0.1:9/"), NotTaken(why="HTTP 302", retry_after_s=None)),
        (hang_up, NotTaken(why="CONNECTION", retry_after_s=None)),
    ],
    ids=["error", "too many", "redirect", "no answer"],
)
async def test_what_is_not_taken_says_why_and_nothing_of_the_answer(
    server: HttpServer, receiver: AlertReceiver, reply: Reply, failure: NotTaken
) -> None:
    server.tell("/alerts", reply)

    assert await receiver.tell({}, message_id="alert_1") == failure


@pytest.mark.parametrize(
    ("url", "secret"),
    [("ftp://example.com", SECRET.get_secret_value()), ("https://example.com", "whsec_short")],
)
async def test_what_can_never_work_is_refused_at_once(url: str, secret: str) -> None:
    async with httpx.AsyncClient() as http:
        with pytest.raises(ValueError, match="must") as refused:
            AlertReceiver(url=url, secret=SecretStr(secret), http=http, wire=Wire())
    assert "short" not in str(refused.value)
