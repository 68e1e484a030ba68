"""auditLog: its pages and filters, and who may look."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.values import Scope
from tests.api import Api
from tests.resolvers.audit import CREATE, LOG, events, page


async def _some(api: Api, *, apart_h: int = 1) -> tuple[list[str], list[str]]:
    """Four events, one by another key: their ids and their keys', newest first."""
    label = await api.world.label()
    lead = await api.world.complete_lead()
    await api.world.key("second-key", Scope.ADMIN)
    steps: list[Callable[[], Awaitable[Any]]] = [
        lambda: api.update({"leadId": str(lead.id)}, label.id),
        lambda: api.update({"leadId": str(lead.id)}, "open"),
        lambda: api.ask(CREATE, {"input": {"email": "new@example.com"}}, key="second-key"),
        lambda: api.update({"leadId": str(lead.id)}, label.id),
    ]
    for step in steps:
        await step()
        api.world.clock.advance(hours=apart_h)
    found = await events(api)
    return [event["id"] for event in found], [event["keyId"] for event in found]


@pytest.mark.parametrize("apart_h", [0, 1])
async def test_events_of_both_kinds_are_paged_through_as_one_list_in_either_direction(
    api: Api, apart_h: int
) -> None:
    ids, _ = await _some(api, apart_h=apart_h)
    assert len(set(ids)) == 4

    forward: list[str] = []
    asked: dict[str, Any] = {"first": 1}
    for _ in ids:
        found = await page(api, **asked)
        forward += [edge["node"]["id"] for edge in found["edges"]]
        asked = {"first": 1, "after": found["pageInfo"]["endCursor"]}
    last = await page(api, last=3)
    before = await page(api, last=2, before=last["pageInfo"]["startCursor"])

    assert (forward, found["pageInfo"]["hasNextPage"]) == (ids, False)
    assert [edge["node"]["id"] for edge in last["edges"]] == ids[1:]
    assert [edge["node"]["id"] for edge in before["edges"]] == ids[:1]
    assert (before["totalCount"], before["pageInfo"]["hasPreviousPage"]) == (4, False)


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ({}, [0, 1, 2, 3]),
        ({"action": ["STATUS_CHANGED"]}, [0, 2, 3]),
        ({"action": ["LEAD_CREATED", "LEAD_ERASED"]}, [1]),
        ({"action": []}, []),
        ({"createdFrom": "2026-11-23T10:30:00Z", "createdTo": "2026-11-23T12:30:00Z"}, [1, 2]),
        ({"subjectKind": "LEAD"}, [0, 1, 2, 3]),
        ({"subjectKind": "INTEGRATION"}, []),
        ({"subjectId": "1"}, [0, 2, 3]),
        ({"subjectId": "1", "action": ["LEAD_CREATED"]}, []),
        ({"subjectId": "nonsense"}, []),
        ({"keyId": "nonsense"}, []),
        ({"action": None, "keyId": None, "subjectId": None}, [0, 1, 2, 3]),
    ],
)
async def test_each_filter_leaves_what_it_names(api: Api, which: dict[str, Any], expected: list[int]) -> None:
    ids, _ = await _some(api)

    assert [event["id"] for event in await events(api, **which)] == [ids[number] for number in expected]


async def test_what_one_key_did_can_be_asked_for(api: Api) -> None:
    ids, keys = await _some(api)

    assert [event["id"] for event in await events(api, keyId=keys[1])] == [ids[1]]
    assert [event["id"] for event in await events(api, keyId=keys[0])] == [ids[0], ids[2], ids[3]]


async def test_a_subject_that_nothing_can_be_called_is_invalid_input(sqlite_api: Api) -> None:
    answer = await sqlite_api.run(LOG, {"filter": {"subjectId": "\u0000"}})

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def test_another_project_sees_nothing_of_it(api: Api) -> None:
    await _some(api)
    await api.world.begin("Another project")
    api.key = await api.world.key("other-key", Scope.ADMIN)

    assert await events(api) == []


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope is not Scope.ADMIN])
async def test_only_who_administers_a_project_may_look(sqlite_api: Api, scope: Scope) -> None:
    sqlite_api.key = await sqlite_api.world.key("scoped", scope)

    answer = await sqlite_api.run("{ auditLog { edges { node { id } } } }")

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
