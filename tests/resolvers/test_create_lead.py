"""createLead: what is stored, what is merged, what is refused."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.tables.leads import LeadRow
from tests.api import Api
from tests.world import START

CREATE = """
mutation ($input: CreateLeadInput!) {
  createLead(input: $input) {
    __typename
    ... on CreateLeadSuccess {
      created
      lead {
        id uniqueIdentifier status firstName lastName email phone companyName countryCode postalCode city region
        price currency formName note formData createdAt updatedAt label { name } currentJob { id }
        attribution { gclid gbraid wbraid fbclid fbc fbp metaLeadId msclkid liFatId ttclid ttp gaClientId
                      gaSessionId landingPageUrl clickedAt }
        consent { adStorage analyticsStorage adUserData adPersonalization }
      }
    }
    ... on InvalidInputError { code message problems { path message } }
  }
}
"""
EVERYTHING: dict[str, Any] = {
    "uniqueIdentifier": "crm-7",
    "firstName": "Zoë",
    "lastName": "Example",
    "email": " Zoe@Example.com",
    "phone": "020 123 4567",
    "companyName": "Example BV",
    "countryCode": "nl",
    "postalCode": "1012 AB",
    "city": "Amsterdam",
    "region": "NH",
    "price": 9_007_199_254_740_991,
    "currency": "usd",
    "formName": "Offer",
    "note": "مرحبا 😀",
    "formData": {"answers": [1, None, {"x": True}]},
    "attribution": {
        "gclid": "Cj0_KE-y",
        "fbc": "fb.1.1700000000000.IwAR0",
        "fbp": "fb.1.1700000000000.123",
        "metaLeadId": "123456789012345",
        "msclkid": "ms",
        "liFatId": "li",
        "ttclid": "tt",
        "ttp": "ttp",
        "gaClientId": "1.2",
        "gaSessionId": "3",
        "landingPageUrl": "https://www.example.com/?gclid=Cj0_KE-y",
        "clickedAt": "2026-11-22T10:00:00+01:00",
    },
    "consent": {"adStorage": "GRANTED", "adUserData": "DENIED"},
    "device": {"ipAddress": "192.0.2.1", "userAgent": "Mozilla/5.0"},
}


async def create(api: Api, **given: Any) -> dict[str, Any]:
    answer: dict[str, Any] = (await api.ask(CREATE, {"input": given}))["createLead"]
    return answer


async def test_everything_that_is_given_is_stored_and_can_be_read_back(api: Api) -> None:
    answer = await create(api, **EVERYTHING)

    lead = answer["lead"]
    assert (answer["created"], lead["status"], lead["label"], lead["currentJob"]) == (
        True,
        "OPEN",
        None,
        None,
    )
    for name in ("uniqueIdentifier", "firstName", "email", "phone", "price", "note", "formData", "city"):
        assert lead[name] == EVERYTHING[name]
    assert (lead["countryCode"], lead["currency"]) == ("NL", "USD")
    attribution = EVERYTHING["attribution"] | {"clickedAt": "2026-11-22T09:00:00.000Z"}
    assert {name: lead["attribution"][name] for name in attribution} == attribution
    assert lead["consent"] == {
        "adStorage": "GRANTED",
        "analyticsStorage": None,
        "adUserData": "DENIED",
        "adPersonalization": None,
    }
    (row,) = await api.rows(LeadRow)
    assert (row.email_key, row.phone_e164) == ("zoe@example.com", "+31201234567")
    assert (row.ip_address, row.user_agent) == ("192.0.2.1", "Mozilla/5.0")
    assert row.google_clicked_at == row.google_captured_at == START - timedelta(days=1, minutes=30)


async def test_without_a_submission_id_every_call_creates_a_lead(api: Api) -> None:
    first = await create(api, email="a@example.com")
    second = await create(api, email="a@example.com")

    assert (first["created"], second["created"]) == (True, True)
    assert first["lead"]["id"] != second["lead"]["id"]


async def test_the_same_submission_again_completes_the_lead_and_keeps_what_is_not_given(api: Api) -> None:
    first = await create(api, uniqueEventId="e1", email="a@example.com", firstName="Ada", price=5)
    api.world.clock.advance(minutes=1)

    second = await create(api, uniqueEventId="e1", email=None, firstName=" ", lastName="Example", price=6)

    lead = second["lead"]
    assert (second["created"], lead["id"]) == (False, first["lead"]["id"])
    assert (lead["email"], lead["firstName"], lead["lastName"], lead["price"]) == (
        "a@example.com",
        "Ada",
        "Example",
        6,
    )
    assert lead["createdAt"] < lead["updatedAt"]


async def test_simultaneous_calls_for_one_submission_create_one_lead(api: Api) -> None:
    answers = await asyncio.gather(
        *(create(api, uniqueEventId="e1", email=f"{number}@example.com") for number in range(20))
    )

    assert [answer["created"] for answer in answers].count(True) == 1
    assert len(await api.rows(LeadRow)) == 1


async def test_a_submission_id_of_another_project_is_another_submission(api: Api) -> None:
    from_one = await api.world.lead(unique_event_id="e1")
    await api.world.begin("Another project")
    await api.world.lead(unique_event_id="e1")

    answer = await create(api, uniqueEventId="e1", firstName="Ada")

    assert (answer["created"], answer["lead"]["id"]) == (False, str(from_one.id))


async def test_a_lead_has_the_projects_currency_unless_it_has_its_own(api: Api) -> None:
    assert (await create(api, email="a@example.com"))["lead"]["currency"] == "EUR"
    assert (await create(api, email="a@example.com", currency="JPY"))["lead"]["currency"] == "JPY"


async def test_another_click_replaces_the_whole_group_with_its_own_time(api: Api) -> None:
    given = {"gclid": "g1", "gbraid": "b1", "msclkid": "m1", "clickedAt": "2026-11-20T00:00:00Z"}
    await create(api, uniqueEventId="e1", attribution=given)
    api.world.clock.advance(hours=1)

    await create(api, uniqueEventId="e1", attribution={"wbraid": "w2"})

    (row,) = await api.rows(LeadRow)
    assert (row.gclid, row.gbraid, row.wbraid) == (None, None, "w2")
    assert (row.google_captured_at, row.google_clicked_at) == (START + timedelta(hours=1), None)
    assert (row.msclkid, row.microsoft_clicked_at) == ("m1", START - timedelta(days=3, hours=9, minutes=30))


async def test_the_same_click_with_another_time_takes_the_time_that_is_given(api: Api) -> None:
    await create(api, uniqueEventId="e1", attribution={"gclid": "g1", "clickedAt": "2026-11-20T00:00:00Z"})

    answer = await create(
        api, uniqueEventId="e1", attribution={"gclid": "g1", "clickedAt": "2026-11-21T00:00:00Z"}
    )

    assert answer["lead"]["attribution"]["clickedAt"] == "2026-11-21T00:00:00.000Z"
    (row,) = await api.rows(LeadRow)
    assert row.google_clicked_at == row.google_captured_at == START - timedelta(days=2, hours=9, minutes=30)


async def test_a_time_without_a_click_id_replaces_none_that_is_known(api: Api) -> None:
    known = {"gclid": "g1", "clickedAt": "2026-11-20T00:00:00Z"}
    await create(api, uniqueEventId="e1", attribution=known)
    await create(api, uniqueEventId="e1", attribution={"fbclid": "f1"})

    await create(api, uniqueEventId="e1", attribution={"clickedAt": "2026-11-21T00:00:00Z"})

    (row,) = await api.rows(LeadRow)
    assert row.google_clicked_at == START - timedelta(days=3, hours=9, minutes=30)
    assert row.meta_clicked_at == START - timedelta(days=2, hours=9, minutes=30)


async def test_the_same_click_again_keeps_its_first_time_and_may_be_completed(api: Api) -> None:
    await create(api, uniqueEventId="e1", attribution={"fbclid": "f1"})
    api.world.clock.advance(hours=1)

    await create(api, uniqueEventId="e1", attribution={"fbclid": "f1", "fbc": "fb.1.5.f1"})

    (row,) = await api.rows(LeadRow)
    assert (row.fbclid, row.fbc, row.meta_captured_at) == ("f1", "fb.1.5.f1", START)


@pytest.mark.parametrize("ids", [{}, {"gclid": "g1"}])
async def test_a_click_time_that_comes_later_is_learnt_for_the_clicks_it_can_mean(
    api: Api, ids: dict[str, str]
) -> None:
    await create(api, uniqueEventId="e1", attribution={"gclid": "g1"})

    await create(
        api,
        uniqueEventId="e1",
        email="a@example.com",
        attribution=ids | {"clickedAt": "2026-11-20T00:00:00Z"},
    )

    (row,) = await api.rows(LeadRow)
    assert row.google_clicked_at == row.google_captured_at == START - timedelta(days=3, hours=9, minutes=30)


async def test_the_time_of_one_click_is_not_given_to_another(api: Api) -> None:
    await create(api, uniqueEventId="e1", attribution={"fbclid": "f1"})

    await create(api, uniqueEventId="e1", attribution={"gclid": "g1", "clickedAt": "2026-11-20T00:00:00Z"})

    (row,) = await api.rows(LeadRow)
    assert (row.meta_clicked_at, row.meta_captured_at) == (None, START)


@pytest.mark.parametrize("click_id", [" padded ", "MiXeD", "ümlaut", "%20"])
async def test_click_ids_are_stored_exactly_as_given(api: Api, click_id: str) -> None:
    answer = await create(api, attribution={"gclid": click_id})

    assert answer["lead"]["attribution"]["gclid"] == click_id


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"note": "hello", "city": "Amsterdam"},
        {"uniqueEventId": "e1"},
        {"email": " ", "phone": ""},
        {"attribution": {"fbp": "fb.1.2.3", "gaClientId": "1.2"}},
        {"attribution": None, "consent": None, "device": None},
    ],
)
async def test_a_lead_that_could_never_be_found_again_is_refused(api: Api, given: dict[str, Any]) -> None:
    answer = await create(api, **given)

    assert (answer["__typename"], answer["code"]) == ("InvalidInputError", "INVALID_INPUT")
    assert await api.rows(LeadRow) == []


@pytest.mark.parametrize(
    "given",
    [
        {"consent": {"adUserData": "DENIED"}},
        {"attribution": {"clickedAt": "2026-11-20T00:00:00Z"}},
        {"note": "called back"},
        {},
    ],
    ids=str,
)
async def test_a_known_submission_may_bring_anything_and_a_new_one_what_finds_it(
    api: Api, given: dict[str, Any]
) -> None:
    await create(api, uniqueEventId="known", email="a@example.com", attribution={"gclid": "g1"})

    known = await create(api, uniqueEventId="known", **given)
    new = await create(api, uniqueEventId="new", **given)

    assert (known["created"], new["__typename"]) == (False, "InvalidInputError")
    (row,) = await api.rows(LeadRow)
    if "consent" in given:
        assert row.ad_user_data == "DENIED"
    if "attribution" in given:
        assert row.google_clicked_at == START - timedelta(days=3, hours=9, minutes=30)


@pytest.mark.parametrize("literal", ["1e400", "{a: [-1e999]}", "1" * 5_000, "[" * 65 + "]" * 65])
async def test_form_data_that_no_database_could_keep_is_refused_in_a_document_too(
    api: Api, literal: str
) -> None:
    document = f"""
    mutation {{
      createLead(input: {{email: "a@example.com", formData: {literal}}}) {{
        ... on InvalidInputError {{ problems {{ path }} }}
      }}
    }}
    """

    assert await api.ask(document) == {"createLead": {"problems": [{"path": ["formData"]}]}}
    assert await api.rows(LeadRow) == []


async def post_nested(api: Api, levels: int) -> httpx.Response:
    deep = "[" * levels + "]" * levels
    body = '{"query": %s, "variables": {"input": {"email": "a@example.com", "formData": %s}}}'
    return await api.post(body % (json.dumps(CREATE), deep))


@pytest.mark.parametrize("levels", [65, 500])
async def test_form_data_may_not_be_deep(api: Api, levels: int) -> None:
    response = await post_nested(api, levels)

    assert response.json()["data"]["createLead"]["problems"][0]["path"] == ["formData"]
    assert await api.rows(LeadRow) == []


@pytest.mark.parametrize("levels", [850, 900, 925, 950, 975, 1_000])
async def test_form_data_on_the_brink_of_what_can_be_parsed_is_no_server_error(api: Api, levels: int) -> None:
    response = await post_nested(api, levels)

    # From some depth on, which the interpreter's stack decides, the body is not even JSON to us.
    assert response.status_code in {200, 400}
    assert "INTERNAL_SERVER_ERROR" not in response.text
    assert await api.rows(LeadRow) == []


async def test_form_data_of_the_greatest_depth_can_be_stored_and_read_back(api: Api) -> None:
    deep: Any = "core"
    for _ in range(64):
        deep = [deep]

    answer = await create(api, email="a@example.com", formData=deep)

    assert answer["lead"]["formData"] == deep


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"countryCode": "XX"}, ["countryCode"]),
        ({"countryCode": "Netherlands"}, ["countryCode"]),
        ({"currency": "EURO"}, ["currency"]),
        ({"currency": "€€€"}, ["currency"]),
        ({"firstName": "x" * 256}, ["firstName"]),
        ({"note": "x" * 10_001}, ["note"]),
        ({"attribution": {"gclid": "x" * 2_049}}, ["attribution", "gclid"]),
        ({"attribution": {"clickedAt": "2026-11-23T09:35:01Z"}}, ["attribution", "clickedAt"]),
        ({"device": {"userAgent": "a\x00"}}, ["device", "userAgent"]),
        ({"formData": {"a": ["\x00"]}}, ["formData"]),
        ({"formData": {"\x00": 1}}, ["formData"]),
        ({"note": "\x00"}, ["note"]),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_a_value_that_cannot_be_stored_is_refused_with_its_path(
    api: Api, given: dict[str, Any], path: list[str]
) -> None:
    answer = await create(api, email="a@example.com", **given)

    assert [problem["path"] for problem in answer["problems"]] == [path]
    assert await api.rows(LeadRow) == []


async def test_lead_ids_are_never_given_twice(api: Api) -> None:
    first = await create(api, email="a@example.com")
    await api.world.database.write(
        lambda session: session.delete(session.get(LeadRow, int(first["lead"]["id"])))
    )

    second = await create(api, email="a@example.com")

    assert int(second["lead"]["id"]) > int(first["lead"]["id"])
