"""GraphQL over HTTP: strict about what comes in, always JSON in what goes out."""

from typing import Final

from graphql import OperationType
from starlette.types import ASGIApp, Receive, Scope, Send

from app.database.errors import DatabaseBusyError
from app.json_text import to_json
from app.services.viewer import Viewer
from schema.bodies import BODY_WITHIN_S, MAX_ADDRESS_BYTES, RefusedError, media_type, read_body
from schema.callers import let_in
from schema.context import Context, Services
from schema.documents import Prepared
from schema.events import EventStream
from schema.execution import Executor, Piece
from schema.headers import Headers, headers_of
from schema.masking import log_bug
from schema.media import JSON, RESPONSE_JSON, names_json, negotiate, takes_events, takes_json
from schema.operations import Operation
from schema.payloads import (
    NO_DOCUMENT,
    BadPayloadError,
    OperationRequest,
    read_address,
    read_object,
    read_operation,
)
from schema.request_ids import request_id_of
from schema.responses import bug_response, error_response, overloaded_response
from schema.time_limit import OutOfTimeError
from schema.transports import Transport

_ALLOW: Final = "GET, POST"
_CONTENT_TYPES: Final = {media: f"{media}; charset=utf-8".encode() for media in (JSON, RESPONSE_JSON)}


class GraphQLView:
    """The ASGI application at /graphql."""

    def __init__(
        self, executor: Executor, services: Services, *, body_within_s: float = BODY_WITHIN_S
    ) -> None:
        self._executor, self._services = executor, services
        self._body_within_s = body_within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._answer(scope, receive)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> ASGIApp:
        headers = headers_of(scope)
        accept = headers.get("accept")
        media = negotiate(accept)
        try:
            transport = _transport(scope["method"], headers)
            viewer = await let_in(self._services.gatekeeper, scope, headers)
            request = await self._request(scope, receive, headers)
            return await self._execute(request, viewer, transport, accept, request_id_of(scope))
        except RefusedError as refused:
            return error_response(refused.status, refused.message, media, headers=refused.headers)
        except BadPayloadError as error:
            return error_response(400, str(error), media)
        except OutOfTimeError as error:
            return error_response(504, error.message, media, code=error.code)
        except DatabaseBusyError:
            return overloaded_response(media)
        except Exception as error:  # noqa: BLE001 - an edge: a bug must not become text/plain
            request_id = request_id_of(scope)
            log_bug(error, request_id)
            return bug_response(request_id, media)

    async def _request(self, scope: Scope, receive: Receive, headers: Headers) -> OperationRequest:
        if scope["method"] == "GET":
            if len(scope["query_string"]) > MAX_ADDRESS_BYTES:
                raise RefusedError(414, f"The address must be at most {MAX_ADDRESS_BYTES} bytes")
            request = read_address(scope["query_string"])
        else:
            body = await read_body(receive, headers, within_s=self._body_within_s)
            request = read_operation(read_object(body))
        if not request.query and not request.document_id:
            raise BadPayloadError(NO_DOCUMENT)
        return request

    async def _execute(
        self,
        request: OperationRequest,
        viewer: Viewer,
        transport: Transport,
        accept: str | None,
        request_id: str,
    ) -> ASGIApp:
        prepared = self._executor.find(request)
        operation = prepared.operation(request.operation_name)
        if transport is Transport.GET and operation is not None:
            _refuse_change(operation)
        if takes_events(accept) and (_is_subscription(operation) or not takes_json(accept)):
            transport = Transport.EVENTS
        context = Context(viewer=viewer, services=self._services, request_id=request_id, transport=transport)
        if transport is Transport.EVENTS:
            return self._events(prepared, request, context, negotiate(accept))
        return _Answer(await self._executor.answer(prepared, request, context), negotiate(accept))

    def _events(
        self, prepared: Prepared, request: OperationRequest, context: Context, media: str
    ) -> EventStream:
        return EventStream(
            pieces=self._executor.stream(prepared, request, context),
            viewer=context.viewer,
            request_id=context.request_id,
            media=media,
            streams=self._services.streams,
        )


def _transport(method: str, headers: Headers) -> Transport:
    """How the operation comes; RefusedError when it cannot come in this way."""
    if method == "GET":
        # A page elsewhere can have a browser send a GET, without the key; but not one that asks for JSON.
        if not names_json(headers.get("accept")):
            raise RefusedError(
                406, "GET is answered to `Accept: application/json`; the explorer is at /graphiql"
            )
        return Transport.GET
    if method != "POST":
        raise RefusedError(405, "GraphQL is answered to POST, and to GET for queries", Allow=_ALLOW)
    if media_type(headers) != "application/json":
        raise RefusedError(415, "The body must be application/json")
    return Transport.POST


def _is_subscription(operation: Operation | None) -> bool:
    return operation is not None and operation.kind is OperationType.SUBSCRIPTION


def _refuse_change(operation: Operation) -> None:
    refusal = Transport.GET.refusal(operation.kind)
    if refusal is not None:
        raise RefusedError(405, refusal, Allow="POST")


class _Answer:
    """Sends one result; headers that every answer has are the edge's.

    Starlette's Response is made for more, and takes as long.
    """

    def __init__(self, piece: Piece, media: str) -> None:
        # 400 for a request error, but only to callers whose media type says that they understand it.
        bad_request = media == RESPONSE_JSON and "data" not in piece.payload
        self._status = 400 if bad_request else 200
        self._body, self._type = to_json(piece.payload), _CONTENT_TYPES[media]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"%d" % len(self._body)), (b"content-type", self._type)]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": self._body})
