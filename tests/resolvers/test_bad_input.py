"""Bad input of every kind: a clear error, nothing changed, never a 500."""

import json
from typing import Any

import httpx
import pytest
from graphql import get_introspection_query
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.values import LeadStatus
from tests.api import UPDATE, Api

HUGE = "x" * 20_000


async def unchanged(api: Api, lead_id: int | None) -> None:
    stored = await api.lead_row(lead_id)
    assert (stored.status, stored.price_cents, stored.label_id) == (LeadStatus.OPEN, None, None)
    assert await api.jobs() == []


def codes(response: httpx.Response) -> list[str]:
    assert response.headers["content-type"].startswith("application/json")
    return [error["extensions"]["code"] for error in response.json()["errors"]]


@pytest.mark.parametrize(
    "price",
    [-1, 1.5, "100", True, 2**53, 10**30, 1e300, [], {}, "NaN", -0.5],
    ids=lambda value: repr(value)[:20],
)
async def test_a_price_that_is_no_whole_number_of_cents_is_refused_by_the_scalar(
    sqlite_api: Api, price: Any
) -> None:
    lead = await sqlite_api.world.complete_lead()
    given_input = {"lead": {"leadId": str(lead.id)}, "conversionId": "open", "price": price}

    response = await sqlite_api.post(json.dumps({"query": UPDATE, "variables": {"input": given_input}}))

    assert (response.status_code, codes(response)) == (200, ["BAD_USER_INPUT"])
    await unchanged(sqlite_api, lead.id)


@pytest.mark.parametrize(
    "instant",
    [
        "2026-11-23T09:00:00",
        "2026-11-23",
        "2026-11-23 09:00:00Z",
        "2026-02-30T09:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T09:00:60Z",
        "2026-11-23T09:00:00+25:00",
        "0001-01-01T00:00:00+14:00",
        "yesterday",
        "",
        1795395600,
        "２026-11-23T09:00:00Z",
    ],
)
async def test_a_naive_or_impossible_instant_is_refused_by_the_scalar(sqlite_api: Api, instant: Any) -> None:
    lead = await sqlite_api.world.complete_lead()
    given_input = {"lead": {"leadId": str(lead.id)}, "conversionId": "open", "occurredAt": instant}

    answer = await sqlite_api.run(UPDATE, {"input": given_input})

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    await unchanged(sqlite_api, lead.id)


@pytest.mark.parametrize("name", ["uniqueIdentifier", "email", "phone", "leadId"])
@pytest.mark.parametrize(
    "text", [HUGE, "a\x00b", "\x00", "😀" * 600], ids=["huge", "nul inside", "nul", "emoji"]
)
async def test_an_identifier_no_database_could_hold_is_invalid_input(api: Api, name: str, text: str) -> None:
    answer = await api.update({name: text}, "open")

    if len(text) <= 2_048 and "\x00" not in text:
        assert answer["__typename"] == "LeadNotFoundError"
    else:
        assert answer["__typename"] == "InvalidInputError"
        assert answer["problems"][0]["path"] == ["lead", name]


@pytest.mark.parametrize(
    "text", ["😀", "مرحبا", "\u202eabc", "ﬀ", "e\u0301", "\u200b", "'; DROP TABLE lead; --", "%", "\\"]
)
async def test_any_other_text_is_an_identifier_like_any_other(api: Api, text: str) -> None:
    lead = await api.world.lead(unique_identifier=text, email=f"{text}@example.com")

    assert (await api.update({"uniqueIdentifier": text}, "open"))["leadId"] == str(lead.id)
    assert (await api.update({"email": f"{text}@example.com"}, "open"))["leadId"] == str(lead.id)


@pytest.mark.parametrize("key", ["", "  ", HUGE, "a\x00"], ids=["empty", "blank", "huge", "nul"])
async def test_an_idempotency_key_that_cannot_be_kept_is_invalid_input(api: Api, key: str) -> None:
    lead = await api.world.complete_lead()

    answer = await api.update({"leadId": str(lead.id)}, "open", idempotencyKey=key)

    assert answer["problems"][0]["path"] == ["idempotencyKey"]
    await unchanged(api, lead.id)


async def test_an_error_quotes_nothing_of_the_input(sqlite_api: Api) -> None:
    given_input = {"lead": {"email": "ada@example.com", "unknown": 1}, "conversionId": "open"}

    answer = await sqlite_api.run(UPDATE, {"input": given_input})

    assert "unknown" in answer["errors"][0]["message"]
    assert "ada@example.com" not in str(answer)


