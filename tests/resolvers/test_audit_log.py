"""auditLog: who did what with which key; all that was committed, and nothing of anybody's person."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlmodel import Session

from app.rest import PATH
from app.services.api_keys import ApiKeyService, NewKey
from app.services.projects import ProjectService
from app.tables.audit import AuditEventRow
from app.tables.jobs import DeliveryRow, JobRow
from app.values import ApiKeyKind, DeliveryState, Platform, Scope
from tests.api import Api, process
from tests.resolvers.integrations import change, probe, probed
from tests.resolvers.integrations import update as update_integration
from tests.resolvers.test_changing_labels import update as update_label
from tests.resolvers.test_erase_lead import PERSONAL, SECRET, erase, queued
from tests.world import CREDENTIALS, SETTINGS

LOG = """
query ($first: Int, $after: String, $last: Int, $before: String, $filter: AuditFilter) {
  auditLog(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    edges { cursor node {
      id action subjectKind subjectId keyId keyName requestId createdAt
      changes { field before after }
      job { id label { name } price }
    } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}
"""
CREATE = """
mutation ($input: CreateLeadInput!) {
  createLead(input: $input) { __typename ... on CreateLeadSuccess { lead { id } } }
}
"""
UPDATE = """
mutation ($id: ID!, $input: UpdateLeadInput!) {
  updateLead(by: {leadId: $id}, input: $input) { __typename }
}
"""
CANCEL = "mutation ($id: ID!) { cancelJob(id: $id) { state } }"
RETRY = "mutation ($dryRun: Boolean!) { retryDeliveries(filter: {}, dryRun: $dryRun) { retried } }"
NEW_LABEL = """
mutation ($input: CreateConversionLabelInput!) {
  createConversionLabel(input: $input) { __typename ... on ConversionLabelSuccess { label { id } } }
}
"""
CONNECT = """
mutation ($input: ConnectIntegrationInput!) {
  connectIntegration(input: $input) { __typename ... on IntegrationSuccess { integration { id } } }
}
"""


async def page(api: Api, **asked: Any) -> Any:
    return (await api.ask(LOG, asked))["auditLog"]


async def events(api: Api, **which: Any) -> list[Any]:
    found = await page(api, filter=which)
    assert found["totalCount"] == len(found["edges"])
    return [edge["node"] for edge in found["edges"]]


async def actions(api: Api, **which: Any) -> list[str]:
    return [event["action"] for event in await events(api, **which)]


def changed(event: Any) -> dict[str, tuple[Any, Any]]:
    return {one["field"]: (one["before"], one["after"]) for one in event["changes"]}


async def test_a_status_change_says_who_made_it_and_what_of_it_was_queued(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label("Won")
    api.key = await api.world.key("Key of the CRM", Scope.STATUS_WRITE)
    await api.update({"leadId": str(lead.id)}, label.id, price=4200)
    api.key = "admin-key"

    [event] = await events(api)

    [job] = await api.jobs()
    assert (event["action"], event["subjectKind"], event["subjectId"]) == (
        "STATUS_CHANGED",
        "LEAD",
        str(lead.id),
    )
    assert event["keyName"] == "Key of the CRM"
    assert event["keyId"] == str(job.key_id)
    assert event["requestId"] == job.request_id
    assert len(event["requestId"]) == 32
    assert event["createdAt"] == "2026-11-23T09:30:00.000Z"
    assert event["changes"] == [{"field": "label", "before": None, "after": str(label.id)}]
    assert event["job"] == {"id": str(job.id), "label": {"name": "Won"}, "price": 4200}


async def test_opening_a_lead_is_a_status_change_though_it_queues_nothing(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label("Won")
    await api.update({"leadId": str(lead.id)}, label.id)
    api.world.clock.advance(hours=1)
    await api.update({"leadId": str(lead.id)}, "open", price=7)

    opened, won = await events(api)

    assert (opened["action"], opened["subjectId"], opened["job"]) == ("STATUS_CHANGED", str(lead.id), None)
    assert changed(opened) == {"label": (str(label.id), None), "price": (None, None)}
    assert (opened["keyName"], bool(opened["requestId"])) == ("admin-key", True)
    assert opened["requestId"] != won["requestId"]


async def test_the_plain_request_is_recorded_too(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    body = {"leadId": str(lead.id), "conversionId": str(label.id)}
    headers = {"x-api-key": api.key}

    assert (await api.http.post(PATH, json=body, headers=headers)).status_code == 201

    [event] = await events(api)
    assert (event["action"], event["keyName"], bool(event["requestId"])) == (
        "STATUS_CHANGED",
        "admin-key",
        True,
    )


async def test_what_is_refused_replayed_or_previewed_is_not_in_it(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    by = {"leadId": str(lead.id)}
    preview = "query ($id: ID!, $to: ID!) { previewLeadStatus(input: {lead: {leadId: $id}, conversionId: $to}) { __typename } }"
    for to in (str(label.id), "open"):
        await api.ask(preview, {"id": str(lead.id), "to": to})
    assert await events(api) == []

    await api.update(by, label.id, idempotencyKey="once")
    await api.update(by, label.id, idempotencyKey="once")
    await api.update(by, label.id)
    await api.update(by, "01900000-0000-7000-8000-00000000dead")
    await api.update({"leadId": "404"}, label.id)
    await api.ask(CREATE, {"input": {"note": "nobody can be found by this"}})
    await api.ask(UPDATE, {"id": str(lead.id), "input": {"currency": "no currency"}})

    assert await actions(api) == ["STATUS_CHANGED"]


async def test_jobs_of_a_version_that_kept_no_keys_are_not_in_it(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    await api.update({"leadId": str(lead.id)}, label.id)

    [job] = await api.jobs()

    def forget(session: Session) -> None:
        session.get_one(JobRow, job.id).key_id = None

    await api.world.database.write(forget)

    assert await events(api) == []


async def test_of_a_lead_the_names_of_what_was_changed_are_kept_and_nothing_else(api: Api) -> None:
    given = {
        "uniqueEventId": f"event-{SECRET}",
        "firstName": f"Ada {SECRET}",
        "email": f"ada.{SECRET}@example.com",
        "phone": "+44 7700 900123",
        "formData": {"question": SECRET},
        "attribution": {"gclid": f"g-{SECRET}", "clickedAt": "2026-11-20T09:30:00Z"},
        "consent": {"adUserData": "GRANTED"},
        "device": {"ipAddress": "192.0.2.1"},
        "price": 700,
    }
    answer = await api.ask(CREATE, {"input": given})
    lead_id = answer["createLead"]["lead"]["id"]
    api.world.clock.advance(hours=1)
    await api.ask(CREATE, {"input": {"uniqueEventId": f"event-{SECRET}", "city": SECRET}})
    api.world.clock.advance(hours=1)
    await api.ask(UPDATE, {"id": lead_id, "input": {"phone": None, "firstName": f"Ada {SECRET}"}})
    await api.ask(UPDATE, {"id": lead_id, "input": {"city": SECRET}})

    updated, merged, created = await events(api)

    assert (created["action"], merged["action"], updated["action"]) == (
        "LEAD_CREATED",
        "LEAD_UPDATED",
        "LEAD_UPDATED",
    )
    assert {event["subjectId"] for event in (created, merged, updated)} == {lead_id}
    assert set(changed(created)) == {
        *("uniqueEventId", "firstName", "email", "phone", "formData", "gclid", "clickedAt", "adUserData"),
        *("ipAddress", "price", "currency"),
    }
    assert (changed(merged), changed(updated)) == ({"city": (None, None)}, {"phone": (None, None)})
    assert set(changed(created).values()) == {(None, None)}


async def test_erasing_a_lead_leaves_its_events_in_which_nothing_ever_told_who_it_was(api: Api) -> None:
    lead = await queued(api)
    by = {"leadId": str(lead.id)}
    await api.ask(UPDATE, {"id": str(lead.id), "input": {"email": f"other.{SECRET}@example.com"}})
    await api.update(by, "open")

    await erase(api, **by)
    await erase(api, **by)

    told = await events(api)
    assert sorted(event["action"] for event in told) == [
        *("LEAD_ERASED", "LEAD_UPDATED", "STATUS_CHANGED", "STATUS_CHANGED"),
    ]
    stored = json.dumps([row.model_dump(mode="json") for row in await api.rows(AuditEventRow)])
    for text in (stored, json.dumps(told)):
        traces = (SECRET, "7700", "192.0.2.1", str(PERSONAL["meta_lead_id"]))
        assert [trace for trace in traces if trace in text] == []


async def test_a_label_is_recorded_with_what_it_was_and_is(api: Api) -> None:
    integration = await api.world.integration(Platform.META)
    mapping = {"integrationId": str(integration.id), "target": "Lead"}
    answer = await api.ask(NEW_LABEL, {"input": {"name": "Won", "defaultPrice": 100, "mappings": [mapping]}})
    label_id = answer["createConversionLabel"]["label"]["id"]
    api.world.clock.advance(hours=1)
    await update_label(
        api, label_id, undoOnLost=True, defaultPrice=None, mappings=[mapping | {"target": "Purchase"}]
    )
    await update_label(api, label_id, undoOnLost=True, name="Won")
    await update_label(api, label_id, name="")

    updated, created = await events(api)

    place = f"mappings.{integration.id}"
    assert (created["action"], updated["action"]) == ("LABEL_CREATED", "LABEL_UPDATED")
    assert created["subjectId"] == updated["subjectId"] == label_id
    assert changed(created) == {
        "name": (None, "Won"),
        "markAsDone": (None, False),
        "convertOnce": (None, True),
        "undoOnLost": (None, False),
        "defaultPrice": (None, 100),
        "archived": (None, False),
        place: (None, "Lead"),
    }
    assert changed(updated) == {
        "undoOnLost": (False, True),
        "defaultPrice": (100, None),
        place: ("Lead", "Purchase"),
    }


async def test_a_connection_is_recorded_without_its_credentials_and_settings(api: Api) -> None:
    credentials = CREDENTIALS[Platform.META] | {"access_token": f"token-{SECRET}"}
    connection = {
        "platform": "META",
        "name": "Main",
        "settings": SETTINGS[Platform.META],
        "credentials": credentials,
    }
    answer = await api.ask(CONNECT, {"input": connection})
    integration_id = answer["connectIntegration"]["integration"]["id"]
    api.world.clock.advance(hours=1)
    renewed = CREDENTIALS[Platform.META] | {"access_token": f"newer-{SECRET}"}
    await update_integration(api, integration_id, name="Other", testMode=True, credentials=renewed)
    await update_integration(api, integration_id, name="Other")

    updated, connected = await events(api)

    assert connected["action"] == "INTEGRATION_CONNECTED"
    assert connected["subjectId"] == updated["subjectId"] == integration_id
    told = changed(connected)
    assert (told["platform"], told["name"], told["credentials"]) == (
        (None, "META"),
        (None, "Main"),
        (None, None),
    )
    assert {told[name] for name in told if name.startswith("settings.")} == {(None, None)}
    assert changed(updated) == {
        "name": ("Main", "Other"),
        "testMode": (False, True),
        "credentials": (None, None),
    }
    rows = [row.model_dump(mode="json") for row in await api.rows(AuditEventRow)]
    assert SECRET not in json.dumps(rows)


async def test_what_else_is_done_to_an_integration_is_recorded_once_it_changes_something(api: Api) -> None:
    probed(api)
    integration = await api.world.integration(Platform.META)
    for mutation in ("pauseIntegration", "pauseIntegration", "resumeIntegration", "resumeIntegration"):
        await change(api, mutation, integration.id)
        api.world.clock.advance(minutes=1)
    await probe(api, integration.id)
    api.world.clock.advance(minutes=1)
    await change(api, "disconnectIntegration", integration.id)
    await change(api, "disconnectIntegration", integration.id)
    await probe(api, integration.id)

    found = await events(api, subjectKind="INTEGRATION", subjectId=str(integration.id).upper())

    assert [(event["action"], changed(event)) for event in found] == [
        ("INTEGRATION_DISCONNECTED", {}),
        ("INTEGRATION_TESTED", {}),
        ("INTEGRATION_RESUMED", {"pauseReason": ("MANUAL", None)}),
        ("INTEGRATION_PAUSED", {"pauseReason": (None, "MANUAL")}),
    ]


async def test_canceling_is_recorded_when_there_was_something_to_cancel(api: Api) -> None:
    await queued(api)
    [job] = await api.jobs()
    for _ in range(2):
        await api.ask(CANCEL, {"id": str(job.id)})

    [event] = await events(api, action=["JOB_CANCELED"])

    assert (event["subjectKind"], event["subjectId"], event["job"]["id"]) == (
        "CONVERSION_JOB",
        str(job.id),
        str(job.id),
    )


async def test_trying_again_names_the_deliveries_that_were_queued(api: Api) -> None:
    await queued(api)
    await process(api, DeliveryState.FAILED)
    for dry_run in (True, False, False):
        await api.ask(RETRY, {"dryRun": dry_run})

    [event] = await events(api, action=["DELIVERIES_RETRIED"])

    assert (event["subjectKind"], event["subjectId"]) == ("PROJECT", str(api.world.project_id))
    retried = {str(row.id) for row in await api.rows(DeliveryRow) if row.state is DeliveryState.SCHEDULED}
    assert retried
    assert set(changed(event)["deliveries"][1]) == retried


async def test_the_command_line_is_recorded_without_a_key(api: Api) -> None:
    database, clock = api.world.database, api.world.clock
    await ProjectService(database, clock).create(name="Shop", country_code="NL", currency="EUR")
    keys = ApiKeyService(database, clock)
    api.world.clock.advance(minutes=1)
    made = await keys.create_for("Shop", NewKey(name="For the shop", scopes=[Scope.ADMIN]))
    api.world.clock.advance(minutes=1)
    other = await keys.create_for("Shop", NewKey(name="A page", kind=ApiKeyKind.PUBLIC))
    api.world.clock.advance(minutes=1)
    for _ in range(2):
        await keys.revoke_any(str(other.row.id))
    api.key = made.key

    revoked, public, secret, project = await events(api)

    for event in (revoked, public, secret, project):
        assert (event["keyId"], event["keyName"], event["requestId"]) == (None, None, None)
    assert (project["action"], project["subjectKind"]) == ("PROJECT_CREATED", "PROJECT")
    assert (secret["action"], secret["subjectId"]) == ("API_KEY_CREATED", str(made.row.id))
    assert changed(secret) == {
        "name": (None, "For the shop"),
        "kind": (None, "SECRET"),
        "scopes": (None, ["admin"]),
    }
    assert changed(public) == {"name": (None, "A page"), "kind": (None, "PUBLIC")}
    assert (revoked["action"], revoked["subjectId"]) == ("API_KEY_REVOKED", str(other.row.id))
    assert made.key not in json.dumps([secret, project])


async def test_giving_out_a_key_and_revoking_it_are_recorded_with_the_key_that_did_it(api: Api) -> None:
    created = await api.ask(
        """mutation {
          createApiKey(input: {name: "Form", scopes: [LEADS_WRITE]}) {
            ... on CreateApiKeySuccess { key apiKey { id } }
          }
        }"""
    )
    key_id = created["createApiKey"]["apiKey"]["id"]
    api.world.clock.advance(minutes=1)
    for _ in range(2):
        await api.ask("mutation ($id: ID!) { revokeApiKey(id: $id) { __typename } }", {"id": key_id})

    revoked, made = await events(api, subjectKind="API_KEY")

    assert [event["action"] for event in (revoked, made)] == ["API_KEY_REVOKED", "API_KEY_CREATED"]
    assert {event["subjectId"] for event in (revoked, made)} == {key_id}
    assert {event["keyName"] for event in (revoked, made)} == {"admin-key"}
    stored = [row.model_dump(mode="json") for row in await api.rows(AuditEventRow)]
    assert created["createApiKey"]["key"] not in json.dumps(stored)


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
