"""WebSockets at /graphql: who may open one, and what becomes of one that fails."""

from collections.abc import Collection
from contextlib import suppress
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry.http.websocket_origin import is_same_origin, normalize_origin

from app.services.streams import TooManyStreamsError
from schema.context import Services
from schema.execution import Executor
from schema.masking import log_bug
from schema.responses import error_response, overloaded_response
from schema.socket_connection import Connection, SocketLimits
from schema.socket_messages import PROTOCOL, Code


class GraphQLSocket:
    """The ASGI application for WebSockets at /graphql.

    `allowed_origins`: other sites whose pages may open one, such as https://crm.example.com; *: any.
    """

    def __init__(
        self,
        executor: Executor,
        services: Services,
        *,
        limits: SocketLimits | None = None,
        allowed_origins: Collection[str] = (),
    ) -> None:
        self._executor, self._services = executor, services
        self._limits = limits or SocketLimits()
        self._allowed_origins = frozenset(allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        socket = WebSocket(scope, receive, send)
        refusal = self._refusal(socket.headers)
        if refusal is not None:
            await socket.send_denial_response(refusal)
        elif PROTOCOL not in scope["subprotocols"]:
            # Said after the handshake: before it a browser would not tell the page why.
            await socket.accept()
            await socket.close(Code.WRONG_PROTOCOL, f"Subprotocol not acceptable: use {PROTOCOL}")
        else:
            await self._serve(socket)

    def _refusal(self, headers: Headers) -> Response | None:
        origin = headers.get("origin")
        # Browsers always say where a page is from; programs need not.
        if origin is None or is_same_origin(origin, headers.get("host")):
            return None
        if not self._allowed_origins.isdisjoint(("*", normalize_origin(origin))):
            return None
        return error_response(403, "Pages of this origin may not open a WebSocket here")

    async def _serve(self, socket: WebSocket) -> None:
        try:
            with self._services.streams.opened() as stream:
                connection = Connection(
                    socket, stream, executor=self._executor, services=self._services, limits=self._limits
                )
                await connection.serve()
        except TooManyStreamsError:
            await socket.send_denial_response(overloaded_response())
        except WebSocketDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - an edge: the server would log all that it says
            request_id = uuid4().hex
            log_bug(error, request_id)
            with suppress(WebSocketDisconnect):
                await socket.close(Code.BUG, f"Something went wrong on our side (request {request_id})")
