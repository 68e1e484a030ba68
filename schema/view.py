"""GraphQL over HTTP: strict about what comes in, always JSON in what goes out."""

import asyncio
import json
from collections.abc import Mapping
from math import isinf
from typing import Any, NoReturn
from uuid import uuid4

from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.schema.base import BaseSchema
from strawberry.types import ExecutionResult

from app.database.errors import DatabaseBusyError
from app.errors import UnauthenticatedError
from schema.context import Context, Services
from schema.masking import OVERLOADED, OVERLOADED_MESSAGE, log_bug
from schema.media import JSON, RESPONSE_JSON, negotiate

MAX_BODY_BYTES = 64 * 1024
"""Of a request: a hundred status changes fit in."""

BODY_WITHIN_S = 30.0
"""How long a body may take to arrive: whoever is cut off in the middle of one would keep a place for ever."""

_RETRY_AFTER_S = 1
_CODES = {
    401: "UNAUTHENTICATED",
    408: "REQUEST_TIMEOUT",
    413: "PAYLOAD_TOO_LARGE",
    500: "INTERNAL_SERVER_ERROR",
    503: OVERLOADED,
}


class _RefusedError(Exception):
    """The request does not get as far as GraphQL."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


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

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        media = negotiate(Headers(scope=scope).get("accept"))
        request_id = uuid4().hex
        try:
            return await self._execute(scope, receive, request_id)
        except _RefusedError as refused:
            return error_response(refused.status, refused.message, media, headers=refused.headers)
        except DatabaseBusyError:
            return overloaded_response(media)
        except HTTPException as error:
            return error_response(error.status_code, error.reason, media)
        except Exception as error:  # noqa: BLE001 - an edge: a bug must not become text/plain
            log_bug(error, request_id)
            return bug_response(request_id, media)

    async def _execute(self, scope: Scope, receive: Receive, request_id: str) -> Response:
        headers = Headers(scope=scope)
        if scope["method"] != "POST":
            raise _RefusedError(405, "GraphQL is answered to POST requests", Allow="POST")
        if _mime(headers) != "application/json":
            raise _RefusedError(415, "The body must be application/json")
        try:
            viewer = await self._services.viewers.authenticate(headers.get("x-api-key"))
        except UnauthenticatedError as error:
            raise _RefusedError(401, error.message, **{"WWW-Authenticate": "X-API-Key"}) from error
        body = await self._body(receive, headers)
        context = Context(viewer=viewer, services=self._services, request_id=request_id)
        response = await self.run(Request(scope, _replay(body)), context=context)
        if context.overloaded:
            raise DatabaseBusyError
        return response

    async def _body(self, receive: Receive, headers: Headers) -> bytes:
        try:
            async with asyncio.timeout(self._body_within_s):
                return await _read(receive, headers)
        except TimeoutError:
            raise _RefusedError(408, "The body did not arrive in time") from None

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData:
        """The request's parts, each of its type; HTTPException 400 otherwise."""
        data = _decode(await request.get_body())
        return GraphQLRequestData(
            query=_part(data, "query", str),
            variables=_part(data, "variables", dict),
            operation_name=_part(data, "operationName", str),
            extensions=_part(data, "extensions", dict),
            protocol="http",
        )

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """Remember in which form the caller wants the answer."""
        sub_response = await super().get_sub_response(request)
        sub_response.media_type = negotiate(request.headers.get("accept"))
        return sub_response

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        """Without `data` when nothing was executed: that is how clients tell a request error from a null."""
        data = await super().process_result(request, result)
        if result.data is None and result.errors and not any(error.path for error in result.errors):
            data.pop("data", None)
        return data

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


def error_response(
    status: int,
    message: str,
    media: str = JSON,
    *,
    headers: Mapping[str, str] | None = None,
    **extensions: str,
) -> Response:
    """An answer that is one error and nothing else."""
    code = _CODES.get(status, "BAD_USER_INPUT")
    error = {"message": message, "extensions": {"code": code, **extensions}}
    return JSONResponse(
        {"errors": [error]},
        status_code=status,
        headers={"content-type": f"{media}; charset=utf-8", "cache-control": "no-store", **(headers or {})},
    )


def bug_response(request_id: str, media: str = JSON) -> Response:
    """The answer when it is our fault: nothing but the id under which the log tells more."""
    return error_response(500, "Something went wrong on our side", media, requestId=request_id)


def overloaded_response(media: str = JSON) -> Response:
    """The answer when there is too much to do; nothing of the request was carried out."""
    return error_response(503, OVERLOADED_MESSAGE, media, headers={"Retry-After": str(_RETRY_AFTER_S)})


def _mime(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


async def _read(receive: Receive, headers: Headers) -> bytes:
    declared = headers.get("content-length", "")
    too_large = _RefusedError(413, f"The body must be at most {MAX_BODY_BYTES} bytes")
    if declared.isdecimal() and len(declared) < len(str(2**63)) and int(declared) > MAX_BODY_BYTES:
        raise too_large
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _RefusedError(400, "The request ended before its body did")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY_BYTES:
            raise too_large
    return bytes(body)


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _decode(body: str | bytes) -> dict[str, Any]:
    try:
        text = body if isinstance(body, str) else body.decode()
        data = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
        if "\\ud" in text.lower():
            # An escape may have made half a surrogate pair, which has no bytes in UTF-8.
            json.dumps(data, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "The body must be JSON in UTF-8, with numbers that can be kept") from error
    if not isinstance(data, dict):
        raise HTTPException(400, "The body must be a JSON object")
    return data


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    if isinf(value):
        raise ValueError("1e400 is JSON, but no number that could be kept")
    return value


def _part(data: dict[str, Any], name: str, kind: type) -> Any:
    value = data.get(name)
    if value is not None and not isinstance(value, kind):
        raise HTTPException(400, f"`{name}` must be {'a string' if kind is str else 'an object'}")
    return value