@pytest.mark.parametrize(
    "given_input",
    [
        {"lead": {"email": {"is": "ada@example.com"}}, "conversionId": "open"},
        {"lead": {"leadId": ["ada@example.com"]}, "conversionId": "open"},
        {"lead": {"leadId": "1"}, "conversionId": "open", "onConflict": "ada@example.com"},
        {"lead": {"leadId": "1"}, "conversionId": "open", "onConflict": {"x": "ada@example.com"}},
        {"lead": "ada@example.com", "conversionId": "open"},
        {"lead": {"leadId": "1"}, "conversionId": "open", "price": "ada@example.com"},
        {"lead": {"leadId": "1"}, "conversionId": "open", "occurredAt": "ada@example.com"},
    ],
)
async def test_an_error_of_graphqls_own_quotes_no_value(sqlite_api: Api, given_input: dict[str, Any]) -> None:
    response = await sqlite_api.post(json.dumps({"query": UPDATE, "variables": {"input": given_input}}))

    assert codes(response) == ["BAD_USER_INPUT"]
    assert "ada@example.com" not in response.text


async def test_a_blank_conversion_id_is_invalid_input(sqlite_api: Api) -> None:
    lead = await sqlite_api.world.complete_lead()

    answer = await sqlite_api.update({"leadId": str(lead.id)}, " ")

    assert answer["problems"][0]["path"] == ["conversionId"]


async def test_everything_that_is_wrong_is_said_at_once(sqlite_api: Api) -> None:
    answer = await sqlite_api.update(
        {"leadId": " "}, "", occurredAt="2027-01-01T00:00:00Z", idempotencyKey=""
    )

    assert [problem["path"] for problem in answer["problems"]] == [
        ["lead", "leadId"],
        ["occurredAt"],
        ["conversionId"],
        ["idempotencyKey"],
    ]


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"input": None},
        {"input": []},
        {"input": {}},
        {"input": {"lead": {}}},
        {"input": {"lead": [], "conversionId": "open"}},
        {"input": {"lead": {"email": 5}, "conversionId": "open"}},
        {"input": {"lead": {"email": ["a@example.com"]}, "conversionId": "open"}},
        {"input": {"lead": {"leadId": True}, "conversionId": "open"}},
        {"input": {"lead": {"leadId": 1.5}, "conversionId": "open"}},
        {"input": {"lead": {"email": "a@example.com"}, "conversionId": None}},
        {"input": {"lead": {"email": "a@example.com"}, "conversionId": "open", "onConflict": None}},
        {"input": {"lead": {"email": "a@example.com"}, "conversionId": "open", "onConflict": "MAYBE"}},
        {"input": {"lead": {"email": "a@example.com"}, "conversionId": "open", "unknown": 1}},
    ],
)
async def test_input_of_the_wrong_type_is_bad_user_input(sqlite_api: Api, variables: dict[str, Any]) -> None:
    answer = await sqlite_api.run(UPDATE, variables)

    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
    assert "data" not in answer


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"5",
        b'"abc"',
        b"[]",
        b"[{}]",
        b"{}",
        b'{"query": ""}',
        b'{"query": null}',
        b'{"query": 5}',
        b'{"query": "{ __typename }", "variables": []}',
        b'{"query": "{ __typename }", "variables": "{}"}',
        b'{"query": "{ __typename }", "operationName": 5}',
        b'{"query": "{ __typename }", "extensions": 5}',
        b'{"query": "{ __typename }", "variables": {"a": NaN}}',
        b'{"query": "{ __typename }", "variables": {"a": -Infinity}}',
        b'{"query": "{ __typename }", "variables": {"a": 1e400}}',
        b'{"query": "{ __typename }", "variables": {"a": [-1.5E+999]}}',
        b'{"query": "{ __typename }", "variables": {"a": ' + b"1" * 5_000 + b"}}",
        b'{"query": "\xff"}',
        b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}',
        b'{"query": "{ __typename }", "variables": {"\\uDFFF": 1}}',
        b"[" * 20_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    ],
    ids=lambda body: repr(body)[:60],
)
async def test_a_body_that_is_no_graphql_request_is_400_as_json(sqlite_api: Api, body: bytes) -> None:
    response = await sqlite_api.post(body)

    assert (response.status_code, codes(response)) == (400, ["BAD_USER_INPUT"])


