"""GraphQL over server-sent events, each operation on a connection of its own.

As graphql-sse's protocol, "distinct connections mode", says (github.com/enisdenjo/graphql-sse, PROTOCOL.md).
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from app.services.streams import Ending, Stream, Streams, TooManyForKeyError, TooManyStreamsError
from app.services.viewer import INVALID_KEY, Viewer
from schema.execution import Piece
from schema.masking import log_bug
from schema.responses import (
    TOO_MANY_STREAMS,
    bug_payload,
    error_payload,
    error_response,
    overloaded_response,
)
from schema.tasks import either, stop_tasks

KEEP_ALIVE_S: Final = 15.0
"""Proxies cut what is silent for 30 seconds and more."""
SEND_WITHIN_S: Final = 20.0
"""Whoever has taken nothing for so long is taken to be gone."""

_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    # nginx would hold events back until its buffer is full.
    (b"x-accel-buffering", b"no"),
)
_KEEP_ALIVE: Final = b":\n\n"
_COMPLETE: Final = b"event: complete\ndata: \n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStream:
    """An ASGI response: `pieces` as events, until they end, the caller goes, or the process stops."""

    pieces: AsyncGenerator[Piece, None]
    viewer: Viewer
    request_id: str
    media: str
    """What the caller takes instead of events when there are none."""
    streams: Streams
    keep_alive_s: float = KEEP_ALIVE_S
    send_within_s: float = SEND_WITHIN_S

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        try:
            with self.streams.opened() as stream:
                self.streams.admit(stream, self.viewer)
                await self._answer(stream, receive, send)
        except TooManyForKeyError:
            refused = error_response(429, TOO_MANY_STREAMS, self.media, headers={"Retry-After": "10"})
            await refused(scope, receive, send)
        except TooManyStreamsError:
            await overloaded_response(self.media)(scope, receive, send)

    async def _answer(self, stream: Stream, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_disconnected(receive))
        writing = asyncio.create_task(self._write(stream, send))
        try:
            await either(gone, writing)
            if writing.done():
                writing.result()
        finally:
            await stop_tasks(gone, writing)

    async def _write(self, stream: Stream, send: Send) -> None:
        try:
            await self._send(send, {"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
            async with aclosing(self._chunks(stream)) as chunks:
                async for chunk in chunks:
                    await self._send(send, {"type": "http.response.body", "body": chunk, "more_body": True})
            await self._send(send, {"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            # Not the end of a body: the server cuts the connection, and the caller knows that there was more.
            return

    async def _send(self, send: Send, message: dict[str, Any]) -> None:
        async with asyncio.timeout(self.send_within_s):
            await send(message)

    async def _chunks(self, stream: Stream) -> AsyncGenerator[bytes, None]:
        coming = asyncio.create_task(anext(self.pieces, None))
        try:
            while True:
                await either(coming, stream.ending, within_s=self.keep_alive_s)
                if stream.ending.done():
                    yield _last_words(stream.ending.result())
                    return
                if not coming.done():
                    yield _KEEP_ALIVE
                    continue
                piece = self._result(coming)
                if piece is None:
                    yield _COMPLETE
                    return
                coming = asyncio.create_task(anext(self.pieces, None))
                yield _event(piece.payload)
        finally:
            await stop_tasks(coming)
            await self.pieces.aclose()

    def _result(self, coming: "asyncio.Task[Piece | None]") -> Piece | None:
        try:
            return coming.result()
        except Exception as error:  # noqa: BLE001 - an edge: the caller is told, the log is told more
            log_bug(error, self.request_id)
            return Piece(bug_payload(self.request_id))


def _event(payload: Mapping[str, Any]) -> bytes:
    # JSON without line breaks: one would end the event.
    return f"event: next\ndata: {json.dumps(payload)}\n\n".encode()


def _last_words(ending: Ending) -> bytes:
    if ending is Ending.KEY:
        return _event(error_payload(INVALID_KEY, "UNAUTHENTICATED")) + _COMPLETE
    # Without `complete`: the job goes on, and the caller is to come back.
    return b""


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
