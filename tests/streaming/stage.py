"""A real server on the loopback, and callers that keep a connection open."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect

from app.asgi import build_app, build_services
from app.clock import Clock
from app.connectors.client import open_client
from app.connectors.opening import Opener
from app.connectors.registry import build_connectors
from app.connectors.transport import trusted
from app.database.database import Database
from app.encryption import Cipher
from app.limits import DEFAULT_MOST, Load
from app.policy import Policy
from app.services.gatekeeper import RateLimits
from app.services.streams import MOST, MOST_PER_KEY, Streams
from app.services.viewer import ViewerService
from app.services.watching import JobFeed
from app.values import Platform, Scope
from resolvers.root import schema
from schema.examples import blank_examples
from schema.execution import Executor
from schema.socket_connection import SocketLimits
from schema.sockets import GraphQLSocket
from tests.api import NOWHERE, Api
from tests.end_to_end.live import PATIENCE_S, serving
from tests.world import FakeClock, World, new_cipher

PROTOCOL = "graphql-transport-ws"
WATCH = """
subscription Watch($id: ID!) {
  jobUpdated(jobId: $id) { id state active finishedAt deliveries { platform state attempts } }
}
"""


def quickly(seconds: float) -> Any:
    """Waits, but not as long as that."""
    return asyncio.sleep(min(seconds, 0.01))


@dataclass
class Caller:
    """The other end of a WebSocket."""

    socket: ClientConnection

    async def say(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            heard: dict[str, Any] = json.loads(await self.socket.recv())
        return heard

    async def hear_until(self, kind: str) -> list[dict[str, Any]]:
        """All messages up to one of this type."""
        heard = [await self.hear()]
        while heard[-1]["type"] != kind:
            heard.append(await self.hear())
        return heard

    async def begin(self, key: str = "admin-key") -> None:
        await self.say(type="connection_init", payload={"X-API-Key": key})
        assert await self.hear() == {"type": "connection_ack"}

    async def watch(self, job_id: str, named: str = "1", query: str = WATCH) -> None:
        await self.say(id=named, type="subscribe", payload={"query": query, "variables": {"id": job_id}})

    async def state(self) -> dict[str, Any]:
        """The job as the next message shows it."""
        message = await self.hear()
        assert message["type"] == "next", message
        job: dict[str, Any] = message["payload"]["data"]["jobUpdated"]
        return job

    async def closed(self) -> tuple[int | None, str | None]:
        """Code and reason, once the server has closed it."""
        async with asyncio.timeout(PATIENCE_S):
            await self.socket.wait_closed()
        return self.socket.close_code, self.socket.close_reason


@dataclass
class Stage(Api):
    """The public face over real HTTP."""

    origin: str = ""

    @asynccontextmanager
    async def socket(
        self, path: str = "/graphql", protocols: tuple[str, ...] = (PROTOCOL,), **more: Any
    ) -> AsyncIterator[Caller]:
        url = self.origin.replace("http", "ws", 1) + path
        async with connect(url, subprotocols=list(protocols) or None, proxy=None, **more) as socket:  # type: ignore[arg-type]
            yield Caller(socket)

    @asynccontextmanager
    async def events(
        self, query: str, variables: dict[str, Any] | None = None, key: str = "admin-key", **headers: str
    ) -> AsyncIterator[httpx.Response]:
        given = {"x-api-key": key, "accept": "text/event-stream"} | headers
        body = {"query": query, "variables": variables}
        async with self.http.stream("POST", "/graphql", json=body, headers=given) as response:
            yield response

    async def queued(self, *platforms: Platform) -> str:
        """The id of a job with one delivery for each platform, which nobody sends."""
        lead, label = await self.world.complete_lead(), await self.world.label()
        for platform in platforms or (Platform.META, Platform.GA4):
            await self.world.map(label.id, await self.world.integration(platform))
        job_id: str = (await self.update({"leadId": str(lead.id)}, label.id))["job"]["id"]
        return job_id

    async def nothing_left(self) -> None:
        """Return once nobody watches and nothing runs for anybody who did."""
        async with asyncio.timeout(PATIENCE_S):
            while self.services.watching.polling or self.services.streams.open:
                await asyncio.sleep(0.005)
        assert self.services.watching.watching == 0


async def next_event(lines: AsyncIterator[str]) -> tuple[str, Any]:
    """The kind and the JSON of the next event; comments are passed over."""
    kind, data = "", ""
    async with asyncio.timeout(PATIENCE_S):
        async for line in lines:
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                data = line.removeprefix("data: ")
            elif not line and kind:
                return kind, json.loads(data) if data else None
    raise EOFError


async def all_events(response: httpx.Response) -> list[tuple[str, Any]]:
    """Every event, until the server ends the answer."""
    lines, events = response.aiter_lines(), []
    try:
        while True:
            events.append(await next_event(lines))
    except EOFError:
        return events


@asynccontextmanager
async def open_stage(
    database: Database,
    *,
    limits: SocketLimits | None = None,
    origins: tuple[str, ...] = (),
    most: int = MOST,
    most_per_key: int = MOST_PER_KEY,
    requests: int = DEFAULT_MOST,
    clock: Clock | None = None,
    cipher: Cipher | None = None,
    policy: Policy | None = None,
    rate_limits: RateLimits | None = None,
) -> AsyncIterator[Stage]:
    """A server over `database`; /limited is a WebSocket with these limits and origins."""
    clock, connectors = clock or FakeClock(), dict(build_connectors())
    world = await World(database, clock, cipher or new_cipher(), connectors).begin()
    await world.key("admin-key", Scope.ADMIN)
    async with open_client() as platforms:
        places = dict.fromkeys(Platform, NOWHERE)
        opener = Opener(connectors=connectors, endpoints=places, cipher=world.cipher, http=platforms)
        services = build_services(
            database=database,
            opener=opener,
            wake=lambda _lanes: None,
            clock=clock,
            limits=rate_limits,
            monotonic=lambda: clock().timestamp(),
        )
        services = replace(
            services,
            watching=JobFeed(database, sleep=quickly),
            streams=Streams(
                ViewerService(database, clock), most=most, most_per_key=most_per_key, sleep=quickly
            ),
        )
        limited = GraphQLSocket(Executor(schema), services, limits=limits, allowed_origins=origins)
        app = build_app(
            services,
            database=database,
            examples=blank_examples(),
            policy=policy,
            load=Load(requests),
            more_routes=[WebSocketRoute("/limited", limited)],
        )
        async with serving(app) as origin, httpx.AsyncClient(base_url=origin, verify=trusted()) as http:
            yield Stage(world, http, [], services, origin=origin)
