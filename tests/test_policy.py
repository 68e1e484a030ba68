"""Which pages may call, whether the schema may be asked for, and how settings say so."""

import hashlib
import json
from pathlib import Path

import httpx
import pytest
from graphql import get_introspection_query

from app.database.database import Database
from app.policy import Policy, read_policy
from app.rest import PATH
from app.settings import Settings, SettingsError
from schema.payloads import OperationRequest
from schema.trusted import TrustedDocuments
from tests.api import UPDATE, Api, open_api
from tests.streaming.stage import open_stage

CRM = "https://crm.example.com"
ONE = Policy(origins=frozenset({CRM}))
ANY = Policy(origins=frozenset({"*"}))


async def preflight(api: Api, path: str = "/graphql", **headers: str) -> httpx.Response:
    asked = {
        "origin": CRM,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-api-key",
    }
    return await api.http.options(path, headers=asked | headers)


def allowed(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize("path", ["/graphql", PATH])
async def test_without_settings_no_page_of_another_site_may_call(
    sqlite_database: Database, path: str
) -> None:
    async with open_api(sqlite_database) as api:
        asked = await preflight(api, path)
        called = await api.http.post(path, headers={"origin": CRM})

    assert (allowed(asked), allowed(called)) == ({}, {})
    assert asked.status_code == 405


@pytest.mark.parametrize("path", ["/graphql", PATH])
@pytest.mark.parametrize(("policy", "told"), [(ONE, CRM), (ANY, "*")], ids=["one", "any"])
async def test_a_browser_that_asks_for_an_allowed_page_is_answered_without_a_key(
    sqlite_database: Database, policy: Policy, told: str, path: str
) -> None:
    async with open_api(sqlite_database, policy=policy) as api:
        response = await preflight(api, path)

    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == told
    assert response.headers["access-control-allow-methods"] == "GET, POST"
    names = response.headers["access-control-allow-headers"].lower().split(", ")
    assert {"content-type", "idempotency-key", "x-api-key"} <= set(names)
    assert response.headers["access-control-max-age"] == "7200"
    assert "Origin" in response.headers["vary"]
    assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example.com"},
        {"origin": "null"},
        {"origin": "http://crm.example.com"},
        {"origin": "https://crm.example.com.evil.example"},
        {"access-control-request-method": "DELETE"},
        {"access-control-request-headers": "x-other"},
    ],
)
async def test_a_browser_that_asks_for_anything_else_is_refused(
    sqlite_database: Database, headers: dict[str, str]
) -> None:
    async with open_api(sqlite_database, policy=ONE) as api:
        response = await preflight(api, **headers)

    assert response.status_code == 400
    assert headers.get("origin") != response.headers.get("access-control-allow-origin")


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize("key", ["admin-key", "unknown"])
async def test_a_page_may_read_answers_and_refusals_with_what_they_say_of_limits(
    sqlite_database: Database, accept: str, key: str
) -> None:
    async with open_api(sqlite_database, policy=ONE) as api:
        response = await api.post(
            json.dumps({"query": "{ __typename }"}), accept=accept, origin=CRM, **{"x-api-key": key}
        )

    assert response.headers["access-control-allow-origin"] == CRM
    exposed = response.headers["access-control-expose-headers"].split(", ")
    assert {
        "Retry-After",
        "RateLimit",
        "RateLimit-Policy",
        "X-Request-Id",
    } <= set(exposed)
    assert response.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in response.headers


async def test_a_page_may_ask_with_get_too(sqlite_database: Database) -> None:
    async with open_api(sqlite_database, policy=ONE) as api:
        headers = {"origin": CRM, "x-api-key": api.key, "accept": "application/json"}
        response = await api.http.get("/graphql?query={__typename}", headers=headers)

    assert (response.status_code, response.headers["access-control-allow-origin"]) == (200, CRM)


async def test_a_page_of_another_site_may_read_nothing(sqlite_database: Database) -> None:
    async with open_api(sqlite_database, policy=ONE) as api:
        response = await api.post(json.dumps({"query": "{ __typename }"}), origin="https://evil.example.com")

    assert "access-control-allow-origin" not in response.headers
    assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/graphiql", "/graphiql/examples.json"])
async def test_only_the_api_is_opened(sqlite_database: Database, path: str) -> None:
    async with open_api(sqlite_database, policy=ANY) as api:
        response = await api.http.get(path, headers={"origin": CRM})

    assert allowed(response) == {}


