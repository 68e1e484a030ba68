"""The whole house for tests: the public face, the embedded engine, and the sandbox over real HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from app.alerting import read_receiver
from app.asgi import build_app, build_services
from app.clock import Clock, utc_now
from app.connectors.client import open_client
from app.connectors.http import Timeouts, Wire
from app.connectors.opening import Opener
from app.connectors.registry import build_connectors
from app.connectors.transport import trusted
from app.database.database import Database
from app.demo import demo_settings
from app.encryption import Cipher
from app.queue.embedded import EmbeddedEngine
from app.queue.port import Wake
from app.runtime import endpoints, sending
from app.sandbox.application import sandbox_app
from app.serving import bind
from app.settings import Settings
from app.tables.labels import LabelRow
from app.values import Platform, Scope
from schema.examples import blank_examples
from tests.api import Api
from tests.world import COMPLETE_LEAD, TARGETS, World, new_cipher

PATIENCE_S = 20
"""How long a test waits for what must come at once: a bound against hanging, not a measurement."""

JOB = """
query ($id: ID!) {
  job(id: $id) {
    id state active price finishedAt
    lead { status label { name mappings { integration { id } target held heldReason } } }
    deliveries {
      id platform kind state attempts onlyTested platformEventId platformRequestId errorCode errorMessage
      nextAttemptAt expiresAt request response warning { code reason }
      attemptLog { number httpStatus errorCode errorMessage }
      follows { id kind state }
      integration { id paused pauseReason pauseMessage }
    }
  }
}
"""


@dataclass
class Live(Api):
    """A caller, and the platforms at the other end."""

    sandbox: httpx.AsyncClient | None = None
    wake: Wake = print
    """Gives lanes a turn, as a commit does."""

    async def book(self, platform: str) -> dict[str, Any]:
        """What a platform received, and what it counts."""
        assert self.sandbox is not None
        book: dict[str, Any] = (await self.sandbox.get(f"/sandbox/{platform}/requests")).json()
        return book

    async def forget(self, platform: str) -> None:
        """Let a platform begin with an empty book."""
        assert self.sandbox is not None
        await self.sandbox.delete(f"/sandbox/{platform}/requests")

    async def received(self, platform: str) -> list[dict[str, Any]]:
        """The conversions a platform was sent, newest first."""
        requests: list[dict[str, Any]] = (await self.book(platform))["requests"]
        return requests

    def taken(self, platform: Platform) -> str:
        """The state of a delivery that the platform took."""
        judges_later = self.world.connectors[platform].facts.verdict_after
        return "ACCEPTED" if judges_later else "DELIVERED"

    async def script(self, platform: str, **order: Any) -> None:
        """Tell a platform how to behave next."""
        assert self.sandbox is not None
        response = await self.sandbox.post(f"/sandbox/{platform}/script", json=order)
        assert response.status_code < 300, response.text

    async def job(self, job_id: str) -> dict[str, Any]:
        job: dict[str, Any] = (await self.ask(JOB, {"id": job_id}))["job"]
        return job

    async def until(self, look: Callable[[], Awaitable[Any]]) -> Any:
        """What `look` answers once it is true."""
        async with asyncio.timeout(PATIENCE_S):
            while not (seen := await look()):
                await asyncio.sleep(0.01)
        return seen

    async def processed(self, job_id: str) -> dict[str, Any]:
        """The job, once it is not active any more."""

        async def look() -> dict[str, Any] | None:
            job = await self.job(job_id)
            return None if job["active"] else job

        job: dict[str, Any] = await self.until(look)
        return job

    async def lead_now(self, **values: Any) -> str:
        """The id of a lead that every platform takes now."""
        now = self.world.clock()
        fresh = {
            "clicked_at": now - timedelta(days=2),
            "created_at": now - timedelta(days=1),
            # Microsoft goes by click, goal and second: two leads of a test may share the rest.
            "msclkid": uuid4().hex,
        }
        return str((await self.world.lead(**(COMPLETE_LEAD | fresh | values))).id)

    async def label_everywhere(self, **columns: Any) -> LabelRow:
        """A label that means something at every platform."""
        label = await self.world.label(**columns)
        for platform in TARGETS:
            await self.world.map(label.id, await self.world.integration(platform))
        return label


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """A real HTTP server on the loopback; answers its origin."""
    listening = bind("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
    # As the program's own event loop does: answers would wait 40 ms for an acknowledgement otherwise.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with listening:
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            while not server.started:
                await asyncio.sleep(0.005)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def open_live(
    database: Database,
    alerts: Settings | None = None,
    *,
    clock: Clock = utc_now,
    timeouts: Timeouts | None = None,
    cipher: Cipher | None = None,
    key: str = "admin-key",
    in_front: Callable[[ASGIApp], ASGIApp] = lambda platforms: platforms,
) -> AsyncIterator[Live]:
    """Everything over `database`, sending to a sandbox of its own.

    `alerts`: whom to tell, as settings; `key`: of the caller; `in_front`: of the platforms.
    """
    connectors = dict(build_connectors(Wire(clock=clock, timeouts=timeouts or Timeouts())))
    world = await World(database, clock, cipher or new_cipher(), connectors).begin()
    await world.key(key, Scope.ADMIN, name="admin")
    platforms = Starlette(routes=[Mount("/sandbox", sandbox_app(clock=clock))])
    async with (
        serving(in_front(platforms)) as origin,
        httpx.AsyncClient(base_url=origin, verify=trusted()) as sandbox,
        open_client() as http,
    ):
        places = endpoints(demo_settings("", origin), connectors)
        opener = Opener(connectors=connectors, endpoints=places, cipher=world.cipher, http=http)
        receiver = read_receiver(alerts, http=http, clock=clock) if alerts else None
        engine = EmbeddedEngine(clock=clock)
        async with sending(engine, database, opener, clock, receiver):
            services = build_services(database=database, opener=opener, wake=engine.wake, clock=clock)
            app = build_app(services, database=database, examples=blank_examples())
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://leadwire.test") as client:
                yield Live(world, client, [], services, key, sandbox=sandbox, wake=engine.wake)
