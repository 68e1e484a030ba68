"""The sandbox as an ASGI application, to be mounted wherever the demo and the tests want it."""

import asyncio
from collections.abc import Callable
from functools import partial

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from app.clock import Clock, utc_now
from app.sandbox import control
from app.sandbox.ledger import Ledger
from app.sandbox.platform import PlayedPlatform
from app.sandbox.registry import PLATFORMS
from app.sandbox.script import Script
from app.sandbox.stage import Sleep, Stage

_EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def sandbox_app(
    *,
    clock: Clock = utc_now,
    sleep: Sleep = asyncio.sleep,
    new_ledger: Callable[[PlayedPlatform], Ledger] = Ledger,
) -> Starlette:
    """Every platform, with an empty book and no orders.

    State lives in this one application, in memory: two of them know nothing of each other.

    Args:
        clock: by which times are judged and verdicts ripen.
        sleep: waits out a `delayS`.
        new_ledger: opens the book of a platform.
    """
    stages = [
        _stage(platform, clock, sleep, new_ledger(platform)) for platform in (make() for make in PLATFORMS)
    ]

    async def overview(request: Request) -> Response:
        """GET /: the platforms, where they answer, what they count and how they can fail."""
        base = str(request.url.replace(query="", fragment="")).rstrip("/")
        return control.json_response({"platforms": [control.shown_platform(stage, base) for stage in stages]})

    mounts: list[BaseRoute] = [Mount(f"/{stage.platform.name}", routes=_routes(stage)) for stage in stages]
    return Starlette(routes=[Route("/", overview, methods=["GET"]), *mounts])


def _stage(platform: PlayedPlatform, clock: Clock, sleep: Sleep, ledger: Ledger) -> Stage:
    return Stage(platform=platform, ledger=ledger, script=Script(platform), clock=clock, sleep=sleep)


def _routes(stage: Stage) -> list[BaseRoute]:
    own = [
        Route("/requests", partial(control.read_requests, stage), methods=["GET"]),
        Route("/requests", partial(control.clear_requests, stage), methods=["DELETE"]),
        Route("/script", partial(control.read_script, stage), methods=["GET"]),
        Route("/script", partial(control.order, stage), methods=["POST"]),
    ]
    played = [
        Route(item.path, partial(stage.serve, endpoint=item), methods=[item.method])
        for item in stage.platform.endpoints
    ]
    return [*own, *played, Route("/{path:path}", stage.serve_unknown, methods=_EVERY_METHOD)]
