"""How often a key may ask: 429 with standard headers, on GraphQL and the plain request alike."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from app.database.database import Database
from app.rest import PATH
from app.services.gatekeeper import FAILED_PER_MINUTE, RateLimits
from app.tables.leads import LeadRow
from app.values import ApiKeyKind, Scope
from tests.api import Api, open_api

QUERY = "{ conversionLabels { name } }"
CREATE = 'createLead(input: {email: "a@example.com"}) { __typename }'
BULK = "mutation ($inputs: [UpdateLeadStatusInput!]!) { updateLeadStatuses(inputs: $inputs) { __typename } }"
CHANGE = {"lead": {"leadId": "1"}, "conversionId": "open"}

# RFC 9651: a List of Strings with Integer parameters, as draft-ietf-httpapi-ratelimit-headers-11 has them.
POLICY = re.compile(r'"[a-z]+";q=\d+;w=\d+(, "[a-z]+";q=\d+;w=\d+)*')
LIMIT = re.compile(r'"[a-z]+";r=\d+;t=\d+(, "[a-z]+";r=\d+;t=\d+)*')


@pytest.fixture
async def api(sqlite_database: Database) -> AsyncIterator[Api]:
    """A key may ask five times a minute, a visitor three times."""
    async with open_api(sqlite_database, limits=RateLimits(per_key=5, per_address=3)) as opened:
        yield opened


async def ask(api: Api, query: str = QUERY, variables: Any = None, **headers: str) -> httpx.Response:
    return await api.post(json.dumps({"query": query, "variables": variables}), **headers)


async def rest(api: Api, **headers: str) -> httpx.Response:
    return await api.http.post(
        PATH, json={"leadId": 1, "conversionId": "open"}, headers={"x-api-key": api.key} | headers
    )


@asynccontextmanager
async def calling_from(api: Api, host: str) -> AsyncIterator[Api]:
    """The same application, asked from another address."""
    transport = httpx.ASGITransport(api.http._transport.app, client=(host, 1))  # type: ignore[attr-defined]
    async with httpx.AsyncClient(transport=transport, base_url="http://leadwire.test") as http:
        yield Api(api.world, http, [], api.services, api.key)


async def test_beyond_its_limit_a_key_is_answered_429_until_there_is_something_left(api: Api) -> None:
    answered = [(await ask(api)).status_code for _ in range(7)]
    refused = await ask(api)
    api.world.clock.advance(seconds=12)  # type: ignore[attr-defined]
    again = [(await ask(api)).status_code for _ in range(2)]

    assert (answered, again) == ([200] * 5 + [429] * 2, [200, 429])
    assert refused.headers["retry-after"] == "12"
    assert refused.json() == {
        "errors": [
            {
                "message": "Too many requests with this API key. Try again in 12 s.",
                "extensions": {"code": "RATE_LIMITED"},
            }
        ]
    }


async def test_the_plain_request_shares_the_limit_and_refuses_in_its_own_words(api: Api) -> None:
    answered = [(await rest(api)).status_code for _ in range(4)]
    await ask(api)
    refused = await rest(api)

    assert (answered, refused.status_code) == ([404] * 4, 429)
    assert refused.headers["retry-after"] == "12"
    assert refused.json() == {"message": "Too many requests with this API key. Try again in 12 s."}


async def test_every_answer_says_what_is_left_in_the_form_of_the_draft(api: Api) -> None:
    answers = [
        await ask(api),
        await rest(api),
        await ask(api, "{ nonsense }"),
        await ask(api, "{"),
        await api.post("x"),
    ]
    refused = await ask(api)

    left = [answer.headers["ratelimit"] for answer in [*answers, refused]]
    assert left == [f'"key";r={left};t=12' for left in (4, 3, 2, 1, 0, 0)]
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"key";q=5;w=60'}
    for answer in [*answers, refused]:
        assert POLICY.fullmatch(answer.headers["ratelimit-policy"])
        assert LIMIT.fullmatch(answer.headers["ratelimit"])
    # Whoever waits as long as it says has waited for the end of the window.
    assert refused.headers["retry-after"] == "12"


async def test_what_lacks_a_scope_is_counted_and_told_too(api: Api) -> None:
    key = await api.world.key("reader", Scope.LEADS_READ)

    refused = await rest(api, **{"x-api-key": key})

    assert (refused.status_code, refused.headers["ratelimit"]) == (403, '"key";r=4;t=12')


@pytest.mark.parametrize("headers", [{"x-api-key": "wrong"}, {"content-type": "text/plain"}])
async def test_whoever_was_not_let_in_is_told_nothing(api: Api, headers: dict[str, str]) -> None:
    answer = await ask(api, **headers)

    assert answer.status_code in {401, 415}
    assert "ratelimit" not in answer.headers


async def test_events_carry_the_headers_too(api: Api) -> None:
    answer = await ask(api, accept="text/event-stream")

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["ratelimit"] == '"key";r=4;t=12'


async def test_many_changes_in_a_call_count_as_many(api: Api) -> None:
    answer = await ask(api, BULK, {"inputs": [CHANGE] * 4})

    assert answer.headers["ratelimit"] == '"key";r=1;t=12'


async def test_a_call_with_more_changes_than_are_left_is_answered_and_made_up_for(api: Api) -> None:
    answer = await ask(api, BULK, {"inputs": [CHANGE] * 10})
    refused = await ask(api)

    assert len(answer.json()["data"]["updateLeadStatuses"]) == 10
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "72")


@pytest.mark.parametrize(
    ("document", "left"),
    [
        (f"mutation {{ a: {CREATE} b: {CREATE} c: {CREATE} }}", 2),
        ("mutation { updateLeadStatuses(inputs: []) { __typename } }", 4),
        (f"mutation {{ updateLeadStatuses(inputs: []) {{ __typename }} a: {CREATE} }}", 3),
        ("{ a: conversionLabels { name } b: conversionLabels { name } }", 4),
    ],
)
async def test_each_mutation_of_a_document_is_a_change(api: Api, document: str, left: int) -> None:
    answer = await ask(api, document)

    assert "errors" not in answer.json()
    assert answer.headers["ratelimit"] == f'"key";r={left};t=12'


async def test_what_is_refused_has_no_effect(api: Api) -> None:
    for _ in range(5):
        await ask(api)

    await ask(api, f"mutation {{ {CREATE} }}")

    assert await api.rows(LeadRow) == []


async def test_one_key_does_not_use_up_what_another_may_ask_for(api: Api) -> None:
    for _ in range(6):
        await ask(api)

    other = await api.world.key("other", Scope.ADMIN)

    assert (await ask(api, **{"x-api-key": other})).status_code == 200


async def test_a_visitor_is_limited_by_address_and_told_of_that_alone(api: Api) -> None:
    api.key = await api.world.key("public", kind=ApiKeyKind.PUBLIC)
    create = f"mutation {{ {CREATE} }}"
    async with calling_from(api, "192.0.2.1") as one, calling_from(api, "192.0.2.2") as other:
        answers = [await ask(one, create) for _ in range(4)]
        neighbour = await ask(other, create)

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit"] for answer in answers] == [
        f'"address";r={left};t=20' for left in (2, 1, 0, 0)
    ]
    assert (neighbour.status_code, neighbour.headers["ratelimit"]) == (200, '"address";r=2;t=20')
    assert neighbour.headers["ratelimit-policy"] == '"address";q=3;w=60'


async def test_guessing_keys_is_429_and_whoever_has_a_key_at_that_address_goes_on(api: Api) -> None:
    await ask(api)
    guesses = [
        (await ask(api, **{"x-api-key": f"guess {number}"})).status_code
        for number in range(FAILED_PER_MINUTE)
    ]

    refused = await ask(api, **{"x-api-key": "guess"})

    assert guesses == [401] * FAILED_PER_MINUTE
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
    assert refused.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert (await rest(api, **{"x-api-key": "guess"})).status_code == 429
    assert (await ask(api)).status_code == 200


async def test_an_installation_without_a_limit_says_nothing_of_one(sqlite_database: Database) -> None:
    async with open_api(sqlite_database, limits=RateLimits(per_key=0)) as api:
        answer = await ask(api)

    assert answer.status_code == 200
    assert "ratelimit" not in answer.headers
