"""A public key lies in a web page: it creates leads, and everything else is refused."""

from datetime import timedelta
from typing import Any

import pytest
from graphql import build_schema

from app.rest import PATH
from app.tables.leads import LeadRow
from app.values import ApiKeyKind, ConsentState, Scope
from resolvers.root import schema
from schema.access import _is_public
from tests.api import Api
from tests.world import START

KEY = "public-key"
CREATE = """
mutation ($input: CreateLeadInput!) {
  createLead(input: $input) {
    __typename
    ... on CreateLeadSuccess { created lead { id } }
    ... on InvalidInputError { problems { path message } }
    ... on UserError { code message }
  }
}
"""
ONE = 'createLead(input: {email: "new@example.com"})'


@pytest.fixture
async def public(api: Api) -> Api:
    return await with_public_key(api)


@pytest.fixture
async def sqlite_public(sqlite_api: Api) -> Api:
    return await with_public_key(sqlite_api)


async def with_public_key(api: Api) -> Api:
    api.key = await api.world.key(KEY, kind=ApiKeyKind.PUBLIC)
    return api


async def create(api: Api, **given: Any) -> dict[str, Any]:
    answer: dict[str, Any] = (await api.ask(CREATE, {"input": given}))["createLead"]
    return answer


async def stored(api: Api) -> LeadRow:
    [row] = await api.rows(LeadRow)
    return row  # type: ignore[no-any-return]


def columns(row: LeadRow) -> dict[str, Any]:
    return row.model_dump()


# ---- what it may ask for ----


async def test_it_creates_a_lead_and_sees_its_id(public: Api) -> None:
    answer = await create(
        public,
        uniqueEventId="e1",
        email="ada@example.com",
        formName="Offer",
        formData={"question": "When?"},
        note="Please call",
        attribution={"gclid": "g1", "clickedAt": "2026-11-23T09:00:00Z"},
        consent={"adUserData": "GRANTED"},
        device={"userAgent": "Mozilla/5.0"},
    )

    lead = await stored(public)
    assert answer == {"__typename": "CreateLeadSuccess", "created": True, "lead": {"id": str(lead.id)}}
    assert (lead.email, lead.form_name, lead.form_data) == ("ada@example.com", "Offer", {"question": "When?"})
    assert (lead.gclid, lead.google_clicked_at) == ("g1", START - timedelta(minutes=30))
    assert (lead.ad_user_data, lead.user_agent) == (ConsentState.GRANTED, "Mozilla/5.0")


@pytest.mark.parametrize(
    "document",
    [
        f"mutation {{ {ONE} {{ ... on CreateLeadSuccess {{ lead {{ id __typename }} }} __typename }} __typename }}",
        f"mutation A {{ mine: {ONE} {{ ...F }} }} fragment F on CreateLeadSuccess {{ made: created }}",
    ],
)
async def test_it_may_write_that_in_other_words(sqlite_public: Api, document: str) -> None:
    await sqlite_public.ask(document)

    assert (await stored(sqlite_public)).email == "new@example.com"


def _selecting(fields: str) -> str:
    return f"mutation {{ {ONE} {{ ... on CreateLeadSuccess {{ {fields} }} }} }}"


REFUSED = {
    "more of the lead": _selecting("lead { id email }"),
    "its status": _selecting("lead { status }"),
    "its jobs": _selecting("lead { currentJob { id } }"),
    "a fragment": _selecting("...F") + " fragment F on CreateLeadSuccess { lead { createdAt } }",
    "two at once": f"mutation {{ a: {ONE} {{ __typename }} b: {ONE} {{ __typename }} }}",
    "two in a fragment": f"mutation {{ a: {ONE} {{ __typename }} ...F }} fragment F on Mutation {{ {ONE} {{ __typename }} }}",
    "another beside it": f'mutation {{ {ONE} {{ __typename }} eraseLead(by: {{leadId: "1"}}) {{ __typename }} }}',
    "updateLead": 'mutation { updateLead(by: {leadId: "1"}, input: {note: "x"}) { __typename } }',
    "updateLeadStatus": 'mutation { updateLeadStatus(input: {lead: {leadId: "1"}, conversionId: "open"}) { __typename } }',
    "keys": 'mutation { createApiKey(input: {name: "x", scopes: [ADMIN]}) { __typename } }',
    "a lead": '{ lead(by: {leadId: "1"}) { id } }',
    "labels": "{ conversionLabels { id } }",
    "apiKeys": "{ apiKeys { id } }",
    "the schema": "{ __schema { types { name } } }",
    "a type": '{ __type(name: "Lead") { name } }',
    "nothing": "{ __typename }",
    "the schema beside it": f"mutation M {{ {ONE} {{ __typename }} }} query Q {{ __schema {{ types {{ name }} }} }}",
    "a mutation of nothing": "mutation { __typename }",
}


