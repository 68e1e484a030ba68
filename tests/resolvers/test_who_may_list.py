"""Whom lists show what: nobody another project's, and no more of people than a key's scopes allow."""

from typing import Any

import pytest

from app.values import Platform, Scope
from tests.api import Api
from tests.resolvers.lists import DELIVERIES, LEADS, names, people, refusal


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
