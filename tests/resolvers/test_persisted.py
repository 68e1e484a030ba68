"""Documents by their id: sent in full once, as Apollo's and urql's clients and GraphQL over HTTP have it."""

import hashlib
import json
from typing import Any

import pytest

from app.database.database import Database
from app.policy import Policy
from app.values import Scope
from resolvers.root import schema
from schema.documents import Prepared, prepare
from schema.execution import core_schema
from schema.trusted import TrustedDocuments
from tests.api import Api, open_api

QUERY = "query Name { __typename }"
SHA256 = hashlib.sha256(QUERY.encode()).hexdigest()


def apollo(sha256: Any, query: str | None = None) -> str:
    body = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256}}}
    return json.dumps(body if query is None else body | {"query": query})


def by_id(document_id: Any, query: str | None = None) -> str:
    body = {"documentId": document_id}
    return json.dumps(body if query is None else body | {"query": query})


WAYS = pytest.mark.parametrize(
    "known",
    [apollo(SHA256), by_id(f"sha256:{SHA256}"), by_id(SHA256)],
    ids=["apollo", "documentId", "bare"],
)


@WAYS
async def test_a_document_is_sent_in_full_once_and_by_its_hash_from_then_on(
    sqlite_api: Api, known: str
) -> None:
    unknown = await sqlite_api.post(known)
    in_full = await sqlite_api.post(json.dumps(json.loads(known) | {"query": QUERY}))
    again = await sqlite_api.post(known)

    assert unknown.json() == {
        "errors": [{"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}]
    }
    assert in_full.json() == again.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    ("media", "status"), [("application/json", 200), ("application/graphql-response+json", 400)]
)
async def test_a_hash_that_is_not_known_is_a_request_error(sqlite_api: Api, media: str, status: int) -> None:
    assert (await sqlite_api.post(apollo(SHA256), accept=media)).status_code == status


async def test_variables_and_operation_name_come_with_the_hash(sqlite_api: Api) -> None:
    lead = await sqlite_api.world.complete_lead()
    query = "query A { __typename } query B($id: ID!) { lead(by: {leadId: $id}) { id } }"
    body = {
        "documentId": "sha256:" + hashlib.sha256(query.encode()).hexdigest(),
        "variables": {"id": str(lead.id)},
        "operationName": "B",
    }
    await sqlite_api.post(json.dumps(body | {"query": query}))

    answer = (await sqlite_api.post(json.dumps(body))).json()

    assert answer == {"data": {"lead": {"id": str(lead.id)}}}


async def test_a_document_under_another_ones_hash_is_refused_and_not_kept(sqlite_api: Api) -> None:
    lie = await sqlite_api.post(apollo(SHA256, "{ other: __typename }"))
    after = await sqlite_api.post(apollo(SHA256))

    assert lie.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert after.json()["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("query", ["{ nothing }", "{", "{ " + "__typename " * 501 + "}"])
async def test_a_document_that_may_not_run_is_not_kept(sqlite_api: Api, query: str) -> None:
    sha256 = hashlib.sha256(query.encode()).hexdigest()

    first = await sqlite_api.post(apollo(sha256, query))
    second = await sqlite_api.post(apollo(sha256))

    assert first.json()["errors"][0]["extensions"]["code"] != "PERSISTED_QUERY_NOT_FOUND"
    assert second.json()["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_hash_opens_no_more_than_the_document_does(sqlite_api: Api) -> None:
    query = '{ lead(by: {leadId: "1"}) { email } }'
    body = by_id("sha256:" + hashlib.sha256(query.encode()).hexdigest(), query)
    await sqlite_api.post(body)
    sqlite_api.key = await sqlite_api.world.key("form", Scope.LEADS_WRITE)

    answer = (await sqlite_api.post(body)).json()

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    "body",
    [
        by_id(5),
        by_id(""),
        apollo(5),
        apollo(None),
        json.dumps({"extensions": {"persistedQuery": "x"}}),
        json.dumps({"extensions": {}}),
    ],
)
async def test_an_id_that_is_none_is_400(sqlite_api: Api, body: str) -> None:
    assert (await sqlite_api.post(body)).status_code == 400


async def test_extensions_of_other_kinds_change_nothing(sqlite_api: Api) -> None:
    body = json.dumps({"query": QUERY, "extensions": {"clientLibrary": {"name": "x"}}})

    assert (await sqlite_api.post(body)).json() == {"data": {"__typename": "Query"}}


async def test_with_trusted_documents_no_other_is_run(sqlite_database: Database) -> None:
    async with open_api(sqlite_database, policy=Policy(trusted=trusted(QUERY))) as api:
        listed = [
            await api.post(body)
            for body in (
                json.dumps({"query": QUERY}),
                apollo(SHA256),
                by_id("name.graphql"),
                by_id("name.graphql", QUERY),
            )
        ]
        others = [
            await api.post(body)
            for body in (
                json.dumps({"query": "{ __typename }"}),
                json.dumps({"query": "{"}),
                by_id("name.graphql", "{ __typename }"),
                by_id("sha256:" + "0" * 64),
            )
        ]

    assert [response.json() for response in listed] == [{"data": {"__typename": "Query"}}] * 4
    assert {response.json()["errors"][0]["extensions"]["code"] for response in others} == {
        "DOCUMENT_NOT_TRUSTED"
    }


def trusted(query: str) -> TrustedDocuments:
    prepared: Prepared = prepare(core_schema(schema), query)
    return TrustedDocuments({query: prepared, "name.graphql": prepared, prepared.sha256: prepared})
