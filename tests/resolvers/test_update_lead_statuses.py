"""updateLeadStatuses: each for itself, in order, and what becomes of the others when one fails."""

import json
from typing import Any
from unittest.mock import ANY

from app.database.database import Database
from app.tables.leads import LeadRow
from app.values import Platform, Scope
from tests.api import Api
from tests.resolvers.test_overload import stuck_api

BULK = """
mutation ($inputs: [UpdateLeadStatusInput!]!) {
  updateLeadStatuses(inputs: $inputs) {
    __typename
    ... on QueuedResult { leadId job { id deliveries { platform state } } lead { id price label { name } } replayed }
    ... on OpenResult { leadId lead { status } }
    ... on DuplicateJobError { job { id price } }
    ... on InvalidInputError { problems { path } }
    ... on UserError { code message }
  }
}
"""


async def update(api: Api, *inputs: dict[str, Any]) -> list[Any]:
    answers: list[Any] = (await api.ask(BULK, {"inputs": list(inputs)}))["updateLeadStatuses"]
    return answers


async def leads(api: Api, number: int) -> list[dict[str, Any]]:
    rows = [await api.world.complete_lead(unique_identifier=f"crm-{n}") for n in range(number)]
    return [{"leadId": str(row.id)} for row in rows]


async def test_each_is_answered_in_its_place_and_none_undoes_another(api: Api) -> None:
    label = await api.world.label()
    await api.world.map(label.id, await api.world.integration(Platform.META))
    first, second, third = await leads(api, 3)

    answers = await update(
        api,
        {"lead": first, "conversionId": str(label.id), "price": 1},
        {"lead": {"uniqueIdentifier": "nobody"}, "conversionId": str(label.id)},
        {"lead": second, "conversionId": "not-a-label"},
        {"lead": first, "conversionId": str(label.id), "price": 2},
        {"lead": {}, "conversionId": "open"},
        {"lead": second, "conversionId": "open"},
        {"lead": third, "conversionId": "lost"},
    )

    assert [answer["__typename"] for answer in answers] == [
        "QueuedResult",
        "LeadNotFoundError",
        "ConversionLabelNotFoundError",
        "DuplicateJobError",
        "InvalidInputError",
        "OpenResult",
        "QueuedResult",
    ]
    assert answers[0]["lead"]["price"] == answers[3]["job"]["price"] == 1
    assert answers[0]["job"]["id"] == answers[3]["job"]["id"]
    assert answers[0]["job"]["deliveries"] == [{"platform": "META", "state": "SCHEDULED"}]
    assert len(await api.jobs()) == 2


async def test_they_are_carried_out_in_order(api: Api) -> None:
    label = await api.world.label()
    (lead,) = await leads(api, 1)

    answers = await update(
        api,
        {"lead": lead, "conversionId": str(label.id)},
        {"lead": lead, "conversionId": "open"},
        {"lead": lead, "conversionId": str(label.id), "price": 3},
    )

    assert [answer["__typename"] for answer in answers] == ["QueuedResult", "OpenResult", "QueuedResult"]
    (row,) = await api.rows(LeadRow)
    assert (row.status, row.price_cents) == ("PENDING", 3)


async def test_a_hundred_are_taken_in_one_request_and_can_be_repeated(api: Api) -> None:
    label = await api.world.label()
    inputs = [
        {"lead": lead, "conversionId": str(label.id), "price": n, "idempotencyKey": f"event-{n}"}
        for n, lead in enumerate(await leads(api, 100))
    ]

    first, again = await update(api, *inputs), await update(api, *inputs)

    assert [answer["lead"]["price"] for answer in first] == list(range(100))
    assert {answer["replayed"] for answer in again} == {True}
    assert len(await api.jobs()) == 100
    assert len(json.dumps({"query": BULK, "variables": {"inputs": inputs}})) < 64 * 1024


async def test_more_than_a_hundred_are_refused_and_none_is_carried_out(sqlite_api: Api) -> None:
    (lead,) = await leads(sqlite_api, 1)

    answer = await sqlite_api.run(BULK, {"inputs": [{"lead": lead, "conversionId": "lost"}] * 101})

    assert (answer["data"], answer["errors"][0]["extensions"]) == (None, {"code": "BAD_USER_INPUT"})
    assert "100" in answer["errors"][0]["message"]
    assert await sqlite_api.jobs() == []


async def test_none_is_nothing_to_do(sqlite_api: Api) -> None:
    assert await update(sqlite_api) == []


async def test_a_value_of_the_wrong_type_refuses_all_of_them(sqlite_api: Api) -> None:
    one, two = await leads(sqlite_api, 2)

    inputs = [{"lead": one, "conversionId": "lost"}, {"lead": two, "conversionId": "lost", "price": -1}]
    answer = await sqlite_api.run(BULK, {"inputs": inputs})

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert await sqlite_api.jobs() == []


async def test_it_needs_the_scope_of_a_status_change(sqlite_api: Api) -> None:
    sqlite_api.key = await sqlite_api.world.key("scoped", Scope.LEADS_READ, Scope.LEADS_WRITE)

    answer = await sqlite_api.run(BULK, {"inputs": []})

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert "status:write" in answer["errors"][0]["message"]


async def test_a_defect_of_ours_costs_only_the_one_it_happened_to(sqlite_api: Api) -> None:
    one, two, three = await leads(sqlite_api, 3)
    # A lead whose row says what this version does not know stands for any defect.
    await sqlite_api.world.database.write(
        lambda session: session.connection().exec_driver_sql(
            "UPDATE lead SET status = 'secret' WHERE id = ?", (int(two["leadId"]),)
        )
    )

    answer = await sqlite_api.run(
        BULK,
        {
            "inputs": [
                {"lead": one, "conversionId": "lost"},
                {"lead": two, "conversionId": "lost"},
                {"lead": three, "conversionId": "lost"},
            ]
        },
    )

    typenames = [one and one["__typename"] for one in answer["data"]["updateLeadStatuses"]]
    assert typenames == ["QueuedResult", None, "QueuedResult"]
    assert answer["errors"] == [
        {
            "message": "Something went wrong on our side",
            "locations": ANY,
            "path": ["updateLeadStatuses", 1],
            "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": ANY},
        }
    ]
    assert len(await sqlite_api.jobs()) == 2


async def test_when_there_is_too_much_to_do_those_that_were_not_reached_are_null(
    sqlite_database: Database,
) -> None:
    async with stuck_api(sqlite_database) as (api, stuck):
        one, two, three = await leads(api, 3)
        stuck.writes_left = 1

        answer = await api.run(
            BULK, {"inputs": [{"lead": lead, "conversionId": "lost"} for lead in (one, two, three)]}
        )

        typenames = [one and one["__typename"] for one in answer["data"]["updateLeadStatuses"]]
        assert typenames == ["QueuedResult", None, None]
        assert [(error["path"][1], error["extensions"]["code"]) for error in answer["errors"]] == [
            (1, "SERVICE_OVERLOADED"),
            (2, "SERVICE_OVERLOADED"),
        ]
        assert len(await api.jobs()) == 1


async def test_when_not_even_the_first_was_reached_the_whole_request_is_refused(
    sqlite_database: Database,
) -> None:
    async with stuck_api(sqlite_database) as (api, stuck):
        (lead,) = await leads(api, 1)
        stuck.writes_left = 0

        response = await api.post(
            json.dumps({"query": BULK, "variables": {"inputs": [{"lead": lead, "conversionId": "lost"}] * 2}})
        )

        assert (response.status_code, response.headers["retry-after"]) == (503, "1")
        assert await api.jobs() == []
