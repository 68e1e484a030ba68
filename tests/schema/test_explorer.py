"""The explorer's routes: what is served, under which headers, and what happens before it is built."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import MappingProxyType

import httpx
import pytest
from starlette.applications import Starlette

from schema.explorer import ExplorerExamples, ExplorerTask, explorer_routes

INDEX = """<!doctype html>
<link rel="icon" href="./favicon.svg" />
<script type="module" src="./assets/index-a1_b2-C3.js"></script>
"""
EXAMPLES = ExplorerExamples(
    headers=MappingProxyType({"X-API-Key": "a key"}),
    tasks=[
        ExplorerTask(
            group="Asking", title="Ask", query="query Ask { a }", variables=MappingProxyType({"x": "عميل 🙂"})
        )
    ],
)


@pytest.fixture
def build(tmp_path: Path) -> Path:
    folder = tmp_path / "explorer"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "licenses.md").write_text("# Licenses")
    (folder / "assets" / "index-a1_b2-C3.js").write_text("export {};")
    (folder / "assets" / "index-a1_b2-C3.css").write_text("body {}")
    (folder / "assets" / "index-a1_b2-C3.js.map").write_text("{}")
    (folder / "assets" / "codicon-1.ttf").write_bytes(b"\0\1")
    (tmp_path / "outside.js").write_text("secret")
    return folder


@pytest.fixture
async def client(build: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=explorer_routes(examples=EXAMPLES, build=build))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://leadwire") as opened:
        yield opened


async def test_the_page_is_served_without_a_trailing_slash_and_finds_its_files(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/graphiql")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert 'src="./graphiql/assets/index-a1_b2-C3.js"' in answer.text
    assert 'href="./graphiql/favicon.svg"' in answer.text


async def test_the_page_is_served_with_a_trailing_slash_and_finds_its_files(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/graphiql/")

    assert answer.status_code == 200
    assert answer.text == INDEX


async def test_the_page_is_asked_for_again_at_each_visit(client: httpx.AsyncClient) -> None:
    assert (await client.get("/graphiql")).headers["cache-control"] == "no-cache"


async def test_an_explorer_built_while_the_server_runs_is_served(
    client: httpx.AsyncClient, build: Path
) -> None:
    (build / "index.html").write_text("<p>newer</p>")

    assert (await client.get("/graphiql")).text == "<p>newer</p>"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("index-a1_b2-C3.js", "text/javascript; charset=utf-8"),
        ("index-a1_b2-C3.css", "text/css; charset=utf-8"),
        ("codicon-1.ttf", "font/ttf"),
    ],
)
async def test_an_asset_has_its_type_and_is_kept_for_ever(
    client: httpx.AsyncClient, name: str, media_type: str
) -> None:
    answer = await client.get(f"/graphiql/assets/{name}")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "name",
    [
        "missing.js",
        "index-a1_b2-C3.js.map",
        "..%2F..%2Foutside.js",
        "..%5C..%5Coutside.js",
        "%2E%2E",
        "%00.js",
        ".js",
        "no-suffix",
        "a" * 300 + ".js",
        "%F0%9F%99%82.js",
    ],
)
async def test_what_is_no_asset_is_not_found_and_not_kept(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/graphiql/assets/{name}")

    assert answer.status_code == 404
    assert "secret" not in answer.text


async def test_the_favicon_is_served(client: httpx.AsyncClient) -> None:
    answer = await client.get("/graphiql/favicon.svg")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml"


async def test_the_examples_are_served_as_the_page_reads_them(client: httpx.AsyncClient) -> None:
    answer = await client.get("/graphiql/examples.json")

    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "headers": {"X-API-Key": "a key"},
        "tasks": [
            {
                "group": "Asking",
                "title": "Ask",
                "query": "query Ask { a }",
                "variables": {"x": "عميل 🙂"},
                "open": False,
            }
        ],
        "notice": "",
    }


async def test_the_examples_with_their_key_are_never_stored(client: httpx.AsyncClient) -> None:
    assert (await client.get("/graphiql/examples.json")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/graphiql",
        "/graphiql/",
        "/graphiql/favicon.svg",
        "/graphiql/examples.json",
        "/graphiql/assets/index-a1_b2-C3.js",
        "/graphiql/assets/missing.js",
    ],
)
async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "content-security-policy" in headers


async def test_the_policy_lets_the_page_speak_to_this_server_alone(client: httpx.AsyncClient) -> None:
    policy = (await client.get("/graphiql")).headers["content-security-policy"]
    directives = dict(directive.split(" ", 1) for directive in policy.split("; "))

    assert directives == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",
        "font-src": "'self' data:",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


@pytest.mark.parametrize("path", ["/graphiql", "/graphiql/"])
async def test_an_explorer_that_is_not_built_says_how_to_build_it(
    client: httpx.AsyncClient, build: Path, path: str
) -> None:
    (build / "index.html").unlink()

    answer = await client.get(path)

    assert answer.status_code == 503
    assert "make explorer" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "content-security-policy" in answer.headers


async def test_a_missing_build_has_no_assets_and_no_favicon(tmp_path: Path) -> None:
    app = Starlette(routes=explorer_routes(examples=EXAMPLES, build=tmp_path / "nowhere"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://leadwire") as client:
        favicon = await client.get("/graphiql/favicon.svg")
        asset = await client.get("/graphiql/assets/index-a1_b2-C3.js")

    assert (favicon.status_code, asset.status_code) == (404, 404)


async def test_the_page_only_answers_to_reading(client: httpx.AsyncClient) -> None:
    assert (await client.post("/graphiql")).status_code == 405
    assert (await client.head("/graphiql")).status_code == 200
