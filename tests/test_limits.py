"""How much is answered at a time."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.limits import Load, RequestLimit
from schema.media import RESPONSE_JSON

MOST = 3


class Held:
    """An application that answers once it is let, and counts who came in."""

    def __init__(self) -> None:
        self.begun = asyncio.Semaphore(0)
        self.go_on = asyncio.Event()
        self.fails = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.begun.release()
        await self.go_on.wait()
        if self.fails:
            raise RuntimeError
        await PlainTextResponse("done")(scope, receive, send)


def limited(app: ASGIApp, load: Load) -> httpx.AsyncClient:
    limit = RequestLimit(app, load, exempt=["/healthz", "/sandbox"])
    transport = httpx.ASGITransport(limit, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://leadwire.test")


@asynccontextmanager
async def full(client: httpx.AsyncClient, app: Held) -> AsyncIterator[list[asyncio.Task[httpx.Response]]]:
    """As many requests under way as may be."""
    tasks = [asyncio.create_task(client.post("/graphql", content=b"{}")) for _ in range(MOST)]
    for _ in tasks:
        await app.begun.acquire()
    yield tasks
    app.go_on.set()
    await asyncio.wait(tasks)


async def test_what_is_beyond_the_limit_is_refused_at_once_and_the_rest_is_answered() -> None:
    app, load = Held(), Load(MOST)
    async with limited(app, load) as client:
        async with full(client, app) as tasks:
            refused = [await client.post("/graphql", content=b"{}") for _ in range(50)]
            in_flight = load.in_flight
        after = await client.post("/graphql", content=b"{}")

    assert {one.status_code for one in refused} == {503}
    assert (in_flight, load.in_flight, load.refused) == (MOST, 0, 50)
    assert [task.result().status_code for task in tasks] == [200] * MOST
    assert after.status_code == 200


async def test_a_refusal_says_what_it_is_and_when_to_come_back() -> None:
    app = Held()
    async with limited(app, Load(MOST)) as client, full(client, app):
        refused = await client.post("/graphql", content=b"{}", headers={"accept": RESPONSE_JSON})

    assert refused.headers["retry-after"] == "1"
    assert refused.headers["content-type"] == f"{RESPONSE_JSON}; charset=utf-8"
    assert refused.json() == {
        "errors": [
            {
                "message": "The server has too much to do. Try again in a moment.",
                "extensions": {"code": "SERVICE_OVERLOADED"},
            }
        ]
    }


async def test_a_request_that_is_refused_is_not_read() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        pytest.fail("it was read")

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": []}
    await RequestLimit(Held(), Load(0))(scope, receive, send)

    assert sent[0]["status"] == 503


async def test_a_request_that_fails_or_is_given_up_makes_room() -> None:
    app, load = Held(), Load(MOST)
    app.fails = True
    async with limited(app, load) as client:
        async with full(client, app) as tasks:
            tasks[0].cancel()
            await asyncio.wait(tasks[:1])
        assert {task.result().status_code for task in tasks[1:]} == {500}

    assert load.in_flight == 0


@pytest.mark.parametrize(("path", "status"), [("/healthz", 200), ("/sandbox/meta", 200), ("/healthzz", 503)])
async def test_an_exempt_path_is_answered_all_the_same(path: str, status: int) -> None:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(Request(scope).url.path)(scope, receive, send)

    async with limited(answer, Load(0)) as client:
        assert (await client.get(path)).status_code == status


async def test_a_stream_gives_its_place_back_when_it_opens() -> None:
    load = Load(1)
    seen: list[int] = []

    async def stream(_scope: Scope, _receive: Receive, send: Send) -> None:
        seen.append(load.in_flight)
        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        seen.append(load.in_flight)
        await send({"type": "http.response.body", "body": b""})

    async with limited(stream, load) as client:
        await client.get("/graphql")

    assert [*seen, load.in_flight] == [1, 0, 0]


async def test_what_is_refused_leaves_nothing_behind_in_memory() -> None:
    app, load = Held(), Load(1)
    limit = RequestLimit(app, load)
    scope: Scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": []}

    async def nothing_comes() -> Message:
        pytest.fail("it was read")

    async def nobody_listens(_message: Message) -> None:
        """The client is gone."""

    held = asyncio.create_task(limit(scope, nothing_comes, nobody_listens))
    await app.begun.acquire()
    await _refuse(limit, scope, 100)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    await _refuse(limit, scope, 5_000)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    app.go_on.set()
    await held

    assert load.refused == 5_100
    assert after - before < 50_000


async def _refuse(limit: RequestLimit, scope: Scope, times: int) -> None:
    async def unread() -> Message:
        pytest.fail("it was read")

    async def unheard(_message: Message) -> None:
        """Nobody looks."""

    for _ in range(times):
        await limit(dict(scope), unread, unheard)
