"""The sandbox's own addresses beside the platforms': read what came in, clear it, say how to behave next."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.sandbox.bodies import InvalidJsonError, parse_json
from app.sandbox.ledger import KEPT
from app.sandbox.orders import InvalidOrderError, order_for
from app.sandbox.stage import Stage


def json_response(value: Any, status: int = 200) -> Response:
    """Indented JSON for people; ASCII only, so that whatever came in can go out."""
    return Response(json.dumps(value, indent=2), status_code=status, media_type="application/json")


async def read_requests(stage: Stage, request: Request) -> Response:
    """GET: {received, conversions, requests, otherCalls, counted}, newest first; `?limit=` 1 to 1,000."""
    limit = request.query_params.get("limit", str(KEPT))
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit[:5]) <= KEPT:
        return _refused([{"field": "limit", "message": f"a number from 1 to {KEPT}"}])
    return json_response(stage.ledger.shown(int(limit)))


async def clear_requests(stage: Stage, _request: Request) -> Response:
    """DELETE: forget what came in; counts start at zero. The script stays."""
    stage.ledger.clear()
    return Response(status_code=204)


async def read_script(stage: Stage, _request: Request) -> Response:
    """GET: what is still to come, and the cases to choose from."""
    return json_response({**stage.script.shown(), "cases": shown_cases(stage)})


async def order(stage: Stage, request: Request) -> Response:
    """POST: behave like this next, see `app.sandbox.orders.Order`. 400 with every problem, no change."""
    try:
        accepted = order_for(stage.platform, parse_json(await request.body()))
    except InvalidJsonError:
        return _refused([{"field": "body", "message": "not JSON"}])
    except InvalidOrderError as error:
        return _refused(error.problems, cases=list(stage.platform.cases))
    stage.script.follow(accepted)
    return json_response(stage.script.shown())


def shown_cases(stage: Stage) -> list[dict[str, Any]]:
    """The catalogue as JSON."""
    return [
        {"name": case.name, "endpoints": list(stage.platform.endpoints_of(case)), "says": case.says}
        for case in stage.platform.cases.values()
    ]


def shown_platform(stage: Stage, base: str) -> dict[str, Any]:
    """A platform's line in the overview.

    Args:
        stage: the platform.
        base: the sandbox's own address, without a slash at the end.
    """
    platform = stage.platform
    at = f"{base}/{platform.name}"
    return {
        "name": platform.name,
        "title": platform.title,
        "docs": platform.docs_url,
        "readOn": platform.read_on.isoformat(),
        "endpoints": {item.name: f"{item.method} {at}{item.path}" for item in platform.endpoints},
        "requests": f"{at}/requests",
        "script": f"{at}/script",
        "received": stage.ledger.received,
        "conversions": stage.ledger.conversions,
        "cases": list(platform.cases),
    }


def _refused(problems: list[dict[str, str]], **more: Any) -> Response:
    return json_response(
        {"error": "cannot be followed; nothing was changed", "problems": problems, **more}, 400
    )