async def test_a_lone_surrogate_in_the_document_is_refused(sqlite_api: Api) -> None:
    response = await sqlite_api.post(rb'{"query": "{ lead(by: {email: \"\\ud800\"}) { id } }"}')

    assert (response.status_code, codes(response)) == (200, ["GRAPHQL_PARSE_FAILED"])


async def test_a_document_that_does_not_parse_or_validate_says_which(sqlite_api: Api) -> None:
    unparsed = await sqlite_api.run("{")
    invalid = await sqlite_api.run("{ nothing }")

    assert unparsed["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
    assert invalid["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert invalid["errors"][0]["locations"] == [{"line": 1, "column": 3}]


async def test_a_bad_document_gets_a_handful_of_errors_not_thousands(sqlite_api: Api) -> None:
    answer = await sqlite_api.run("{" + " nothing" * 400 + "}")

    assert len(answer["errors"]) <= 6


async def test_several_operations_without_a_name_are_an_error_and_none_is_run(sqlite_api: Api) -> None:
    lead = await sqlite_api.world.complete_lead()
    change = f'mutation A {{ updateLeadStatus(input: {{lead: {{leadId: "{lead.id}"}}, conversionId: "open", price: 5}}) {{ __typename }} }}'

    answer = await sqlite_api.run(change + " query B { __typename }")

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    await unchanged(sqlite_api, lead.id)


async def test_an_operation_name_that_is_not_in_the_document_is_an_error(sqlite_api: Api) -> None:
    response = await sqlite_api.post(json.dumps({"query": "query A { __typename }", "operationName": "B"}))

    assert (response.status_code, codes(response)) == (200, ["BAD_USER_INPUT"])
    assert "data" not in response.json()


async def test_what_graphql_says_of_a_name_is_cut_before_it_fills_the_answer(sqlite_api: Api) -> None:
    given_input = {"lead": {"leadId": "1"}, "conversionId": "open", "x" * 60_000: 1}

    answer = await sqlite_api.run(UPDATE, {"input": given_input})

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert (len(error["message"]), error["message"][-1]) == (500, "…")


async def test_null_for_an_argument_that_must_not_be_null_is_the_callers_mistake(sqlite_api: Api) -> None:
    query = 'query ($id: ID = "x") { job(id: $id) { id } }'

    answer = await sqlite_api.run(query, {"id": None})

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("levels", [20, 40, 60])
async def test_a_document_whose_fragments_multiply_is_too_complex(sqlite_api: Api, levels: int) -> None:
    fragments = " ".join(
        f"fragment F{level} on Lead {{ ...F{level + 1} ...F{level + 1} }}" for level in range(levels)
    )
    query = f'{{ lead(by: {{leadId: "1"}}) {{ ...F0 }} }} {fragments} fragment F{levels} on Lead {{ id }}'

    answers = [await sqlite_api.run(query) for _ in range(2)]

    for answer in answers:
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["QUERY_TOO_COMPLEX"]
        assert "data" not in answer


async def test_a_document_that_is_too_complex_changes_nothing(sqlite_api: Api) -> None:
    lead = await sqlite_api.world.complete_lead()
    change = f'updateLeadStatus(input: {{lead: {{leadId: "{lead.id}"}}, conversionId: "lost"}})'

    answer = await sqlite_api.run(f"mutation {{ {change} {{ {'__typename ' * 501} }} }}")

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["QUERY_TOO_COMPLEX"]
    await unchanged(sqlite_api, lead.id)


async def test_the_introspection_of_editors_is_answered(sqlite_api: Api) -> None:
    query = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, one_of=True
    )

    assert (await sqlite_api.ask(query))["__schema"]["queryType"]["name"] == "Query"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(codec=None, exclude_categories=[]), max_size=300),
    name=st.sampled_from(["leadId", "uniqueIdentifier", "email", "phone"]),
)
async def test_no_text_whatsoever_is_a_server_error(api: Api, text: str, name: str) -> None:
    lead = await api.world.complete_lead()
    bodies = [
        {"lead": identifier, "conversionId": conversion_id, "idempotencyKey": text}
        for identifier in ({name: text}, {name: text} | {"leadId": str(lead.id)})
        for conversion_id in (text, "open")
    ]

    for given_input in bodies:
        response = await api.post(json.dumps({"query": UPDATE, "variables": {"input": given_input}}))

        assert response.status_code in {200, 400}
        assert "INTERNAL_SERVER_ERROR" not in response.text
