"""Which lead a status change means."""

import pytest

from tests.api import Api

LEAD = """
query ($by: LeadIdentifierInput!) { lead(by: $by) { id } }
"""


async def test_only_the_highest_priority_identifier_is_used(api: Api) -> None:
    first = await api.world.lead(unique_identifier="crm-1", email="one@example.com", phone="+44 7700 900111")
    second = await api.world.lead(unique_identifier="crm-2", email="two@example.com", phone="+44 7700 900222")
    given = {
        "leadId": str(first.id),
        "uniqueIdentifier": "crm-2",
        "email": "two@example.com",
        "phone": "+447700900222",
    }

    found = []
    for name in ("leadId", "uniqueIdentifier", "email", "phone"):
        answer = await api.update(given, "open")
        found.append((answer["leadId"], answer["identifiedBy"]))
        given.pop(name)

    assert found == [
        (str(first.id), "LEAD_ID"),
        (str(second.id), "UNIQUE_IDENTIFIER"),
        (str(second.id), "EMAIL"),
        (str(second.id), "PHONE"),
    ]


async def test_a_lower_identifier_is_ignored_even_when_the_highest_finds_nothing(api: Api) -> None:
    await api.world.lead(email="one@example.com")

    answer = await api.update({"uniqueIdentifier": "nobody", "email": "one@example.com"}, "open")

    assert (answer["__typename"], answer["identifiedBy"]) == ("LeadNotFoundError", "UNIQUE_IDENTIFIER")


async def test_null_means_not_given(api: Api) -> None:
    lead = await api.world.lead(email="one@example.com")

    answer = await api.update({"leadId": None, "uniqueIdentifier": None, "email": "one@example.com"}, "open")

    assert (answer["leadId"], answer["identifiedBy"]) == (str(lead.id), "EMAIL")


@pytest.mark.parametrize("email", ["One@Example.COM", "  one@example.com\t"])
async def test_an_email_is_compared_trimmed_and_lower_cased(api: Api, email: str) -> None:
    lead = await api.world.lead(email="oNe@example.com")

    assert (await api.update({"email": email}, "open"))["leadId"] == str(lead.id)


@pytest.mark.parametrize("phone", ["+31 20 123 4567", "020-1234567", "0031201234567", "+31 (0)20 1234567"])
async def test_a_phone_is_compared_as_e164_with_the_projects_country(api: Api, phone: str) -> None:
    lead = await api.world.lead(phone="(020) 123 45 67")

    assert (await api.update({"phone": phone}, "open"))["leadId"] == str(lead.id)


@pytest.mark.parametrize("name", ["uniqueIdentifier", "email", "phone"])
async def test_of_several_leads_the_most_recently_created_is_meant(api: Api, name: str) -> None:
    values = {"unique_identifier": "crm-1", "email": "one@example.com", "phone": "+44 7700 900111"}
    given = {"uniqueIdentifier": "crm-1", "email": "one@example.com", "phone": "+44 7700 900111"}
    await api.world.lead(**values)
    newest = await api.world.lead(**values)

    assert (await api.update({name: given[name]}, "open"))["leadId"] == str(newest.id)


@pytest.mark.parametrize(
    "lead_id", ["0", "-1", "abc", "01", "1.0", "9223372036854775808", "9" * 500, "１", "1 "]
)
async def test_what_is_no_lead_id_finds_no_lead(api: Api, lead_id: str) -> None:
    await api.world.lead(email="one@example.com")

    answer = await api.update({"leadId": lead_id}, "open")

    assert (answer["__typename"], answer["identifiedBy"]) == ("LeadNotFoundError", "LEAD_ID")


@pytest.mark.parametrize("name", ["leadId", "uniqueIdentifier", "email", "phone"])
@pytest.mark.parametrize("blank", ["", "   ", "\t\n", "\u00a0"])
async def test_a_blank_identifier_is_invalid_input(api: Api, name: str, blank: str) -> None:
    answer = await api.update({name: blank}, "open")

    assert answer["__typename"] == "InvalidInputError"
    assert answer["problems"][0]["path"] == ["lead", name]


async def test_no_identifier_at_all_is_invalid_input_at_the_lead(api: Api) -> None:
    answer = await api.update({}, "open")

    assert answer["__typename"] == "InvalidInputError"
    assert [problem["path"] for problem in answer["problems"]] == [["lead"]]


async def test_the_query_finds_the_same_lead_and_null_when_there_is_none(api: Api) -> None:
    lead = await api.world.lead(email="one@example.com")

    assert await api.ask(LEAD, {"by": {"email": "ONE@example.com"}}) == {"lead": {"id": str(lead.id)}}
    assert await api.ask(LEAD, {"by": {"leadId": "999999"}}) == {"lead": None}


async def test_the_query_without_an_identifier_is_bad_user_input(api: Api) -> None:
    answer = await api.run(LEAD, {"by": {}})

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert answer["data"] == {"lead": None}
