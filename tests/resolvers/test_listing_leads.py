"""Leads are listed: filters, search and orders."""

from typing import Any

import pytest

from app.values import LeadOrderField
from tests.api import Api
from tests.resolvers.lists import LEADS, names, people, refusal


async def test_the_newest_lead_comes_first(api: Api) -> None:
    await people(api)

    assert await names(api) == ["d", "c_100%", "b", "a"]


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ({}, "abcd"),
        ({"status": ["RATED", "LOST"]}, "ab"),
        ({"status": ["PENDING"]}, ""),
        ({"status": []}, ""),
        ({"formName": "contact"}, "a"),
        ({"uniqueIdentifier": "b"}, "b"),
        ({"email": " ada@EXAMPLE.com "}, "a"),
        ({"phone": "+31 20 1234567"}, "b"),
        ({"phone": "020-1234567"}, "b"),
        ({"phone": "12"}, ""),
        ({"createdFrom": "2026-11-23T07:30:00Z"}, "cd"),
        ({"createdTo": "2026-11-23T07:30:00Z"}, "ab"),
        ({"createdFrom": "2026-11-23T06:30:00Z", "createdTo": "2026-11-23T08:30:00Z"}, "bc"),
        ({"hasGclid": True}, "a"),
        ({"hasGclid": False}, "bcd"),
        ({"hasFbc": True}, "b"),
        ({"hasFbp": True}, "c"),
        ({"hasGaClientId": True}, "d"),
        ({"hasGaClientId": False, "status": ["OPEN"]}, "c"),
        ({"labelId": "nonsense"}, ""),
        ({"labelId": "01900000-0000-7000-8000-000000000000"}, ""),
        ({"status": None, "search": None, "email": None, "hasGclid": None}, "abcd"),
    ],
)
async def test_each_filter_leaves_what_it_names(api: Api, which: dict[str, Any], expected: str) -> None:
    await people(api)

    found = await names(api, filter=which)

    assert "".join(sorted(name[0] for name in found)) == expected


async def test_leads_are_found_by_their_label(api: Api) -> None:
    await people(api)
    label = (await api.lead_row(1)).label_id

    assert await names(api, filter={"labelId": str(label)}) == ["a"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ada", "a"),
        ("ADA EXA", "a"),
        ("  ada   example ", "a"),
        ("@example.", "ad"),
        ("özgür", "b"),
        ("ÖZGÜR", "b"),
        ("Ümit", "b"),
        ("1234567", "b"),
        ("020 123", "b"),
        ("+31 20", "b"),
        ("c_1", "c"),
        ("100%", "c"),
        ("%", "c"),
        ("_", "c"),
        ("\\", ""),
        ("'", ""),
        ("nobody", ""),
        ("", "abcd"),
        ("   ", "abcd"),
        ("3", "bc"),
    ],
)
async def test_search_finds_parts_of_names_addresses_numbers_and_identifiers(
    api: Api, text: str, expected: str
) -> None:
    await people(api)

    found = await names(api, filter={"search": text})

    # "3" is the third lead's id, and a digit of a number.
    assert "".join(sorted(name[0] for name in found if text != "3" or name[0] in "bc")) == expected


@pytest.mark.parametrize(
    ("field", "ascending"),
    [
        ("CREATED_AT", "abcd"),
        ("UPDATED_AT", "abcd"),
        ("FIRST_NAME", "adbc"),
        ("LAST_NAME", "acbd"),
        ("EMAIL", "adbc"),
        ("PRICE", "bdac"),
        ("STATUS", "bcda"),
    ],
)
async def test_each_order_has_its_nulls_last_either_way(api: Api, field: str, ascending: str) -> None:
    await people(api)
    nulls = {"FIRST_NAME": "c", "LAST_NAME": "d", "EMAIL": "bc", "PRICE": "c"}.get(field, "")
    known = [name for name in ascending if name not in nulls]
    if field == "LAST_NAME":
        # Where Ü stands is the database's to say.
        known = [name for name in known if name != "b"]

    up = [name[0] for name in await names(api, orderBy={"field": field, "direction": "ASC"})]
    down = [name[0] for name in await names(api, orderBy={"field": field, "direction": "DESC"})]

    assert [name for name in up if name in known] == known
    assert [name for name in down if name in known] == known[::-1]
    assert set(up[4 - len(nulls) :]) == set(down[4 - len(nulls) :]) == set(nulls)


def test_every_order_there_is_is_tried() -> None:
    assert {field.value for field in LeadOrderField} == {
        "CREATED_AT",
        "UPDATED_AT",
        "FIRST_NAME",
        "LAST_NAME",
        "EMAIL",
        "PRICE",
        "STATUS",
    }


@pytest.mark.parametrize(
    "which",
    [{"email": " "}, {"formName": ""}, {"phone": ""}, {"uniqueIdentifier": "x\x00"}, {"search": "x" * 256}],
)
async def test_a_filter_that_can_mean_nothing_is_refused(sqlite_api: Api, which: dict[str, Any]) -> None:
    code, message = await refusal(sqlite_api, LEADS, filter=which)

    assert code == "BAD_USER_INPUT"
    assert message.startswith("filter.")
