"""A process that is told to stop tells those who keep a connection open, and does not wait for them."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect

from tests.streaming.stage import PROTOCOL, WATCH, Caller, next_event
from tests.test_demo import PATIENCE_S, curl_of, read_until, started


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[tuple[Any, httpx.AsyncClient, str, str]]:
    """The demo's process, a caller, where it answers, and a job whose verdict comes in half an hour."""
    async with started("demo", "--port", "0", cwd=folder) as process:
        url, headers, body = curl_of(await read_until(process, "Ctrl-C"))
        async with httpx.AsyncClient(headers={"X-API-Key": headers["X-API-Key"]}) as http:
            answer = await http.post(url, headers=headers, content=body)
            yield process, http, url, answer.json()["data"]["updateLeadStatus"]["job"]["id"]


async def test_sockets_are_closed_with_1001_and_streams_end_without_saying_that_they_are_complete(
    tmp_path: Path,
) -> None:
    async with demo(tmp_path) as (process, http, url, job_id):
        body = {"query": WATCH, "variables": {"id": job_id}}
        address = url.replace("http", "ws", 1)
        async with (
            connect(address, subprotocols=[PROTOCOL], proxy=None) as socket,  # type: ignore[list-item]
            connect(address, subprotocols=[PROTOCOL], proxy=None) as nobodys,  # type: ignore[list-item]
            http.stream("POST", url, json=body, headers={"accept": "text/event-stream"}) as answer,
        ):
            caller = Caller(socket)
            await caller.begin("demo-key")
            await caller.watch(job_id)
            await caller.state()
            lines = answer.aiter_lines()
            await next_event(lines)
            process.send_signal(signal.SIGTERM)
            closed = await Caller(nobodys).closed()
            heard = [event async for event in events_until_the_end(lines)]
            async with asyncio.timeout(PATIENCE_S):
                _, errors = await process.communicate()
        assert await caller.closed() == (1001, "The server is stopping")

    assert closed == (1001, "The server is stopping")
    assert {kind for kind, _ in heard} <= {"next"}
    assert process.returncode == 0
    assert b"Traceback" not in errors


async def events_until_the_end(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, Any]]:
    while True:
        try:
            yield await next_event(lines)
        except EOFError:
            return


async def test_a_message_over_the_cap_is_refused_by_the_server_before_it_is_read(tmp_path: Path) -> None:
    async with demo(tmp_path) as (process, _, url, _):
        async with connect(url.replace("http", "ws", 1), subprotocols=[PROTOCOL], proxy=None) as socket:  # type: ignore[list-item]
            caller = Caller(socket)
            await caller.begin("demo-key")
            await socket.send(json.dumps({"type": "ping", "payload": {"x": "x" * 70_000}}))
            code, _ = await caller.closed()
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            _, errors = await process.communicate()

    assert code == 1009
    assert errors == b"" or b"WebSocket" not in errors
