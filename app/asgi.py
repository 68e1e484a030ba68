"""The composition root: builds everything once and answers HTTP. Imported by the commands alone."""

import logging
from collections.abc import Sequence
from uuid import uuid4

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.clock import Clock
from app.connectors.opening import Opener
from app.database.database import Database
from app.queue.port import Wake
from app.services.connections import ConnectionService
from app.services.disconnecting import DisconnectService
from app.services.labels import LabelService
from app.services.leads import LeadService
from app.services.pausing import PauseService
from app.services.previewing import PreviewService
from app.services.probing import ProbeService
from app.services.reading import Reading
from app.services.status import StatusService
from app.services.viewer import ViewerService
from resolvers.root import schema
from schema.context import Services
from schema.explorer import ExplorerExamples, explorer_routes
from schema.masking import log_bug
from schema.view import GraphQLView, bug_response, error_response

logger = logging.getLogger("leadwire.http")


def build_services(
    *,
    database: Database,
    opener: Opener,
    wake: Wake,
    clock: Clock,
) -> Services:
    """Everything resolvers call."""
    return Services(
        viewers=ViewerService(database, clock),
        status=StatusService(database, opener.connectors, wake, clock),
        preview=PreviewService(database, opener.connectors, clock),
        leads=LeadService(database, clock),
        labels=LabelService(database, wake, clock),
        connections=ConnectionService(database, opener.connectors, opener.cipher, wake, clock),
        pausing=PauseService(database, wake, clock),
        probing=ProbeService(database, opener, wake, clock),
        disconnecting=DisconnectService(database, wake, clock),
        reading=Reading(database),
    )


def build_app(
    services: Services,
    *,
    database: Database,
    examples: ExplorerExamples,
    more_routes: Sequence[BaseRoute] = (),
) -> Starlette:
    """The ASGI application: GraphQL, the explorer, and what operators watch.

    `more_routes`: what else answers here; the demo's sandbox.
    """

    async def ready(_request: Request) -> Response:
        try:
            await database.read(lambda session: session.connection().exec_driver_sql("SELECT 1"))
        except Exception as error:  # noqa: BLE001 - an edge: whatever it is, the answer is that it is not ready
            # Not what it said: drivers quote addresses and values.
            logger.warning("not ready: the database failed with %s", type(error).__name__)
            return JSONResponse({"status": "unavailable"}, status_code=503)
        return JSONResponse({"status": "ready"})

    return Starlette(
        routes=[
            Route("/", _to_explorer),
            Route("/graphql", GraphQLView(schema, services)),
            Route("/healthz", _alive),
            Route("/readyz", ready),
            *explorer_routes(examples=examples),
            *more_routes,
        ],
        middleware=[Middleware(_Edge)],
        exception_handlers={HTTPException: _refused},
    )


async def _alive(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _to_explorer(_request: Request) -> Response:
    return RedirectResponse("/graphiql")


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return error_response(error.status_code, error.detail, headers=error.headers)


class _Edge:
    """The outermost edge: a bug becomes JSON here and is logged here.

    Starlette would answer in plain text and raise it again, for the server to log with all it says.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:  # noqa: BLE001 - the outermost edge
            request_id = uuid4().hex
            log_bug(error, request_id)
            if scope["type"] == "http" and not begun:
                await bug_response(request_id)(scope, receive, send)