@pytest.mark.parametrize("document", REFUSED.values(), ids=REFUSED.keys())
async def test_it_may_ask_for_nothing_else_and_then_nothing_is_stored(
    sqlite_public: Api, document: str
) -> None:
    response = await sqlite_public.http.post(
        "/graphql",
        json={"query": document, "operationName": "Q" if "query Q" in document else None},
        headers={"x-api-key": KEY},
    )

    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert "data" not in response.json()
    assert await sqlite_public.rows(LeadRow) == []


def test_every_root_field_but_one_is_shut() -> None:
    core = build_schema(schema.as_str())
    roots = [core.query_type, core.mutation_type, core.subscription_type]
    names = [f"{root.name}.{name}" for root in roots if root for name in root.fields]

    assert [name for name in names if _is_public([name])] == ["Mutation.createLead"]


async def test_scopes_that_its_row_might_carry_open_nothing(sqlite_api: Api) -> None:
    key = await sqlite_api.world.key("both", Scope.ADMIN, kind=ApiKeyKind.PUBLIC)

    answer = await sqlite_api.run("{ conversionLabels { id } }", key=key)

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_the_plain_request_is_not_for_it(sqlite_public: Api) -> None:
    response = await sqlite_public.http.post(
        PATH, json={"leadId": 1, "conversionId": "open"}, headers={"x-api-key": KEY}
    )

    assert response.status_code == 403


async def test_it_gets_no_events(sqlite_public: Api) -> None:
    response = await sqlite_public.http.post(
        "/graphql",
        json={"query": f"mutation {{ {ONE} {{ __typename }} }}"},
        headers={"x-api-key": KEY, "accept": "text/event-stream"},
    )

    assert "FORBIDDEN" in response.text
    assert await sqlite_public.rows(LeadRow) == []


# ---- what it may say ----


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"price": 0}, ["price"]),
        ({"currency": "USD"}, ["currency"]),
        ({"uniqueIdentifier": "crm-1"}, ["uniqueIdentifier"]),
        ({"device": {"ipAddress": "192.0.2.1"}}, ["device", "ipAddress"]),
        ({"note": "x" * 2_001}, ["note"]),
        ({"formData": ["x" * 8_189]}, ["formData"]),
        ({"formData": {"x": [{}] * 3_000}}, ["formData"]),
        ({"email": "x" * 256}, ["email"]),
    ],
)
async def test_what_is_not_for_a_visitor_to_say_is_refused(
    sqlite_public: Api, given: dict[str, Any], path: list[str]
) -> None:
    answer = await create(sqlite_public, **{"email": "a@example.com"} | given)

    assert [problem["path"] for problem in answer["problems"]] == [path]
    assert await sqlite_public.rows(LeadRow) == []


async def test_what_is_just_not_too_long_is_stored(sqlite_public: Api) -> None:
    answer = await create(sqlite_public, email="a@example.com", note="x" * 2_000, formData=["é" * 8_188])

    assert answer["created"]


@pytest.mark.parametrize("given", [{"price": None, "uniqueIdentifier": " ", "device": None}])
async def test_what_is_null_or_blank_is_not_said(sqlite_public: Api, given: dict[str, Any]) -> None:
    assert (await create(sqlite_public, email="a@example.com", **given))["created"]


@pytest.mark.parametrize("there", [True, False])
async def test_a_call_that_says_nothing_of_a_person_tells_nothing_of_what_is_stored(
    sqlite_public: Api, there: bool
) -> None:
    if there:
        await sqlite_public.world.complete_lead(unique_event_id="e1", created_at=START)

    answer = await create(sqlite_public, uniqueEventId="e1", attribution={"fbp": "fb.1.1"})

    assert (answer["__typename"], [problem["path"] for problem in answer["problems"]]) == (
        "InvalidInputError",
        [[]],
    )
    assert len(await sqlite_public.rows(LeadRow)) == there


