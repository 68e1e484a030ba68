"""GraphQL over HTTP: methods, media types, sizes, keys."""

import json
import logging
from datetime import timedelta
from typing import Any, Literal, cast

import httpx
import pytest
from starlette.routing import Mount
from starlette.types import Message, Receive, Send
from starlette.types import Scope as Scope_

from app.asgi import build_app
from app.database.database import Waiting
from app.services import leads
from app.services.viewer import ViewerService
from app.values import Scope
from schema.context import Services
from schema.conversions import Lead
from schema.examples import blank_examples
from tests.api import Api
from tests.world import START

READ_LEAD = Lead.of
SECRET = "ada@example.com"

QUERY = json.dumps({"query": "{ __typename }"})


async def test_a_missing_key_is_401_and_says_which_header(sqlite_api: Api) -> None:
    response = await sqlite_api.http.post("/graphql", json={"query": "{ __typename }"})

    assert response.status_code == 401
    assert response.json()["errors"] == [
        {"message": "Missing X-API-Key header", "extensions": {"code": "UNAUTHENTICATED"}}
    ]


@pytest.mark.parametrize(
    ("key", "columns"),
    [
        ("unknown", None),
        ("", None),
        ("expired", {"expires_at": START}),
        ("revoked", {"revoked_at": START - timedelta(days=1)}),
        ("\xff\xfe", None),
    ],
)
async def test_an_unknown_an_expired_and_a_revoked_key_are_401_alike(
    sqlite_api: Api, key: str, columns: dict[str, object] | None
) -> None:
    if columns is not None:
        await sqlite_api.world.key(key, Scope.ADMIN, **columns)

    response = await sqlite_api.http.post(
        "/graphql", json={"query": "{ __typename }"}, headers=[(b"x-api-key", key.encode("latin-1"))]
    )

    assert response.status_code == 401
    assert response.json()["errors"][0]["message"] == "Invalid API key"


async def test_a_key_works_until_it_expires(sqlite_api: Api) -> None:
    sqlite_api.key = await sqlite_api.world.key("short", Scope.ADMIN, expires_at=START + timedelta(seconds=1))

    before = await sqlite_api.post(QUERY)
    sqlite_api.world.clock.advance(seconds=1)
    after = await sqlite_api.post(QUERY)

    assert (before.status_code, after.status_code) == (200, 401)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
async def test_any_method_but_post_and_get_is_405_with_allow(sqlite_api: Api, method: str) -> None:
    response = await sqlite_api.http.request(method, "/graphql?query={__typename}")

    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")
    assert response.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/application/json", ""],
)
async def test_any_content_type_but_json_is_415(sqlite_api: Api, content_type: str) -> None:
    response = await sqlite_api.post(QUERY, **{"content-type": content_type})

    assert response.status_code == 415
    assert response.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
async def test_json_may_have_parameters_and_any_case(sqlite_api: Api, content_type: str) -> None:
    assert (await sqlite_api.post(QUERY, **{"content-type": content_type})).status_code == 200


async def test_a_body_over_the_cap_is_413_whether_it_says_so_or_not(sqlite_api: Api) -> None:
    body = json.dumps({"query": "{ __typename }" + " " * 70_000})

    async def chunks():
        for start in range(0, len(body), 1_000):
            yield body[start : start + 1_000].encode()

    declared, streamed = await sqlite_api.post(body), await sqlite_api.post(chunks())

    assert (declared.status_code, streamed.status_code) == (413, 413)
    assert declared.json()["errors"][0]["extensions"]["code"] == "PAYLOAD_TOO_LARGE"


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/graphql-response+json", "application/graphql-response+json"),
        ("application/json;q=0.5, application/graphql-response+json", "application/graphql-response+json"),
        ("application/graphql-response+json;q=0.5, application/json;q=0.9", "application/json"),
        ("application/graphql-response+json;q=x", "application/json"),
        ("text/html", "application/json"),
    ],
)
async def test_the_answer_has_the_media_type_the_caller_likes_best(
    sqlite_api: Api, accept: str, media: str
) -> None:
    response = await sqlite_api.post(QUERY, accept=accept)

    assert response.headers["content-type"] == f"{media}; charset=utf-8"


@pytest.mark.parametrize(
    ("media", "status"), [("application/json", 200), ("application/graphql-response+json", 400)]
)
async def test_a_request_error_has_no_data_and_is_400_for_callers_that_understand_it(
    sqlite_api: Api, media: str, status: int
) -> None:
    response = await sqlite_api.post(json.dumps({"query": "{ nothing }"}), accept=media)

    assert response.status_code == status
    assert "data" not in response.json()


