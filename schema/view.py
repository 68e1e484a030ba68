"""GraphQL over HTTP: strict about what comes in, always JSON in what goes out."""

from typing import cast
from uuid import uuid4

from cross_web import AsyncHTTPRequestAdapter, HTTPException
from graphql import OperationType
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.schema.base import BaseSchema
from strawberry.types import ExecutionResult

from app.database.errors import DatabaseBusyError
from app.errors import UnauthenticatedError
from app.services.viewer import Viewer
from schema.bodies import BODY_WITHIN_S, RefusedError, media_type, read_body
from schema.context import Context, Services
from schema.events import EventStream
from schema.masking import log_bug
from schema.media import RESPONSE_JSON, negotiate, takes_events, takes_json
from schema.payloads import BadPayloadError, OperationRequest, read_object, read_operation
from schema.responses import bug_response, error_response, overloaded_response
from schema.streaming import answer_in_pieces, operation_type, piece_of
from schema.transports import Transport


class GraphQLView(GraphQL[Context, None]):
    """The ASGI application at /graphql."""

    def __init__(
        self, schema: BaseSchema, services: Services, *, body_within_s: float = BODY_WITHIN_S
    ) -> None:
        super().__init__(schema, graphql_ide=None, allow_queries_via_get=False, subscription_protocols=())
        self._services = services
        self._body_within_s = body_within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._answer(scope, receive)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> ASGIApp:
        media = negotiate(Headers(scope=scope).get("accept"))
        request_id = uuid4().hex
        try:
            return await self._execute(scope, receive, request_id)
        except RefusedError as refused:
            return error_response(refused.status, refused.message, media, headers=refused.headers)
        except DatabaseBusyError:
            return overloaded_response(media)
        except HTTPException as error:
            return error_response(error.status_code, error.reason, media)
        except Exception as error:  # noqa: BLE001 - an edge: a bug must not become text/plain
            log_bug(error, request_id)
            return bug_response(request_id, media)

    async def _execute(self, scope: Scope, receive: Receive, request_id: str) -> ASGIApp:
        headers = Headers(scope=scope)
        if scope["method"] != "POST":
            raise RefusedError(405, "GraphQL is answered to POST requests", Allow="POST")
        if media_type(headers) != "application/json":
            raise RefusedError(415, "The body must be application/json")
        try:
            viewer = await self._services.viewers.authenticate(headers.get("x-api-key"))
        except UnauthenticatedError as error:
            raise RefusedError(401, error.message, **{"WWW-Authenticate": "X-API-Key"}) from error
        body = await read_body(receive, headers, within_s=self._body_within_s)
        events = self._events(body, headers, viewer, request_id)
        if events is not None:
            return events
        context = Context(viewer=viewer, services=self._services, request_id=request_id)
        response = await self.run(Request(scope, _replay(body)), context=context)
        if context.overloaded:
            raise DatabaseBusyError
        return response

    def _events(self, body: bytes, headers: Headers, viewer: Viewer, request_id: str) -> EventStream | None:
        """The answer as events; None: in JSON, which is for whoever takes both what a subscription is not."""
        accept = headers.get("accept")
        if not takes_events(accept):
            return None
        request = _operation(body)
        if takes_json(accept) and operation_type(self.schema, request) is not OperationType.SUBSCRIPTION:
            return None
        context = Context(
            viewer=viewer, services=self._services, request_id=request_id, transport=Transport.EVENTS
        )
        return EventStream(
            pieces=answer_in_pieces(self.schema, request, context),
            viewer=viewer,
            request_id=request_id,
            media=negotiate(accept),
            streams=self._services.streams,
        )

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData:
        """The operation; HTTPException 400 for what is none."""
        asked = _operation(await request.get_body())
        return GraphQLRequestData(
            query=asked.query,
            variables=asked.variables,
            operation_name=asked.operation_name,
            extensions=asked.extensions,
            protocol="http",
        )

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """Remember in which form the caller wants the answer."""
        sub_response = await super().get_sub_response(request)
        sub_response.media_type = negotiate(request.headers.get("accept"))
        return sub_response

    async def process_result(
        self,
        request: Request,  # noqa: ARG002 - Strawberry's signature
        result: ExecutionResult,
    ) -> GraphQLHTTPResponse:
        """The answer, made as any piece of a stream is."""
        return cast("GraphQLHTTPResponse", piece_of(result).payload)

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        """400 for a request error, but only to callers whose media type says that they understand it."""
        media = sub_response.media_type
        bad_request = media == RESPONSE_JSON and "data" not in response_data
        return Response(
            self.encode_json(response_data),
            status_code=400 if bad_request else 200,
            headers={"content-type": f"{media}; charset=utf-8", "cache-control": "no-store"},
        )


def _operation(body: str | bytes) -> OperationRequest:
    try:
        return read_operation(read_object(body))
    except BadPayloadError as error:
        raise HTTPException(400, str(error)) from error


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
