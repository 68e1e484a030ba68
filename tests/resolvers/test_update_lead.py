"""updateLead: what replaces, what stays, what null clears, what is refused."""

from datetime import timedelta
from typing import Any

import pytest

from app.tables.leads import LeadRow
from app.values import ConsentState, Scope
from tests.api import Api
from tests.resolvers.test_create_lead import EVERYTHING
from tests.world import START

UPDATE_LEAD = """
mutation ($by: LeadIdentifierInput!, $input: UpdateLeadInput!) {
  updateLead(by: $by, input: $input) {
    __typename
    ... on UpdateLeadSuccess { lead { id email price currency updatedAt attribution { gclid clickedAt } } }
    ... on LeadNotFoundError { identifiedBy }
    ... on InvalidInputError { problems { path message } }
    ... on UserError { code message }
  }
}
"""
WRITTEN = 'mutation { updateLead(by: {leadId: "%s"}, input: {email: "new@example.com"}) { %s } }'
CLICKED_AT = "2026-11-20T00:00:00Z"
CLICKED = START - timedelta(days=3, hours=9, minutes=30)


async def change(api: Api, by: dict[str, Any], **given: Any) -> dict[str, Any]:
    answer: dict[str, Any] = (await api.ask(UPDATE_LEAD, {"by": by, "input": given}))["updateLead"]
    return answer


async def only_lead(api: Api) -> LeadRow:
    (row,) = await api.rows(LeadRow)
    assert isinstance(row, LeadRow)
    return row


async def test_what_is_given_replaces_and_what_is_left_out_stays(api: Api) -> None:
    lead = await api.world.complete_lead(email="old@example.com", price_cents=5)
    api.world.clock.advance(minutes=1)

    answer = await change(api, {"leadId": str(lead.id)}, email=" New@Example.com", price=6)

    assert answer["__typename"] == "UpdateLeadSuccess"
    assert (answer["lead"]["id"], answer["lead"]["email"], answer["lead"]["price"]) == (
        str(lead.id),
        " New@Example.com",
        6,
    )
    assert answer["lead"]["updatedAt"] == "2026-11-23T09:31:00.000Z"
    row = await only_lead(api)
    assert (row.email_key, row.first_name, row.gclid, row.google_clicked_at) == (
        "new@example.com",
        lead.first_name,
        lead.gclid,
        lead.google_clicked_at,
    )


async def test_everything_that_can_be_given_is_stored(api: Api) -> None:
    lead = await api.world.lead(email="old@example.com")

    await change(api, {"leadId": str(lead.id)}, **EVERYTHING)

    row = await only_lead(api)
    assert (row.unique_identifier, row.phone_e164, row.country_code, row.currency) == (
        "crm-7",
        "+31201234567",
        "NL",
        "USD",
    )
    assert (row.ip_address, row.ad_user_data, row.form_data) == (
        "192.0.2.1",
        ConsentState.DENIED,
        EVERYTHING["formData"],
    )
    assert row.google_clicked_at == row.google_captured_at == START - timedelta(days=1, minutes=30)


async def test_null_clears_and_blank_text_does_not(api: Api) -> None:
    lead = await api.world.complete_lead(price_cents=5, note="called", form_data={"a": 1})

    await change(
        api,
        {"leadId": str(lead.id)},
        email=None,
        phone=None,
        price=None,
        note=None,
        formData=None,
        firstName=" ",
        device={"userAgent": None},
        consent={"adStorage": None},
        attribution={"fbclid": None},
    )

    row = await only_lead(api)
    cleared = ("email", "email_key", "phone", "phone_e164", "price_cents", "note", "form_data", "user_agent")
    assert {getattr(row, name) for name in (*cleared, "ad_storage", "fbclid", "meta_captured_at")} == {None}
    assert (row.first_name, row.last_name) == (lead.first_name, lead.last_name)
    assert (row.ad_user_data, row.gclid) == (ConsentState.GRANTED, lead.gclid)


async def test_null_for_a_group_clears_all_of_it(api: Api) -> None:
    lead = await api.world.complete_lead(fbp="fb.1.2.3", ip_address="192.0.2.1")

    await change(api, {"leadId": str(lead.id)}, attribution=None, consent=None, device=None)

    row = await only_lead(api)
    left = {name for name, value in row.model_dump().items() if value is not None}
    assert left == {
        *("id", "project_id", "status", "currency", "created_at", "updated_at", "unique_identifier"),
        *("first_name", "last_name", "email", "email_key", "phone", "phone_e164", "country_code"),
        "postal_code",
    }


async def test_a_cleared_currency_is_the_project_s(api: Api) -> None:
    lead = await api.world.lead(email="a@example.com", currency="USD")

    answer = await change(api, {"leadId": str(lead.id)}, currency=None)

    assert answer["lead"]["currency"] == "EUR"


async def test_a_phone_is_read_anew_when_only_the_country_changes(api: Api) -> None:
    lead = await api.world.lead(phone="020 123 4567", country_code="NL")

    await change(api, {"leadId": str(lead.id)}, countryCode="GB")

    assert (await only_lead(api)).phone_e164 == "+44201234567"


async def test_another_click_replaces_its_whole_group_and_no_other(api: Api) -> None:
    lead = await api.world.lead(gclid="g1", gbraid="b1", msclkid="m1", clicked_at=CLICKED)
    api.world.clock.advance(hours=1)

    await change(api, {"leadId": str(lead.id)}, attribution={"wbraid": "w2"})

    row = await only_lead(api)
    assert (row.gclid, row.gbraid, row.wbraid, row.msclkid) == (None, None, "w2", "m1")
    assert (row.google_captured_at, row.google_clicked_at) == (START + timedelta(hours=1), None)
    assert row.microsoft_clicked_at == CLICKED


