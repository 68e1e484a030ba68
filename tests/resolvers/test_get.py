"""Queries by GET: for programs that ask for JSON, and for nobody else's page."""

import json
from urllib.parse import quote, urlencode

import httpx
import pytest

from app.values import LeadStatus, Scope
from tests.api import Api

JSON = {"accept": "application/json"}
READ = "query Read($id: ID!) { lead(by: {leadId: $id}) { id } }"


async def get(api: Api, address: str, **headers: str) -> httpx.Response:
    given = {"x-api-key": api.key, "accept": "application/json"} | headers
    response = await api.http.get(f"/graphql?{address}", headers=given)
    assert response.headers["content-type"].startswith("application/")
    assert "json" in response.headers["content-type"]
    return response


@pytest.mark.parametrize(
    "accept", ["application/json", "application/graphql-response+json", "text/html, application/json;q=0.1"]
)
async def test_a_query_is_answered_as_it_is_to_post(sqlite_api: Api, accept: str) -> None:
    lead = await sqlite_api.world.complete_lead()
    address = urlencode(
        {
            "query": READ + " query B { __typename }",
            "operationName": "Read",
            "variables": json.dumps({"id": str(lead.id)}),
        }
    )

    response = await get(sqlite_api, address, accept=accept)

    assert (response.status_code, response.json()) == (200, {"data": {"lead": {"id": str(lead.id)}}})
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "",
        "text/html",
        "image/avif,image/webp,*/*;q=0.8",
        "application/*",
        "application/json;q=0",
        "text/event-stream",
    ],
)
async def test_a_browser_that_follows_a_link_or_loads_an_image_gets_nothing(
    sqlite_api: Api, accept: str
) -> None:
    response = await get(sqlite_api, "query={__typename}", accept=accept)

    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (
        406,
        "BAD_USER_INPUT",
    )


async def test_a_key_is_needed_and_one_in_the_address_is_none(sqlite_api: Api) -> None:
    response = await sqlite_api.http.get("/graphql?query={__typename}&x-api-key=admin-key", headers=JSON)

    assert response.status_code == 401


@pytest.mark.parametrize("kind", ["mutation", "subscription"])
async def test_what_is_no_query_is_405_and_not_run(sqlite_api: Api, kind: str) -> None:
    lead = await sqlite_api.world.complete_lead()
    documents = {
        "mutation": f'mutation {{ updateLeadStatus(input: {{lead: {{leadId: "{lead.id}"}}, conversionId: "lost"}}) {{ __typename }} }}',
        "subscription": 'subscription { jobUpdated(jobId: "x") { id } }',
    }

    response = await get(sqlite_api, "query=" + quote(documents[kind]))

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert (await sqlite_api.lead_row(lead.id)).status is LeadStatus.OPEN


async def test_a_mutation_that_hides_behind_a_query_is_405_when_it_is_the_one_named(sqlite_api: Api) -> None:
    document = 'query A { __typename } mutation B { pauseIntegration(id: "x") { __typename } }'

    named = await get(sqlite_api, urlencode({"query": document, "operationName": "B"}))
    unnamed = await get(sqlite_api, urlencode({"query": document}))

    assert named.status_code == 405
    assert unnamed.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_scopes_hold_for_get(sqlite_api: Api) -> None:
    sqlite_api.key = await sqlite_api.world.key("form", Scope.LEADS_WRITE)

    response = await get(sqlite_api, urlencode({"query": READ, "variables": '{"id": "1"}'}))

    assert response.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "query=",
        "variables={}",
        "query={__typename}&query={__typename}",
        "query={__typename}&variables=[]",
        "query={__typename}&variables=null",
        "query={__typename}&variables={",
        "query={__typename}&variables=" + quote('{"a": NaN}'),
        "query={__typename}&variables=" + quote(r'{"a": "\ud800"}'),
        "query={__typename}&extensions=5",
        "query={__typename}&extensions=" + quote('{"persistedQuery": 5}'),
        "query=%ff",
        "query=%ed%a0%80",
        "&".join(f"a{n}=1" for n in range(50)),
    ],
    ids=lambda address: address[:50],
)
async def test_an_address_that_holds_no_operation_is_400(sqlite_api: Api, address: str) -> None:
    response = await get(sqlite_api, address)

    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (
        400,
        "BAD_USER_INPUT",
    )


async def test_an_address_over_the_cap_is_414(sqlite_api: Api) -> None:
    response = await get(sqlite_api, "query={__typename}" + "%20" * 6_000)

    assert response.status_code == 414