async def test_a_bug_is_masked_for_the_caller_and_logged_once_without_what_it_said(
    sqlite_api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "ada@example.com"

    def fail(*_: object) -> None:
        raise RuntimeError(secret)

    monkeypatch.setattr(leads, "choose_identifier", fail)
    with caplog.at_level(logging.INFO):
        answer = await sqlite_api.run('{ lead(by: {email: "ada@example.com"}) { id } }')

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert answer["data"] == {"lead": None}
    records = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [error["extensions"]["requestId"] in record.getMessage() for record in records] == [True]
    assert secret not in json.dumps(answer) + caplog.text


async def test_a_bug_in_every_item_of_a_list_is_logged_a_few_times(
    sqlite_api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(20):
        await sqlite_api.world.lead(unique_identifier=f"crm-{number}")
    monkeypatch.setattr(Lead, "of", lambda row: Lead(**(vars(READ_LEAD(row)) | {"currency": None})))

    answer = await sqlite_api.run("{ leads(first: 20) { edges { node { currency } } } }")

    assert {error["extensions"]["code"] for error in answer["errors"]} == {"INTERNAL_SERVER_ERROR"}
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(lines) <= 4
    assert all(answer["errors"][0]["extensions"]["requestId"] in line for line in lines)


def fall(depth: int) -> None:
    if depth == 0:
        raise RuntimeError(SECRET)
    fall(depth - 1)


async def test_a_bug_at_the_bottom_of_a_deep_recursion_is_logged_with_its_last_calls(
    sqlite_api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(leads, "choose_identifier", lambda *_: fall(400))

    await sqlite_api.run('{ lead(by: {email: "ada@example.com"}) { id } }')

    [line] = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert "in fall" in line
    assert line.count("\n") < 100


async def test_nothing_that_a_caller_sends_gets_into_the_log(
    sqlite_api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    queries = [
        "{",
        "{ " + "nothing " * 900 + "}",
        "query A { a } query B { b }",
        "{ lead(by: {email: 5}) { id } }",
    ]
    with caplog.at_level(logging.INFO):
        for query in queries:
            await sqlite_api.run(query)
            await sqlite_api.run("query ($a: Int!) { a }", {"a": "ada@example.com" * 1_000})

    assert [
        record for record in caplog.records if record.name.startswith(("leadwire", "strawberry", "graphql"))
    ] == []


async def test_a_bug_outside_of_graphql_is_json_too(
    sqlite_api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(ViewerService, "authenticate", fail)

    response = await sqlite_api.post(QUERY)

    assert response.status_code == 500
    assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert response.json()["errors"][0]["extensions"]["requestId"] in caplog.text


async def test_a_value_of_ours_that_cannot_be_shown_is_masked_and_logged(
    sqlite_api: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lead, "of", lambda row: Lead(**(vars(READ_LEAD(row)) | {"status": SECRET})))
    await sqlite_api.world.complete_lead()

    answer = await sqlite_api.run('{ lead(by: {leadId: "1"}) { status } }')

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert error["extensions"]["requestId"] in caplog.text
    assert SECRET not in json.dumps(answer) + caplog.text


async def test_null_where_the_schema_promises_a_value_is_masked_and_logged(
    sqlite_api: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lead, "of", lambda row: Lead(**(vars(READ_LEAD(row)) | {"currency": None})))
    await sqlite_api.world.complete_lead()

    answer = await sqlite_api.run('{ lead(by: {leadId: "1"}) { currency } }')

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert error["extensions"]["requestId"] in caplog.text
    assert "currency" not in error["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("POST", "/graphql/x", 404),
        ("POST", "/healthz", 405),
        ("DELETE", "/readyz", 405),
    ],
)
async def test_what_is_not_there_is_said_in_json(
    sqlite_api: Api, method: str, path: str, status: int
) -> None:
    response = await sqlite_api.http.request(method, path)

    assert response.status_code == status
    assert response.headers["content-type"].startswith("application/json")
    assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["BAD_USER_INPUT"]
    assert ("allow" in response.headers) == (status == 405)


class BrokenDatabase:
    """A database that is down, and says more of it than anybody should read."""

    dialect: Literal["sqlite", "postgresql"] = "sqlite"

    waiting = Waiting(reads=0, writes=0)

    async def read(self, _work: object, **_more: object) -> Any:
        raise RuntimeError(SECRET)

    async def write(self, _work: object, **_more: object) -> Any:
        raise RuntimeError(SECRET)

    async def close(self) -> None:
        """Nothing is open."""


async def test_without_its_database_it_is_not_ready_and_alive(caplog: pytest.LogCaptureFixture) -> None:
    app = build_app(cast("Services", None), database=BrokenDatabase(), examples=blank_examples())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://leadwire.test") as http:
        ready, alive = await http.get("/readyz"), await http.get("/healthz")

    assert (ready.status_code, ready.json()) == (503, {"status": "unavailable"})
    assert alive.status_code == 200
    assert "RuntimeError" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("begun", [False, True])
async def test_a_bug_anywhere_is_logged_once_without_what_it_said(
    caplog: pytest.LogCaptureFixture, begun: bool
) -> None:
    async def fail(_scope: Scope_, _receive: Receive, send: Send) -> None:
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError(SECRET)

    app = build_app(
        cast("Services", None),
        database=BrokenDatabase(),
        examples=blank_examples(),
        more_routes=[Mount("/more", fail)],
    )
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/more/x", "headers": [], "query_string": b""}
    await app(scope, receive, send)

    statuses = [message["status"] for message in sent if message["type"] == "http.response.start"]
    assert statuses == ([200] if begun else [500])
    if not begun:
        (error,) = json.loads(sent[-1]["body"])["errors"]
        assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert error["extensions"]["requestId"] in caplog.text
    assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) == 1
    assert SECRET not in caplog.text


async def test_health_and_readiness_answer_without_a_key(sqlite_api: Api) -> None:
    assert (await sqlite_api.http.get("/healthz")).json() == {"status": "ok"}
    assert (await sqlite_api.http.get("/readyz")).json() == {"status": "ready"}


async def test_the_root_leads_to_the_explorer(sqlite_api: Api) -> None:
    assert (await sqlite_api.http.get("/")).headers["location"] == "/graphiql"
