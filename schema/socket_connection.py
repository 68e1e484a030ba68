"""One WebSocket, from its first message to its last: graphql-transport-ws, and nothing older."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from starlette.websockets import WebSocket, WebSocketDisconnect

from app.database.errors import DatabaseBusyError
from app.errors import RateLimitedError, UnauthenticatedError
from app.services.streams import Ending, Stream, TooManyForKeyError
from app.services.viewer import Viewer
from schema.access import NOT_FOR_PUBLIC_KEYS
from schema.callers import client_address
from schema.context import Context, Services
from schema.execution import Executor
from schema.masking import OVERLOADED_MESSAGE, log_bug
from schema.responses import TOO_MANY_STREAMS, bug_payload, error_payload
from schema.socket_messages import (
    PROTOCOL,
    CloseError,
    Code,
    Complete,
    Init,
    Message,
    Ping,
    Subscribe,
    read_message,
    reason_of,
)
from schema.tasks import either, stop_tasks
from schema.transports import Transport

KEY: Final = "x-api-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLimits:
    """What one connection may take."""

    init_within_s: float = 5.0
    """Until then the server does not know whom it talks to."""
    idle_s: float = 300.0
    """Without a message and without a subscription; twice that at the most. The server's own pings find out,
    within 40 seconds, who is not there any more."""
    send_within_s: float = 20.0
    """Whoever has taken nothing for so long is taken to be gone."""
    subscriptions: int = 20
    """At a time."""


class Connection:
    """Reads messages in one task, and answers each subscription in one of its own."""

    def __init__(
        self,
        socket: WebSocket,
        stream: Stream,
        *,
        executor: Executor,
        services: Services,
        limits: SocketLimits,
    ) -> None:
        self._socket, self._stream = socket, stream
        self._executor, self._services, self._limits = executor, services, limits
        self._address = client_address(socket.scope)
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        """Those of the operations, and of some whose last message is still on its way."""
        self._viewer: Viewer | None = None
        self._initialised = False

    async def serve(self) -> None:
        """Serve until either side has enough. No task is left behind."""
        await self._socket.accept(PROTOCOL)
        reading = asyncio.create_task(self._read())
        try:
            await either(reading, self._stream.ending)
            closing = self._closing(reading)
        finally:
            await stop_tasks(reading, *self._tasks)
        if closing is not None:
            await self._close(closing)

    def _closing(self, reading: "asyncio.Task[CloseError | None]") -> CloseError | None:
        if reading.done():
            return reading.result()
        ending = self._stream.ending.result()
        return None if ending is Ending.STALLED else reason_of(ending)

    async def _close(self, closing: CloseError) -> None:
        try:
            async with asyncio.timeout(self._limits.send_within_s):
                await self._socket.close(closing.code, closing.reason)
        except (TimeoutError, WebSocketDisconnect):
            return

    # ---- what comes in ----

    async def _read(self) -> CloseError | None:
        """Why the socket is to be closed; None: it is."""
        try:
            await self._begin()
            while True:
                await self._handle(await self._next())
        except CloseError as closing:
            return closing
        except WebSocketDisconnect:
            return None

    async def _begin(self) -> None:
        try:
            async with asyncio.timeout(self._limits.init_within_s):
                while self._viewer is None:
                    await self._handle(read_message(await self._receive()))
        except TimeoutError:
            raise CloseError(Code.INIT_TIMEOUT, "Connection initialisation timeout") from None

    async def _next(self) -> Message:
        while True:
            try:
                async with asyncio.timeout(self._limits.idle_s):
                    return read_message(await self._receive())
            except TimeoutError:
                if not self._operations:
                    raise CloseError(Code.IDLE, "Nothing was asked for") from None

    async def _receive(self) -> str:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text = message.get("text")
        if not isinstance(text, str):
            raise CloseError(Code.BAD_REQUEST, "The message must be text")
        return text

    async def _handle(self, message: Message) -> None:
        if isinstance(message, Init):
            await self._init(message.parameters)
        elif isinstance(message, Subscribe):
            await self._subscribe(message)
        elif isinstance(message, Complete):
            await self._forget(message.id)
        elif isinstance(message, Ping):
            await self._send({"type": "pong"})

    async def _init(self, parameters: Mapping[str, Any]) -> None:
        if self._initialised:
            raise CloseError(Code.SECOND_INIT, "Too many initialisation requests")
        self._initialised = True
        try:
            viewer = await self._services.gatekeeper.authenticate(_key(parameters), self._address)
            if viewer.is_public:
                raise CloseError(Code.FORBIDDEN, NOT_FOR_PUBLIC_KEYS)
            self._services.gatekeeper.count(viewer, self._address)
            self._services.streams.admit(self._stream, viewer)
        except UnauthenticatedError as error:
            raise CloseError(Code.FORBIDDEN, error.message) from error
        except RateLimitedError as error:
            raise CloseError(Code.TRY_LATER, error.message) from error
        except TooManyForKeyError as error:
            raise CloseError(Code.TRY_LATER, TOO_MANY_STREAMS) from error
        except DatabaseBusyError as error:
            raise CloseError(Code.TRY_LATER, OVERLOADED_MESSAGE) from error
        await self._send({"type": "connection_ack"})
        self._viewer = viewer

    async def _subscribe(self, message: Subscribe) -> None:
        if self._viewer is None:
            raise CloseError(Code.UNAUTHORIZED, "Unauthorized")
        if message.id in self._operations:
            # Not which: the protocol's own words quote the id, and a reason has room for 123 bytes.
            raise CloseError(Code.ID_IN_USE, "A subscriber with this id already exists")
        if len(self._operations) >= self._limits.subscriptions:
            most = f"At most {self._limits.subscriptions} subscriptions may be open on one connection"
            await self._send_error(message.id, error_payload(most, "RATE_LIMITED")["errors"])
            return
        try:
            self._services.gatekeeper.count(self._viewer, self._address)
        except RateLimitedError as error:
            limited = error_payload(error.message, "RATE_LIMITED", retryAfter=error.retry_after_s)
            await self._send_error(message.id, limited["errors"])
            return
        task = asyncio.create_task(self._run(message, self._viewer))
        self._operations[message.id] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forget(self, operation_id: str) -> None:
        # It may have ended just now, which the caller could not know.
        task = self._operations.pop(operation_id, None)
        if task is not None:
            # Nothing of it must be sent any more, and its id may be used again.
            await stop_tasks(task)

    # ---- what goes out ----

    async def _run(self, message: Subscribe, viewer: Viewer) -> None:
        request_id = uuid4().hex
        context = Context(
            viewer=viewer, services=self._services, request_id=request_id, transport=Transport.SOCKET
        )
        # Should the socket be closed: the reading task hears of it, too.
        with suppress(WebSocketDisconnect):
            try:
                await self._answer(message, context)
            except WebSocketDisconnect:
                raise
            except Exception as error:  # noqa: BLE001 - an edge: the caller is told, the log is told more
                log_bug(error, request_id)
                await self._end(message.id, "error", bug_payload(request_id)["errors"])

    async def _answer(self, message: Subscribe, context: Context) -> None:
        request = message.request
        prepared = self._executor.find(request)
        async with aclosing(self._executor.stream(prepared, request, context)) as pieces:
            async for piece in pieces:
                if piece.refused:
                    await self._end(message.id, "error", piece.payload["errors"])
                    return
                await self._send({"id": message.id, "type": "next", "payload": piece.payload})
        await self._end(message.id, "complete")

    async def _end(self, operation_id: str, kind: str, payload: Sequence[Any] | None = None) -> None:
        # Before it is said: the caller may use the id again once it hears of it.
        self._operations.pop(operation_id, None)
        last = {"id": operation_id, "type": kind}
        await self._send(last if payload is None else last | {"payload": payload})

    async def _send_error(self, operation_id: str, errors: Sequence[Any]) -> None:
        await self._send({"id": operation_id, "type": "error", "payload": errors})

    async def _send(self, message: Mapping[str, Any]) -> None:
        try:
            async with asyncio.timeout(self._limits.send_within_s):
                await self._socket.send_text(json.dumps(message))
        except TimeoutError:
            self._stream.end(Ending.STALLED)
            raise WebSocketDisconnect(1006) from None


def _key(parameters: Mapping[str, Any]) -> str | None:
    """The API key among the parameters, whatever the letter case of its name; None: there is none."""
    for name, value in parameters.items():
        if name.lower() == KEY:
            return value if isinstance(value, str) else ""
    return None