@pytest.mark.parametrize(("policy", "opens"), [(ONE, True), (ANY, True), (Policy(), False)])
async def test_websockets_go_by_the_same_list(sqlite_database: Database, policy: Policy, opens: bool) -> None:
    async with open_stage(sqlite_database, policy=policy) as stage:
        if opens:
            async with stage.socket(additional_headers={"Origin": CRM}) as caller:
                await caller.begin()
        else:
            with pytest.raises(Exception, match="403"):
                async with stage.socket(additional_headers={"Origin": CRM}):
                    pass


@pytest.mark.parametrize("query", [get_introspection_query(), '{ __type(name: "Lead") { name } }'])
async def test_the_schema_is_not_told_when_that_is_switched_off(
    sqlite_database: Database, query: str
) -> None:
    async with open_api(sqlite_database, policy=Policy(introspection=False)) as api:
        answer = await api.run(query)

    assert {error["extensions"]["code"] for error in answer["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
    assert "data" not in answer


WRONG = [
    ("{ leed { id } }", {}),
    ("{ lead(bi: 1) { id } }", {}),
    ("{ lead(by: {leadIdd: 1}) { id } }", {}),
    ("{ ... on Leed { id } }", {}),
    (UPDATE, {"input": {"leed": {}, "conversionIds": "x"}}),
    (UPDATE, {"input": {"lead": {"leadId": "1"}, "conversionId": "open", "onConflict": "REJEKT"}}),
]


@pytest.mark.parametrize(("query", "variables"), WRONG)
async def test_nor_are_names_that_are_like_a_wrong_one(
    sqlite_database: Database, query: str, variables: dict[str, object]
) -> None:
    async with open_api(sqlite_database, policy=Policy(introspection=False)) as api:
        answer = await api.run(query, variables)

    assert answer["errors"]
    assert "Did you mean" not in json.dumps(answer)


async def test_they_are_told_where_the_schema_is(sqlite_database: Database) -> None:
    async with open_api(sqlite_database) as api:
        answers = [await api.run(query, variables) for query, variables in WRONG]

    assert ["Did you mean" in json.dumps(answer) for answer in answers] == [True] * len(WRONG)


async def test_the_name_of_a_type_may_be_asked_for_all_the_same(sqlite_database: Database) -> None:
    async with open_api(sqlite_database, policy=Policy(introspection=False)) as api:
        assert await api.ask("{ __typename }") == {"__typename": "Query"}


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (Policy(), ""),
        (Policy(introspection=False), "introspection is switched off"),
        (
            Policy(trusted=TrustedDocuments({})),
            "Only documents that this server's operator has listed are run",
        ),
    ],
)
async def test_the_explorer_says_what_this_server_does_not_do(
    sqlite_database: Database, policy: Policy, said: str
) -> None:
    async with open_api(sqlite_database, policy=policy) as api:
        notice = (await api.http.get("/graphiql/examples.json")).json()["notice"]

    assert said in notice
    assert bool(said) == bool(notice)


def test_settings_make_the_policy(tmp_path: Path) -> None:
    (tmp_path / "name.graphql").write_text("{ __typename }")

    policy = read_policy(
        Settings(
            cors_origins=" https://CRM.example.com:443/ ,https://www.example.com",
            introspection=False,
            request_timeout_s=5,
            trusted_documents=tmp_path,
        )
    )

    assert policy.origins == {CRM, "https://www.example.com"}
    assert (policy.introspection, policy.within_s) == (False, 5)
    assert policy.trusted is not None
    sha256 = hashlib.sha256(b"{ __typename }").hexdigest()
    request = OperationRequest(query=None, variables=None, operation_name=None, document_id=sha256)
    assert not policy.trusted.find(request).errors


def test_without_settings_it_is_the_closed_one() -> None:
    assert read_policy(Settings()) == Policy()


@pytest.mark.parametrize(
    "origins", ["crm.example.com", "https://crm.example.com/app", "https://*.example.com", "null"]
)
def test_what_is_no_origin_is_refused_with_the_settings_name(origins: str) -> None:
    with pytest.raises(SettingsError, match="LEADWIRE_CORS_ORIGINS"):
        read_policy(Settings(cors_origins=origins))


def test_a_list_of_documents_that_cannot_be_used_is_refused_with_the_settings_name(tmp_path: Path) -> None:
    (tmp_path / "old.graphql").write_text("{ nothing }")

    with pytest.raises(SettingsError, match=r"LEADWIRE_TRUSTED_DOCUMENTS.*old\.graphql: Cannot query field"):
        read_policy(Settings(trusted_documents=tmp_path))