# ---- a lead that is there ----

VISIT: dict[str, Any] = {
    "uniqueEventId": "e1",
    "email": "mallory@example.com",
    "phone": "+31 20 123 4567",
    "firstName": "Mallory",
    "formName": "Other",
    "formData": {"x": 1},
    "note": "other",
    "countryCode": "DE",
    "consent": {"adUserData": "GRANTED"},
    "device": {"userAgent": "Other"},
}
CLICKS: dict[str, Any] = {
    "gclid": "g-new",
    "fbclid": "f-new",
    "fbp": "fbp-new",
    "gaClientId": "1.2",
    "landingPageUrl": "https://www.example.com/new",
    "clickedAt": "2026-11-23T09:00:00Z",
}


async def test_it_fills_empty_attribution_of_a_lead_that_is_there_and_nothing_else(public: Api) -> None:
    lead = await public.world.lead(
        unique_event_id="e1", email="ada@example.com", fbp="fbp-old", created_at=START
    )
    before = columns(lead)
    public.world.clock.advance(minutes=30)  # type: ignore[attr-defined]

    answer = await create(public, **VISIT, attribution=CLICKS)

    assert (answer["created"], answer["lead"]["id"]) == (False, str(lead.id))
    after = columns(await stored(public))
    clicked_at = START - timedelta(minutes=30)
    assert {name: value for name, value in after.items() if before[name] != value} == {
        "gclid": "g-new",
        "google_captured_at": clicked_at,
        "google_clicked_at": clicked_at,
        "fbclid": "f-new",
        "meta_captured_at": clicked_at,
        "meta_clicked_at": clicked_at,
        "ga_client_id": "1.2",
        "landing_page_url": "https://www.example.com/new",
        "updated_at": START + timedelta(minutes=30),
    }


@pytest.mark.parametrize("delay", [timedelta(minutes=30, milliseconds=1), timedelta(days=400)])
async def test_after_half_an_hour_it_changes_nothing(public: Api, delay: timedelta) -> None:
    lead = await public.world.lead(unique_event_id="e1", email="ada@example.com", created_at=START)
    before = columns(lead)
    public.world.clock.now = START + delay  # type: ignore[attr-defined]

    answer = await create(public, **VISIT, attribution=CLICKS)

    assert (answer["created"], answer["lead"]["id"]) == (False, str(lead.id))
    assert columns(await stored(public)) == before


async def test_a_group_of_click_ids_with_one_in_it_is_not_filled_up(sqlite_public: Api) -> None:
    lead = await sqlite_public.world.lead(unique_event_id="e1", gclid="g1", fbc="c1", created_at=START)
    before = columns(lead)

    await create(
        sqlite_public,
        uniqueEventId="e1",
        attribution={"gclid": "g1", "gbraid": "b", "fbclid": "f", "clickedAt": "2026-11-23T09:00:00Z"},
    )

    assert columns(await stored(sqlite_public)) == before


async def test_a_time_alone_is_not_put_to_clicks_that_are_there(sqlite_public: Api) -> None:
    lead = await sqlite_public.world.lead(unique_event_id="e1", gclid="g1", created_at=START)
    before = columns(lead)

    await create(
        sqlite_public,
        uniqueEventId="e1",
        email="a@example.com",
        attribution={"clickedAt": "2026-11-23T09:00:00Z"},
    )

    assert columns(await stored(sqlite_public)) == before


async def test_what_it_created_itself_is_filled_no_more_than_anything_else(sqlite_public: Api) -> None:
    await create(sqlite_public, uniqueEventId="e1", email="ada@example.com")

    await create(sqlite_public, uniqueEventId="e1", email="b@example.com", attribution={"gclid": "g1"})

    lead = await stored(sqlite_public)
    assert (lead.email, lead.gclid) == ("ada@example.com", "g1")


async def test_an_ordinary_key_completes_what_a_public_one_created(sqlite_public: Api) -> None:
    await create(sqlite_public, uniqueEventId="e1", email="ada@example.com")

    answer = await sqlite_public.ask(
        CREATE, {"input": {"uniqueEventId": "e1", "price": 5, "uniqueIdentifier": "crm-1"}}, key="admin-key"
    )

    assert answer["createLead"]["created"] is False
    assert (await stored(sqlite_public)).price_cents == 5
