"""The composition root: builds everything once and answers HTTP. Imported by the commands alone."""

from collections.abc import Mapping, Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from app.clock import Clock
from app.connectors.base import Connector
from app.database.database import Database
from app.services.applying import Wake
from app.services.leads import LeadService
from app.services.reading import Reading
from app.services.status import StatusService
from app.services.viewer import ViewerService
from app.values import Platform
from resolvers.root import schema
from schema.context import Services
from schema.explorer import ExplorerExamples, explorer_routes
from schema.view import GraphQLView


def build_services(
    *, database: Database, connectors: Mapping[Platform, Connector], wake: Wake, clock: Clock
) -> Services:
    """Everything resolvers call."""
    return Services(
        viewers=ViewerService(database, clock),
        status=StatusService(database, connectors, wake, clock),
        leads=LeadService(database, clock),
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
        await database.read(lambda session: session.connection().exec_driver_sql("SELECT 1"))
        return JSONResponse({"status": "ready"})

    return Starlette(
        routes=[
            Route("/", _to_explorer),
            Route("/graphql", GraphQLView(schema, services)),
            Route("/healthz", _alive),
            Route("/readyz", ready),
            *explorer_routes(examples=examples),
            *more_routes,
        ]
    )


async def _alive(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _to_explorer(_request: Request) -> Response:
    return RedirectResponse("/graphiql")
