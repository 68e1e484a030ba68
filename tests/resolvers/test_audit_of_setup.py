"""auditLog: what was done to labels, integrations, projects and keys, and no secret."""

import json

from app.services.api_keys import ApiKeyService, NewKey
from app.services.projects import ProjectService
from app.tables.audit import AuditEventRow
from app.values import ApiKeyKind, Platform, Scope
from tests.api import Api
from tests.resolvers.audit import changed, events
from tests.resolvers.integrations import change, probe, probed
from tests.resolvers.integrations import update as update_integration
from tests.resolvers.test_changing_labels import update as update_label
from tests.resolvers.test_erase_lead import SECRET
from tests.world import CREDENTIALS, SETTINGS

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
