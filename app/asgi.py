"""The composition root: builds everything once and answers HTTP. Imported by the commands alone."""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app.clock import Clock
from app.connectors.opening import Opener
from app.database.database import Database
from app.database.impatient import Impatient
from app.edge import Edge
from app.limits import DATABASE_WITHIN_S, DEFAULT_MOST, Load, RequestLimit
from app.metrics.page import MetricsPage
from app.metrics.requests import RequestMeter
from app.policy import GRAPHQL_PATH, CrossOrigin, Policy
from app.queue.port import Wake
from app.rest import rest_routes
from app.services.api_keys import ApiKeyService
from app.services.audit_log import AuditLog
from app.services.canceling import CancelService
from app.services.connections import ConnectionService
from app.services.disconnecting import DisconnectService
from app.services.erasing import EraseService
from app.services.gatekeeper import Gatekeeper, RateLimits
from app.services.key_uses import KeyUses
from app.services.labels import LabelService
from app.services.leads import LeadService
from app.services.listing import ListingService
from app.services.pausing import PauseService
from app.services.previewing import PreviewService
from app.services.probing import ProbeService
from app.services.reading import Reading
from app.services.replaying import ReplayService
from app.services.setups import Setups
from app.services.status import StatusService
from app.services.streams import Streams
from app.services.token_buckets import Monotonic
from app.services.viewer import ViewerService
from app.services.watching import JobFeed
from resolvers.root import schema
from schema.callers import RateLimitHeaders
from schema.context import Services
from schema.execution import Executor
from schema.explorer import ExplorerExamples, explorer_routes
from schema.responses import error_response
from schema.sockets import GraphQLSocket
from schema.view import GraphQLView

logger = logging.getLogger("leadwire.http")


def build_services(
    *,
    database: Database,
    opener: Opener,
    wake: Wake,
    clock: Clock,
    limits: RateLimits | None = None,
    monotonic: Monotonic = time.monotonic,
) -> Services:
    """Everything resolvers call. `limits`: None: as they are by default."""
    uses = KeyUses(database, clock)
    database = Impatient(database, DATABASE_WITHIN_S)
    viewers = ViewerService(database, clock)
    setups = Setups(database, opener.connectors)
    streams = Streams(viewers)
    return Services(
        gatekeeper=Gatekeeper(viewers, uses, limits or RateLimits(), monotonic=monotonic),
        api_keys=ApiKeyService(database, clock, revoked=streams.end_key),
        status=StatusService(database, setups, wake, clock),
        preview=PreviewService(database, setups, clock),
        leads=LeadService(database, clock),
        erasing=EraseService(database, clock),
        labels=LabelService(database, wake, clock),
        connections=ConnectionService(database, opener.connectors, opener.cipher, wake, clock),
        pausing=PauseService(database, wake, clock),
        probing=ProbeService(database, opener, wake, clock),
        disconnecting=DisconnectService(database, wake, clock),
        reading=Reading(database),
        listing=ListingService(database, clock),
        audit_log=AuditLog(database),
        replay=ReplayService(database, opener.connectors, wake, clock),
        canceling=CancelService(database, clock),
        watching=JobFeed(database),
        streams=streams,
    )


def build_app(
    services: Services,
    *,
    database: Database,
    examples: ExplorerExamples,
    policy: Policy | None = None,
    load: Load | None = None,
    metrics: MetricsPage | None = None,
    more_routes: Sequence[BaseRoute] = (),
) -> Starlette:
    """The ASGI application: GraphQL, the explorer, and what operators watch.

    `policy`: None: what is allowed without any settings. `load`: how many requests may be under way; None:
    DEFAULT_MOST. `metrics`: None: there is no /metrics. `more_routes`: what else answers here, without that
    limit; the demo's sandbox.
    """
    policy = policy or Policy()
    executor = Executor(
        schema, within_s=policy.within_s, introspection=policy.introspection, trusted=policy.trusted
    )
    view = GraphQLView(executor, services)
    watched = watching_routes(database, metrics)
    exempt = [route.path for route in (*watched, *more_routes) if isinstance(route, Route | Mount)]
    return Starlette(
        routes=[
            Route("/", _to_explorer),
            Route(GRAPHQL_PATH, view),
            WebSocketRoute(GRAPHQL_PATH, GraphQLSocket(executor, services, allowed_origins=policy.origins)),
            *rest_routes(services, within_s=policy.within_s),
            *watched,
            *explorer_routes(examples=replace(examples, notice=policy.notice)),
            *more_routes,
        ],
        middleware=[
            *_metering(metrics),
            Middleware(Edge),
            *_cross_origin(policy),
            Middleware(RequestLimit, load=load or Load(DEFAULT_MOST), exempt=exempt),
            Middleware(RateLimitHeaders),
            Middleware(_Shortcut, path=GRAPHQL_PATH, view=view),
        ],
        exception_handlers={HTTPException: _refused},
    )


class _Shortcut:
    """ASGI middleware, the innermost: what nearly every request asks for does not go through all routes.

    The route stays: it answers wherever the path is not all there is, as below another application.
    """

    def __init__(self, app: ASGIApp, path: str, view: ASGIApp) -> None:
        self._app, self._path, self._view = app, path, view

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        direct = scope["type"] == "http" and scope["path"] == self._path
        await (self._view if direct else self._app)(scope, receive, send)


def build_watched(database: Database, metrics: MetricsPage | None) -> Starlette:
    """The ASGI application of a process that answers nobody but its operator."""
    return Starlette(
        routes=watching_routes(database, metrics),
        middleware=[*_metering(metrics), Middleware(Edge)],
        exception_handlers={HTTPException: _refused},
    )


def watching_routes(database: Database, metrics: MetricsPage | None) -> list[Route]:
    """What operators watch: always answered, however much there is to do."""

    async def ready(_request: Request) -> Response:
        try:
            await database.read(
                lambda session: session.connection().exec_driver_sql("SELECT 1"), within_s=DATABASE_WITHIN_S
            )
        except Exception as error:  # noqa: BLE001 - an edge: whatever it is, the answer is that it is not ready
            # Not what it said: drivers quote addresses and values.
            logger.warning("not ready: the database failed with %s", type(error).__name__)
            return JSONResponse({"status": "unavailable"}, status_code=503)
        return JSONResponse({"status": "ready"})

    routes = [Route("/healthz", _alive), Route("/readyz", ready)]
    return routes if metrics is None else [*routes, Route("/metrics", metrics.answer)]


def _metering(metrics: MetricsPage | None) -> list[Middleware]:
    return [] if metrics is None else [Middleware(RequestMeter, instruments=metrics.instruments)]


def _cross_origin(policy: Policy) -> list[Middleware]:
    return [Middleware(CrossOrigin, origins=policy.origins)] if policy.origins else []


async def _alive(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _to_explorer(_request: Request) -> Response:
    return RedirectResponse("/graphiql")


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return error_response(error.status_code, error.detail, headers=error.headers)
