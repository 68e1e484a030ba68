"""Measures what the application answers."""

import asyncio
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.metrics.instruments import Instruments


@dataclass(frozen=True, slots=True)
class RequestMeter:
    """ASGI middleware. Outside of whatever turns errors into answers, so that it sees those."""

    app: ASGIApp
    instruments: Instruments

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and measure."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # A caller's own path would be a label without bounds.
        endpoint = "graphql" if scope["path"] == "/graphql" else "other"
        loop = asyncio.get_running_loop()
        begun_at = loop.time()

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Not when it is all sent: streams stay open, and clients may be slow to read.
                self.instruments.answered(endpoint, message["status"], loop.time() - begun_at)
            await send(message)

        await self.app(scope, receive, watch)
