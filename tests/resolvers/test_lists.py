"""Lists of leads, of a lead's jobs and of deliveries: filters, orders, pages and what they add up to."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from app.services.progress import settle_jobs
from app.tables.jobs import DeliveryRow, JobRow
from app.tables.leads import LeadRow
from app.values import DeliveryState, LeadOrderField, LeadStatus, Platform, Scope
from tests.api import Api, process
from tests.world import START

LEADS = """
query ($first: Int, $after: String, $last: Int, $before: String, $filter: LeadFilter, $orderBy: LeadOrder) {
  leads(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
    edges { cursor node { id uniqueIdentifier } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}
"""
DELIVERIES = """
query ($first: Int, $after: String, $last: Int, $before: String, $filter: DeliveryFilter) {
  deliveries(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    edges { cursor node { id state platform errorCode } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
    totals { state count }
    oldestDueAt
    oldestDueAgeS
  }
}
"""
JOBS = """
query ($by: LeadIdentifierInput!, $first: Int, $after: String, $last: Int, $before: String) {
  lead(by: $by) {
    jobs(first: $first, after: $after, last: $last, before: $before) {
      edges { cursor node { id } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}
"""


async def listed(api: Api, **asked: Any) -> Any:
    return (await api.ask(LEADS, asked))["leads"]


async def names(api: Api, **asked: Any) -> list[str]:
    """The identifiers of the leads that are listed."""
    page = await listed(api, **asked)
    assert page["totalCount"] == len(page["edges"])
    return [edge["node"]["uniqueIdentifier"] for edge in page["edges"]]


async def refusal(api: Api, query: str, **asked: Any) -> tuple[str, str]:
    answer = await api.run(query, asked)
    [error] = answer["errors"]
    return error["extensions"]["code"], error["message"]


async def people(api: Api) -> None:
    """Four leads, each of them different in every way."""
    label = await api.world.label()
    lead, hour = api.world.lead, timedelta(hours=1)
    await lead(
        unique_identifier="a",
        first_name="Ada",
        last_name="Example",
        email="Ada@Example.com",
        gclid="g",
        form_name="contact",
        price_cents=300,
        created_at=START - 4 * hour,
    )
    await lead(
        unique_identifier="b",
        first_name="Özgür",
        last_name="Ümit",
        phone="020 123 4567",
        fbc="fb.1.1.x",
        price_cents=100,
        created_at=START - 3 * hour,
    )
    await lead(
        unique_identifier="c_100%",
        last_name="Zed",
        fbp="fb.1.2.y",
        form_name="newsletter",
        created_at=START - 2 * hour,
    )
    await lead(
        unique_identifier="d",
        first_name="Bea",
        email="bea@example.com",
        ga_client_id="1.2",
        price_cents=200,
        created_at=START - hour,
    )

    def work(session: Session) -> None:
        rows = {row.unique_identifier: row for row in session.exec(select(LeadRow))}
        rows["a"].status, rows["a"].label_id = LeadStatus.RATED, label.id
        rows["b"].status = LeadStatus.LOST
        rows["d"].updated_at = START + hour

    await api.world.database.write(work)


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


@pytest.mark.parametrize(
    "which",
    [{"email": " "}, {"formName": ""}, {"phone": ""}, {"uniqueIdentifier": "x\x00"}, {"search": "x" * 256}],
)
async def test_a_filter_that_can_mean_nothing_is_refused(sqlite_api: Api, which: dict[str, Any]) -> None:
    code, message = await refusal(sqlite_api, LEADS, filter=which)

    assert code == "BAD_USER_INPUT"
    assert message.startswith("filter.")


async def test_lists_show_nothing_of_another_project(api: Api) -> None:
    await people(api)
    await api.world.begin("Another project")
    lead, label = await api.world.lead(unique_identifier="foreign"), await api.world.label()
    await api.world.map(label.id, await api.world.integration(Platform.META))
    api.key, own_key = await api.world.key("other-key", Scope.ADMIN), api.key
    await api.update({"leadId": str(lead.id)}, label.id)

    assert await names(api) == ["foreign"]
    foreign = (await api.ask(DELIVERIES, {}))["deliveries"]
    assert len(foreign["edges"]) == 1

    api.key = own_key
    assert len(await names(api)) == 4
    mine = (await api.ask(DELIVERIES, {"filter": {"leadId": str(lead.id)}}))["deliveries"]
    assert (mine["edges"], mine["totals"], mine["oldestDueAt"]) == ([], [], None)


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ({}, True),
        ({"filter": {"status": ["OPEN"], "uniqueIdentifier": "a", "email": "ada@example.com"}}, True),
        ({"orderBy": {"field": "PRICE", "direction": "ASC"}}, True),
        ({"filter": {"search": "a"}}, False),
        ({"filter": {"formName": "contact"}}, False),
        ({"filter": {"hasGclid": False}}, False),
        ({"filter": {"hasFbc": True}}, False),
        ({"orderBy": {"field": "EMAIL", "direction": "ASC"}}, False),
        ({"orderBy": {"field": "FIRST_NAME", "direction": "ASC"}}, False),
        ({"orderBy": {"field": "LAST_NAME", "direction": "ASC"}}, False),
    ],
)
async def test_status_write_alone_learns_nothing_of_people_from_filters_and_orders(
    sqlite_api: Api, asked: dict[str, Any], allowed: bool
) -> None:
    await people(sqlite_api)
    sqlite_api.key = await sqlite_api.world.key("scoped-key", Scope.STATUS_WRITE)

    answer = await sqlite_api.run(LEADS, asked)

    assert ("errors" not in answer) == allowed
    if not allowed:
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        sqlite_api.key = await sqlite_api.world.key("reader", Scope.LEADS_READ)
        assert "errors" not in await sqlite_api.run(LEADS, asked)


@pytest.mark.parametrize("field", ["leads", "deliveries"])
async def test_leads_write_alone_lists_nothing(sqlite_api: Api, field: str) -> None:
    sqlite_api.key = await sqlite_api.world.key("scoped-key", Scope.LEADS_WRITE)

    code, _ = await refusal(sqlite_api, f"{{ {field} {{ totalCount }} }}")

    assert code == "FORBIDDEN"


async def test_a_leads_jobs_are_listed_newest_first_both_ways(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label(convert_once=False)
    made = []
    for _ in range(3):
        made.append((await api.update({"leadId": str(lead.id)}, label.id))["job"]["id"])
        await process(api)
    by = {"leadId": str(lead.id)}

    async def page(**asked: Any) -> Any:
        return (await api.ask(JOBS, {"by": by, **asked}))["lead"]["jobs"]

    first = await page(first=2)
    second = await page(first=2, after=first["pageInfo"]["endCursor"])
    back = await page(last=1, before=second["edges"][0]["cursor"])

    def ids(shown: Any) -> list[str]:
        return [edge["node"]["id"] for edge in shown["edges"]]

    assert (ids(first), ids(second), ids(back)) == ([made[2], made[1]], [made[0]], [made[1]])
    assert first["pageInfo"]["hasNextPage"] is True
    assert second["pageInfo"]["hasNextPage"] is False
    assert back["pageInfo"]["hasPreviousPage"] is True


async def test_jobs_of_several_leads_stay_apart(api: Api) -> None:
    label, made = await api.world.label(), {}
    for name in ("x", "y", "z"):
        lead = await api.world.complete_lead(unique_identifier=name)
        made[name] = (await api.update({"leadId": str(lead.id)}, label.id))["job"]["id"]

    data = await api.ask(
        "{ leads { edges { node { uniqueIdentifier jobs(first: 1) { edges { node { id } } } } } } }"
    )

    shown = {
        edge["node"]["uniqueIdentifier"]: [job["node"]["id"] for job in edge["node"]["jobs"]["edges"]]
        for edge in data["leads"]["edges"]
    }
    assert shown == {name: [job] for name, job in made.items()}


async def deliveries(api: Api) -> list[DeliveryRow]:
    """One for each of three integrations: DELIVERED, REJECTED, SCHEDULED."""
    lead, label = await api.world.complete_lead(), await api.world.label()
    for platform in (Platform.META, Platform.GA4, Platform.MICROSOFT_ADS):
        await api.world.map(label.id, await api.world.integration(platform))
    await api.update({"leadId": str(lead.id)}, label.id)
    states = {
        Platform.META: {"state": DeliveryState.DELIVERED},
        Platform.GA4: {"state": DeliveryState.REJECTED, "error_code": "E1"},
        Platform.MICROSOFT_ADS: {"next_attempt_at": START - timedelta(minutes=2)},
    }

    def work(session: Session) -> None:
        for row in session.exec(select(DeliveryRow)):
            for name, value in states[row.platform].items():
                setattr(row, name, value)
        session.flush()
        settle_jobs(session, [row.id for row in session.exec(select(JobRow))], START)

    await api.world.database.write(work)
    return await api.rows(DeliveryRow)


async def test_deliveries_are_listed_and_added_up(api: Api) -> None:
    await deliveries(api)

    shown = (await api.ask(DELIVERIES, {}))["deliveries"]

    assert len(shown["edges"]) == shown["totalCount"] == 3
    assert shown["totals"] == [
        {"state": "SCHEDULED", "count": 1},
        {"state": "DELIVERED", "count": 1},
        {"state": "REJECTED", "count": 1},
    ]
    assert (shown["oldestDueAt"], shown["oldestDueAgeS"]) == ("2026-11-23T09:28:00.000Z", 120)


async def test_a_page_of_deliveries_goes_on_where_the_last_one_ended(api: Api) -> None:
    await deliveries(api)

    first = (await api.ask(DELIVERIES, {"first": 2}))["deliveries"]
    rest = (await api.ask(DELIVERIES, {"first": 2, "after": first["pageInfo"]["endCursor"]}))["deliveries"]

    shown = [edge["node"]["id"] for edge in (*first["edges"], *rest["edges"])]
    rows = sorted(await api.rows(DeliveryRow), key=lambda row: (row.created_at, row.id), reverse=True)
    assert shown == [str(row.id) for row in rows]


@pytest.mark.parametrize(
    ("which", "platforms", "due"),
    [
        ({"state": ["REJECTED", "FAILED"]}, {"GA4"}, False),
        ({"platform": ["META", "MICROSOFT_ADS"]}, {"META", "MICROSOFT_ADS"}, True),
        ({"errorCode": "E1"}, {"GA4"}, False),
        ({"createdTo": "2026-11-23T09:30:00Z"}, set(), False),
        ({"createdFrom": "2026-11-23T09:30:00Z"}, {"META", "GA4", "MICROSOFT_ADS"}, True),
        ({"leadId": "1"}, {"META", "GA4", "MICROSOFT_ADS"}, True),
        ({"leadId": "2"}, set(), False),
        ({"leadId": "01"}, set(), False),
        ({"integrationId": "nonsense"}, set(), False),
        ({"ids": []}, set(), False),
    ],
)
async def test_each_filter_of_deliveries_holds_for_the_list_and_for_what_it_adds_up_to(
    api: Api, which: dict[str, Any], platforms: set[str], due: bool
) -> None:
    await deliveries(api)

    shown = (await api.ask(DELIVERIES, {"filter": which}))["deliveries"]

    assert {edge["node"]["platform"] for edge in shown["edges"]} == platforms
    assert shown["totalCount"] == sum(total["count"] for total in shown["totals"]) == len(platforms)
    assert (shown["oldestDueAt"] is not None) == due


async def test_deliveries_are_found_by_integration_job_and_id(api: Api) -> None:
    row = next(row for row in await deliveries(api) if row.platform is Platform.META)

    for which, count in (
        ({"integrationId": str(row.integration_id)}, 1),
        ({"jobId": str(row.job_id)}, 3),
        ({"ids": [str(row.id), "nonsense"]}, 1),
    ):
        assert (await api.ask(DELIVERIES, {"filter": which}))["deliveries"]["totalCount"] == count


async def test_what_is_held_or_waits_for_another_is_not_due(api: Api) -> None:
    await deliveries(api)

    def work(session: Session) -> None:
        for row in session.exec(select(DeliveryRow)):
            if row.state is DeliveryState.SCHEDULED:
                row.state = DeliveryState.HELD

    await api.world.database.write(work)

    shown = (await api.ask(DELIVERIES, {}))["deliveries"]
    assert (shown["oldestDueAt"], shown["oldestDueAgeS"]) == (None, None)