async def test_one_of_two_ids_of_a_click_can_be_cleared_and_the_other_keeps_the_time(api: Api) -> None:
    lead = await api.world.lead(gclid="g1", gbraid="b1", clicked_at=CLICKED)

    await change(api, {"leadId": str(lead.id)}, attribution={"gclid": "g1", "gbraid": None})

    row = await only_lead(api)
    assert (row.gclid, row.gbraid, row.google_clicked_at) == ("g1", None, CLICKED)


async def test_a_click_time_that_is_cleared_is_no_click_s_any_more(api: Api) -> None:
    lead = await api.world.lead(gclid="g1", fbclid="f1", clicked_at=CLICKED)

    await change(api, {"leadId": str(lead.id)}, attribution={"clickedAt": None})

    row = await only_lead(api)
    assert (row.google_clicked_at, row.meta_clicked_at) == (None, None)
    assert row.google_captured_at == row.meta_captured_at == lead.created_at


async def test_a_click_time_that_is_cleared_with_a_click_id_is_that_click_s(api: Api) -> None:
    lead = await api.world.lead(gclid="g1", fbclid="f1", clicked_at=CLICKED)

    await change(api, {"leadId": str(lead.id)}, attribution={"gclid": "g1", "clickedAt": None})

    row = await only_lead(api)
    assert (row.google_clicked_at, row.meta_clicked_at) == (None, CLICKED)


async def test_of_several_leads_the_most_recent_one_is_changed(api: Api) -> None:
    older = await api.world.lead(email="a@example.com")
    newer = await api.world.lead(email="a@example.com")

    answer = await change(api, {"email": "A@example.com "}, city="Utrecht")

    assert answer["lead"]["id"] == str(newer.id)
    assert (await api.lead_row(older.id)).city is None


async def test_an_unknown_lead_is_said_with_the_identifier_that_was_used(api: Api) -> None:
    await api.world.lead(email="a@example.com")

    answer = await change(api, {"uniqueIdentifier": "crm-9", "email": "a@example.com"}, city="Utrecht")

    assert (answer["__typename"], answer["code"], answer["identifiedBy"]) == (
        "LeadNotFoundError",
        "LEAD_NOT_FOUND",
        "UNIQUE_IDENTIFIER",
    )
    assert (await only_lead(api)).city is None


async def test_a_lead_of_another_project_is_unknown(api: Api) -> None:
    lead = await api.world.lead(email="a@example.com")
    await api.world.begin("Another project")
    api.key = await api.world.key("other-key", Scope.ADMIN)

    answer = await change(api, {"leadId": str(lead.id)}, city="Utrecht")

    assert answer["__typename"] == "LeadNotFoundError"
    assert (await only_lead(api)).city is None


async def test_a_lead_that_could_never_be_found_again_is_refused_and_stays_as_it_was(api: Api) -> None:
    lead = await api.world.lead(email="a@example.com", city="Utrecht")

    answer = await change(api, {"leadId": str(lead.id)}, email=None, city=None)

    assert (answer["__typename"], answer["problems"][0]["path"]) == ("InvalidInputError", [])
    row = await only_lead(api)
    assert (row.email, row.city) == ("a@example.com", "Utrecht")


@pytest.mark.parametrize(
    ("by", "given", "paths"),
    [
        ({}, {}, [["lead"]]),
        ({"email": " "}, {}, [["lead", "email"]]),
        ({}, {"countryCode": "XX"}, [["lead"], ["countryCode"]]),
        ({"leadId": "1"}, {"attribution": {"gclid": "x" * 2_049}}, [["attribution", "gclid"]]),
        (
            {"leadId": "1"},
            {"attribution": {"clickedAt": "2026-11-23T09:35:01Z"}},
            [["attribution", "clickedAt"]],
        ),
        ({"leadId": "1"}, {"device": {"userAgent": "\x00"}, "currency": "EURO"}, None),
        ({"leadId": "1"}, {"formData": {"\x00": 1}}, [["formData"]]),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_what_cannot_be_stored_is_refused_with_every_path(
    sqlite_api: Api, by: dict[str, Any], given: dict[str, Any], paths: list[list[str]] | None
) -> None:
    answer = await change(sqlite_api, by, **given)

    found = [problem["path"] for problem in answer["problems"]]
    assert answer["__typename"] == "InvalidInputError"
    assert found == paths if paths else sorted(found) == [["currency"], ["device", "userAgent"]]


async def test_a_status_key_may_not_change_what_is_known_of_a_lead(sqlite_api: Api) -> None:
    lead = await sqlite_api.world.lead(email="a@example.com")
    sqlite_api.key = await sqlite_api.world.key("status", Scope.STATUS_WRITE, Scope.LEADS_READ)

    answer = await sqlite_api.run(WRITTEN % (lead.id, "__typename"))

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await only_lead(sqlite_api)).email == "a@example.com"


@pytest.mark.parametrize(("field", "allowed"), [("id", True), ("email", False), ("status", False)])
async def test_leads_write_alone_sees_the_id_of_what_it_changed_and_nothing_else(
    sqlite_api: Api, field: str, allowed: bool
) -> None:
    lead = await sqlite_api.world.lead(email="a@example.com")
    sqlite_api.key = await sqlite_api.world.key("writer", Scope.LEADS_WRITE)

    answer = await sqlite_api.run(WRITTEN % (lead.id, f"... on UpdateLeadSuccess {{ lead {{ {field} }} }}"))

    assert ("errors" not in answer) == allowed
    assert (await only_lead(sqlite_api)).email == ("new@example.com" if allowed else "a@example.com")
