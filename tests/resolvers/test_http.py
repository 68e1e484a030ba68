"""GraphQL over HTTP: methods, media types, sizes, keys."""

import json
import logging
from datetime import timedelta

import pytest

from app.services import leads
from app.services.viewer import ViewerService
from app.values import Scope
from tests.api import Api
from tests.world import START

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


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
async def test_any_method_but_post_is_405_with_allow(sqlite_api: Api, method: str) -> None:
    response = await sqlite_api.http.request(method, "/graphql?query={__typename}")

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
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


async def test_health_and_readiness_answer_without_a_key(sqlite_api: Api) -> None:
    assert (await sqlite_api.http.get("/healthz")).json() == {"status": "ok"}
    assert (await sqlite_api.http.get("/readyz")).json() == {"status": "ready"}


async def test_the_root_leads_to_the_explorer(sqlite_api: Api) -> None:
    assert (await sqlite_api.http.get("/")).headers["location"] == "/graphiql"
