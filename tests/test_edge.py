"""What every answer has, wherever it was made."""

import asyncio
import json

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from app.database.database import Database
from app.rest import PATH
from app.services.viewer import ViewerService
from tests.api import open_api
from tests.streaming.stage import open_stage

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


def assert_guarded(headers: httpx.Headers) -> None:
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert len(headers.get_list("content-security-policy")) == 1
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert len(headers["x-request-id"]) == 32


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/graphql", 401),
        ("PUT", "/graphql", 405),
        ("GET", "/graphql", 406),
        ("GET", PATH, 405),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/nowhere", 404),
        ("GET", "/", 307),
        ("GET", "/graphiql/examples.json", 200),
        ("GET", "/graphiql/assets/nothing.js", 404),
    ],
)
async def test_every_answer_has_the_security_headers_and_is_stored_nowhere(
    sqlite_database: Database, method: str, path: str, status: int
) -> None:
    async with open_api(sqlite_database) as api:
        headers = {"content-type": "application/json"}
        response = await api.http.request(method, path, headers=headers)

    assert response.status_code == status
    assert_guarded(response.headers)
    assert response.headers.get_list("cache-control") == ["no-store"]


async def test_an_operations_answer_has_them_too_and_so_have_events(sqlite_database: Database) -> None:
    async with open_api(sqlite_database) as api:
        body = json.dumps({"query": "{ __typename }"})
        one, events = await api.post(body), await api.post(body, accept="text/event-stream")

    assert_guarded(one.headers)
    assert_guarded(events.headers)
    assert events.headers["cache-control"] == "no-store, no-transform"


async def test_a_websocket_that_is_refused_has_them(sqlite_database: Database) -> None:
    async with open_stage(sqlite_database) as stage:
        with pytest.raises(InvalidStatus) as refused:
            async with stage.socket(additional_headers={"Origin": "https://evil.example.com"}):
                pass

    assert_guarded(httpx.Headers(list(refused.value.response.headers.raw_items())))


async def test_the_explorers_policy_is_its_own(sqlite_database: Database) -> None:
    async with open_api(sqlite_database) as api:
        response = await api.http.get("/graphiql")

    assert response.headers.get_list("content-security-policy") == [
        response.headers["content-security-policy"]
    ]
    assert "script-src 'self'" in response.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("4f2c9a7e-1111-4222-8333-abcdefabcdef", True),
        ("short", False),
        ("x" * 65, False),
        ("two words in it", False),
        ("request 1 failed with", False),
    ],
)
async def test_a_request_keeps_the_id_that_a_proxy_gave_it_if_it_looks_like_one(
    sqlite_database: Database, given: str, taken: bool
) -> None:
    async with open_api(sqlite_database) as api:
        response = await api.http.get("/healthz", headers={"x-request-id": given})

    assert (response.headers["x-request-id"] == given) is taken


async def test_the_id_in_the_answer_is_the_one_in_the_log(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError

    async with open_api(sqlite_database) as api:
        monkeypatch.setattr(ViewerService, "authenticate", fail)
        response = await api.post(json.dumps({"query": "{ __typename }"}))

    assert response.json()["errors"][0]["extensions"]["requestId"] == response.headers["x-request-id"]
    assert response.headers["x-request-id"] in caplog.text


async def test_two_requests_have_two_ids(sqlite_database: Database) -> None:
    async with open_api(sqlite_database) as api:
        answers = await asyncio.gather(*(api.http.get("/healthz") for _ in range(2)))

    assert len({answer.headers["x-request-id"] for answer in answers}) == 2
