"""Cut connections and hanging answers, over real HTTP."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.sandbox.application import sandbox_app
from tests.sandbox.stage import SENDERS, RecordedSleep, SteppingClock, book, script, served

PARSERS = pytest.mark.parametrize("http", [HttpToolsProtocol, H11Protocol], ids=["httptools", "h11"])
PLATFORMS = pytest.mark.parametrize("platform", SENDERS)


@PARSERS
@PLATFORMS
async def test_a_connection_dropped_before_the_answer_gives_the_client_no_byte(platform, http):
    async with (
        served(sandbox_app(clock=SteppingClock()), http=http) as address,
        httpx.AsyncClient(base_url=address) as client,
    ):
        await script(client, platform, dropConnection="before")
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            await SENDERS[platform](client)
        assert (await SENDERS[platform](client)).is_success


@PARSERS
@PLATFORMS
async def test_a_connection_dropped_after_half_of_the_answer_leaves_it_incomplete(platform, http):
    async with (
        served(sandbox_app(clock=SteppingClock()), http=http) as address,
        httpx.AsyncClient(base_url=address) as client,
    ):
        await script(client, platform, dropConnection="after")
        with pytest.raises(httpx.RemoteProtocolError, match=r"incomplete|without completing|peer closed"):
            await SENDERS[platform](client)
        assert (await SENDERS[platform](client)).is_success


@PLATFORMS
@pytest.mark.parametrize("drop", ["before", "after"])
async def test_what_a_dropped_request_brought_was_taken(platform, drop):
    async with (
        served(sandbox_app(clock=SteppingClock())) as address,
        httpx.AsyncClient(base_url=address) as client,
    ):
        await script(client, platform, dropConnection=drop)
        with pytest.raises(httpx.RemoteProtocolError):
            await SENDERS[platform](client)
        received = await book(client, platform)
    assert received["received"] == received["conversions"] == 1
    assert received["requests"][0]["scripted"] == f"connection dropped {drop} the answer"


async def test_a_client_that_gives_up_waiting_is_not_waited_for():
    hanging = asyncio.Event()

    async def hang(_delay_s: float) -> None:
        hanging.set()
        await asyncio.Event().wait()

    async with (
        served(sandbox_app(clock=SteppingClock(), sleep=hang)) as address,
        httpx.AsyncClient(base_url=address) as client,
    ):
        await script(client, "meta", delayS=600)
        sending = asyncio.create_task(SENDERS["meta"](client))
        await hanging.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        # Leaving the block shuts the server down, which waits for every request to end.


async def test_a_read_timeout_is_what_a_client_sees_of_a_long_delay():
    async def hang(_delay_s: float) -> None:
        await asyncio.Event().wait()

    async with (
        served(sandbox_app(clock=SteppingClock(), sleep=hang)) as address,
        httpx.AsyncClient(base_url=address) as client,
    ):
        await script(client, "meta", delayS=600)
        client.timeout = httpx.Timeout(5, read=0.05)
        with pytest.raises(httpx.ReadTimeout):
            await SENDERS["meta"](client)


async def test_a_delayed_answer_arrives_whole_when_its_time_has_come():
    reached, released = asyncio.Event(), asyncio.Event()

    async def hold(_delay_s: float) -> None:
        reached.set()
        await released.wait()

    async with (
        served(sandbox_app(clock=SteppingClock(), sleep=hold)) as address,
        httpx.AsyncClient(base_url=address) as client,
    ):
        await script(client, "meta", delayS=5)
        sending = asyncio.create_task(SENDERS["meta"](client))
        await reached.wait()
        assert not sending.done()
        released.set()
        assert (await sending).json()["events_received"] == 1


async def test_in_process_a_drop_before_the_answer_is_a_connection_reset(client):
    await script(client, "meta", dropConnection="before")
    with pytest.raises(ConnectionResetError):
        await SENDERS["meta"](client)


async def test_the_sandbox_can_be_mounted_below_another_address(clock):
    app = Starlette(routes=[Mount("/sandbox", app=sandbox_app(clock=clock, sleep=RecordedSleep()))])
    async with served(app) as address, httpx.AsyncClient(base_url=f"{address}/sandbox") as client:
        assert (await SENDERS["google_ads"](client)).status_code == 200
        received = await book(client, "google_ads")
        overview = (await client.get("/")).json()
    assert received["requests"][0]["path"] == "/sandbox/google_ads/v1/events:ingest"
    assert overview["platforms"][0]["requests"] == f"{address}/sandbox/google_ads/requests"
