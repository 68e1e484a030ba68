"""updateConversionLabel: what is given replaces, what is held goes on, what was queued keeps its target."""

from typing import Any

import pytest

from app.tables.jobs import DeliveryRow
from app.tables.labels import LabelMappingRow, LabelRow
from app.values import Platform, Scope
from tests.api import Api
from tests.resolvers.integrations import foreign_integration
from tests.world import START

UPDATE = """
mutation ($id: ID!, $input: UpdateConversionLabelInput!) {
  updateConversionLabel(id: $id, input: $input) {
    __typename
    ... on ConversionLabelSuccess {
      label {
        id name markAsDone convertOnce undoOnLost defaultPrice archived
        mappings { target held heldReason heldSince nextProbeAt integration { name } }
      }
    }
    ... on InvalidInputError { problems { path message } }
    ... on ConversionLabelNotFoundError { conversionId }
    ... on UserError { code message }
  }
}
"""
HELD = {"held_at": START, "hold_message": "Gone.", "probe_at": START, "alerted_at": START}


async def update(api: Api, label_id: object, **changes: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await api.ask(UPDATE, {"id": str(label_id), "input": changes})
    return answer["updateConversionLabel"]


async def row_of(api: Api, label_id: object) -> LabelRow:
    rows: list[LabelRow] = await api.rows(LabelRow)
    return next(row for row in rows if row.id == label_id)


async def test_what_is_not_given_or_null_stays(api: Api) -> None:
    before = await api.world.label(mark_as_done=True, undo_on_lost=True, default_price_cents=5)
    await api.world.map(before.id, await api.world.integration(Platform.META))

    answer = await update(
        api,
        before.id,
        name=None,
        markAsDone=None,
        convertOnce=None,
        undoOnLost=None,
        archived=None,
        mappings=None,
    )

    assert len(answer["label"]["mappings"]) == 1
    assert (await row_of(api, before.id)).model_dump() == before.model_dump()
    assert api.woken == []


async def test_what_is_given_replaces(api: Api) -> None:
    label = await api.world.label(default_price_cents=5)

    answer = await update(
        api, label.id, name=" Won ", markAsDone=True, convertOnce=False, undoOnLost=True, defaultPrice=0
    )

    assert answer["label"] == {
        "id": str(label.id),
        "name": "Won",
        "markAsDone": True,
        "convertOnce": False,
        "undoOnLost": True,
        "defaultPrice": 0,
        "archived": False,
        "mappings": [],
    }


async def test_a_default_price_of_null_is_no_price_any_more(api: Api) -> None:
    label = await api.world.label(default_price_cents=5)

    assert (await update(api, label.id, defaultPrice=None))["label"]["defaultPrice"] is None
    assert (await row_of(api, label.id)).default_price_cents is None


async def test_an_archived_label_is_listed_and_not_found_by_status_changes_until_it_is_back(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()

    await update(api, label.id, archived=True)
    again = await update(api, label.id, archived=True, name="Old")
    refused = await api.update({"leadId": str(lead.id)}, label.id)
    listed = (await api.ask("{ conversionLabels { name archived } }"))["conversionLabels"]
    await update(api, label.id, archived=False)
    queued = await api.update({"leadId": str(lead.id)}, label.id)

    assert again["label"]["archived"]
    assert refused["__typename"] == "ConversionLabelNotFoundError"
    assert {"name": "Old", "archived": True} in listed
    assert queued["__typename"] == "QueuedResult"


async def test_the_built_in_label_can_be_mapped_and_not_be_archived(api: Api) -> None:
    meta = await api.world.integration(Platform.META)
    mapping = {"integrationId": str(meta.id), "target": "Lost"}

    refused = await update(api, api.world.lost_id, archived=True, name="Gone")
    mapped = await update(api, api.world.lost_id, archived=False, mappings=[mapping])

    assert [problem["path"] for problem in refused["problems"]] == [["archived"]]
    assert (mapped["label"]["name"], mapped["label"]["archived"]) == ("Lost", False)
    assert [mapping["target"] for mapping in mapped["label"]["mappings"]] == ["Lost"]


async def test_mappings_are_replaced_as_a_whole(api: Api) -> None:
    label = await api.world.label()
    rows = [await api.world.integration(Platform.META, name=name) for name in ("kept", "changed", "removed")]
    added = await api.world.integration(Platform.GA4, name="added")
    for row in rows:
        await api.world.map(label.id, row, **HELD)
    before = {row.integration_id: row for row in await api.rows(LabelMappingRow)}

    answer = await update(
        api,
        label.id,
        mappings=[
            {"integrationId": str(added.id), "target": "qualify_lead"},
            {"integrationId": str(rows[1].id), "target": " Other "},
            {"integrationId": str(rows[0].id), "target": "Qualified"},
        ],
    )

    shown = {mapping["integration"]["name"]: mapping for mapping in answer["label"]["mappings"]}
    at = "2026-11-23T09:30:00.000Z"
    free = {"held": False, "heldReason": None, "heldSince": None, "nextProbeAt": None}
    held = {"held": True, "heldReason": "Gone.", "heldSince": at, "nextProbeAt": at}
    assert shown == {
        "kept": {"integration": {"name": "kept"}, "target": "Qualified", **held},
        "changed": {"integration": {"name": "changed"}, "target": "Other", **free},
        "added": {"integration": {"name": "added"}, "target": "qualify_lead", **free},
    }
    after = {row.integration_id: row for row in await api.rows(LabelMappingRow)}
    assert after[rows[0].id].model_dump() == before[rows[0].id].model_dump()
    assert (after[rows[1].id].id, after[rows[1].id].alerted_at) == (before[rows[1].id].id, None)
    assert sorted(api.woken) == sorted([rows[1].id, rows[2].id])


async def test_an_empty_list_removes_all_mappings(api: Api) -> None:
    label = await api.world.label()
    await api.world.map(label.id, await api.world.integration(Platform.META))

    assert (await update(api, label.id, mappings=[]))["label"]["mappings"] == []
    assert await api.rows(LabelMappingRow) == []


async def test_what_was_queued_keeps_its_target(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    meta = await api.world.integration(Platform.META)
    await api.world.map(label.id, meta)
    await api.update({"leadId": str(lead.id)}, label.id)

    await update(api, label.id, mappings=[{"integrationId": str(meta.id), "target": "Other"}])

    assert [row.target for row in await api.rows(DeliveryRow)] == ["Qualified"]


async def test_a_change_that_cannot_work_changes_nothing_and_says_all_that_is_wrong(api: Api) -> None:
    before = await api.world.label()
    own = await api.world.integration(Platform.META)
    await api.world.map(before.id, own)
    foreign = await foreign_integration(api)

    answer = await update(
        api,
        before.id,
        name=" ",
        markAsDone=True,
        mappings=[
            {"integrationId": str(own.id), "target": "A"},
            {"integrationId": str(own.id), "target": " "},
            {"integrationId": str(foreign.id), "target": "B"},
            {"integrationId": "nonsense", "target": "x" * 256},
        ],
    )

    assert [problem["path"] for problem in answer["problems"]] == [
        ["name"],
        ["mappings", "1", "integrationId"],
        ["mappings", "1", "target"],
        ["mappings", "2", "integrationId"],
        ["mappings", "3", "integrationId"],
        ["mappings", "3", "target"],
    ]
    assert (await row_of(api, before.id)).model_dump() == before.model_dump()
    assert [row.target for row in await api.rows(LabelMappingRow)] == ["Qualified"]


@pytest.mark.parametrize("price", [-1, 0.5, 9_007_199_254_740_992])
async def test_a_price_that_is_none_is_refused_by_its_scalar(api: Api, price: float) -> None:
    label = await api.world.label()

    answer = await api.run(UPDATE, {"id": str(label.id), "input": {"defaultPrice": price}})

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def test_an_unknown_or_foreign_label_is_not_found(api: Api) -> None:
    own = api.world.project_id
    await api.world.begin("Another project")
    foreign = await api.world.label("Foreign")
    api.world.project_id = own

    for given in (str(foreign.id), "01900000-0000-7000-8000-000000000000", "lost", ""):
        answer = await update(api, given, name=" ")
        assert (answer["__typename"], answer["conversionId"]) == ("ConversionLabelNotFoundError", given)
    assert (await row_of(api, foreign.id)).name == "Foreign"


@pytest.mark.parametrize("scope", [Scope.LEADS_WRITE, Scope.LEADS_READ, Scope.STATUS_WRITE])
async def test_changing_a_label_needs_admin(sqlite_api: Api, scope: Scope) -> None:
    label = await sqlite_api.world.label()
    sqlite_api.key = await sqlite_api.world.key("scoped-key", scope)

    answer = await sqlite_api.run(UPDATE, {"id": str(label.id), "input": {"archived": True}})

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert (await row_of(sqlite_api, label.id)).archived_at is None
