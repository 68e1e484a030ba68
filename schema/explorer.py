"""The explorer: GraphiQL at /graphiql, served from its local build under a strict content security policy.

The examples it opens with are in schema.examples; its source and build are in the folder explorer/.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

BUILD_FOLDER = Path(__file__).resolve().parents[1] / "app" / "static" / "explorer"
"""Where `make explorer` puts its output, and where a wheel carries it."""

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    # The editor sets style attributes on every line it draws.
    "style-src": "'self' 'unsafe-inline'",
    # GraphiQL's style sheet carries its fonts and some icons inside itself.
    "font-src": "'self' data:",
    "img-src": "'self' data:",
    # fetch and WebSocket, to this server alone.
    "connect-src": "'self'",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
CONTENT_SECURITY_POLICY = "; ".join(f"{directive} {sources}" for directive, sources in _POLICY.items())

_SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_REVALIDATE = _SECURITY_HEADERS | {"Cache-Control": "no-cache"}
_NEVER_STORE = _SECURITY_HEADERS | {"Cache-Control": "no-store"}
# The build puts a hash of the content into each asset's name.
_FOR_EVER = _SECURITY_HEADERS | {"Cache-Control": "public, max-age=31536000, immutable"}

# Said here, not guessed from the machine's own tables: with nosniff a wrong type blocks the script.
_MEDIA_TYPES = MappingProxyType({".css": "text/css", ".js": "text/javascript", ".ttf": "font/ttf"})
_ASSET_NAME = re.compile(r"[\w-][\w.-]{0,99}", re.ASCII)

_NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Leadwire explorer: not built</title>
<h1>The explorer is not built</h1>
<p>Run <code>make explorer</code> in the checkout and reload this page; the server need not be restarted.</p>
<p>The GraphQL endpoint itself is at <code>/graphql</code>.</p>
</html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplorerTask:
    """One thing to do. The panel lists it under its group; its title also stands above the document."""

    group: str
    title: str
    query: str
    variables: Mapping[str, object]
    open: bool = False
    """Whether it has a tab from the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplorerExamples:
    """What the explorer opens with: headers for every tab, and tasks, of which the first is in front."""

    headers: Mapping[str, str]
    tasks: Sequence[ExplorerTask]
    notice: str = ""
    """What whoever uses it must know of this server; empty: nothing."""

    def to_json(self) -> bytes:
        """The examples as the page reads them: {"headers": {}, "tasks": [{"group", ...}], "notice": ""}."""
        tasks = [
            {
                "group": task.group,
                "title": task.title,
                "query": task.query,
                "variables": dict(task.variables),
                "open": task.open,
            }
            for task in self.tasks
        ]
        return json.dumps({"headers": dict(self.headers), "tasks": tasks, "notice": self.notice}).encode()


def explorer_routes(*, examples: ExplorerExamples, build: Path = BUILD_FOLDER) -> list[BaseRoute]:
    """The routes at and below /graphiql. `build` is read at each request, so it may appear later."""
    explorer = _Explorer(build, examples.to_json())
    return [
        Route("/graphiql", explorer.page),
        Route("/graphiql/", explorer.page),
        Route("/graphiql/favicon.svg", explorer.favicon),
        Route("/graphiql/examples.json", explorer.examples),
        Route("/graphiql/assets/{name}", explorer.asset),
    ]


class _Explorer:
    """The endpoints. They are synchronous, so Starlette runs them, and their file reads, in a thread."""

    def __init__(self, build: Path, examples_json: bytes) -> None:
        self._build = build
        self._examples_json = examples_json

    def page(self, request: Request) -> Response:
        index = self._build / "index.html"
        if not index.is_file():
            return HTMLResponse(_NOT_BUILT, status_code=503, headers=_NEVER_STORE)
        html = index.read_text(encoding="utf-8")
        if not request.url.path.endswith("/"):
            # Relative addresses start from the last slash; with them no proxy prefix needs to be known.
            html = html.replace('"./', '"./graphiql/')
        return HTMLResponse(html, headers=_REVALIDATE)

    def asset(self, request: Request) -> Response:
        name: str = request.path_params["name"]
        media_type = _MEDIA_TYPES.get(Path(name).suffix)
        if media_type is None or not _ASSET_NAME.fullmatch(name):
            return _not_found()
        return _file(self._build / "assets" / name, media_type=media_type, headers=_FOR_EVER)

    def favicon(self, _request: Request) -> Response:
        return _file(self._build / "favicon.svg", media_type="image/svg+xml", headers=_REVALIDATE)

    def examples(self, _request: Request) -> Response:
        return Response(self._examples_json, media_type="application/json", headers=_NEVER_STORE)


def _file(path: Path, *, media_type: str, headers: Mapping[str, str]) -> Response:
    if not path.is_file():
        return _not_found()
    return FileResponse(path, media_type=media_type, headers=headers)


def _not_found() -> Response:
    return Response(status_code=404, headers=_NEVER_STORE)
