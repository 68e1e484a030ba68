"""Pages of lists, and the cursors they begin and end with."""

from typing import Any

import pytest

from app.tables.jobs import DeliveryRow
from tests.api import Api
from tests.resolvers.lists import DELIVERIES, JOBS, LEADS, deliveries, listed, people, refusal


async def test_pages_follow_one_another_both_ways(api: Api) -> None:
    await people(api)

    first = await listed(api, first=3)
    second = await listed(api, first=3, after=first["pageInfo"]["endCursor"])
    back = await listed(api, last=2, before=second["pageInfo"]["startCursor"])

    def ids(page: Any) -> list[str]:
        return [edge["node"]["uniqueIdentifier"][0] for edge in page["edges"]]

    assert (ids(first), ids(second), ids(back)) == (["d", "c", "b"], ["a"], ["c", "b"])
    assert first["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": first["edges"][0]["cursor"],
        "endCursor": first["edges"][-1]["cursor"],
    }
    assert (second["pageInfo"]["hasNextPage"], second["pageInfo"]["hasPreviousPage"]) == (False, True)
    assert (back["pageInfo"]["hasNextPage"], back["pageInfo"]["hasPreviousPage"]) == (True, True)
    assert first["totalCount"] == second["totalCount"] == 4


async def test_an_empty_list_is_a_page(api: Api) -> None:
    page = await listed(api)

    assert (page["edges"], page["totalCount"]) == ([], 0)
    assert page["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": None,
        "endCursor": None,
    }


@pytest.mark.parametrize(
    "asked",
    [
        {"first": 0},
        {"first": 101},
        {"first": -1},
        {"last": 0},
        {"last": 1000},
        {"first": 5, "last": 5},
        {"first": 5, "before": "x"},
        {"after": "nonsense"},
        {"after": ""},
        {"before": "AAAA"},
    ],
)
@pytest.mark.parametrize("query", [LEADS, DELIVERIES, JOBS], ids=["leads", "deliveries", "jobs"])
async def test_what_is_no_page_is_refused(sqlite_api: Api, query: str, asked: dict[str, Any]) -> None:
    lead = await sqlite_api.world.complete_lead()

    code, _ = await refusal(sqlite_api, query, **asked, by={"leadId": str(lead.id)})

    assert code == "BAD_USER_INPUT"


async def test_a_cursor_belongs_to_one_list_in_one_order(sqlite_api: Api) -> None:
    await people(sqlite_api)
    cursor = (await listed(sqlite_api))["pageInfo"]["endCursor"]

    for query, asked in (
        (LEADS, {"orderBy": {"field": "PRICE", "direction": "DESC"}}),
        (LEADS, {"orderBy": {"field": "CREATED_AT", "direction": "ASC"}}),
        (DELIVERIES, {}),
        (JOBS, {"by": {"uniqueIdentifier": "a"}}),
    ):
        code, message = await refusal(sqlite_api, query, after=cursor, **asked)
        assert (code, message) == ("BAD_USER_INPUT", "after: is not a cursor of this list in this order")
    same = {"orderBy": {"field": "CREATED_AT", "direction": "DESC"}, "filter": {"status": ["OPEN"]}}
    assert (await listed(sqlite_api, after=cursor, **same))["edges"] == []


async def test_a_page_of_deliveries_goes_on_where_the_last_one_ended(api: Api) -> None:
    await deliveries(api)

    first = (await api.ask(DELIVERIES, {"first": 2}))["deliveries"]
    rest = (await api.ask(DELIVERIES, {"first": 2, "after": first["pageInfo"]["endCursor"]}))["deliveries"]

    shown = [edge["node"]["id"] for edge in (*first["edges"], *rest["edges"])]
    rows = sorted(await api.rows(DeliveryRow), key=lambda row: (row.created_at, row.id), reverse=True)
    assert shown == [str(row.id) for row in rows]
