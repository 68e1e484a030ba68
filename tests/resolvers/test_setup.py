"""Connecting platforms and creating labels through the public face."""

from typing import Any

import pytest

from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow, LabelRow
from app.values import Platform, Scope
from tests.api import Api
from tests.world import CREDENTIALS, SETTINGS

CONNECT = """
mutation ($input: ConnectIntegrationInput!) {
  connectIntegration(input: $input) {
    __typename
    ... on IntegrationSuccess { integration { id platform name enabled paused testMode } }
    ... on InvalidInputError { code problems { path message } }
  }
}
"""
CREATE = """
mutation ($input: CreateConversionLabelInput!) {
  createConversionLabel(input: $input) {
    __typename
    ... on ConversionLabelSuccess {
      label {
        id name builtIn markAsDone convertOnce undoOnLost defaultPrice archived
        mappings { target held integration { id } }
      }
    }
    ... on InvalidInputError { code problems { path message } }
  }
}
"""


async def connect(api: Api, platform: Platform, **changes: Any) -> dict[str, Any]:
    given = {
        "platform": platform.value,
        "name": "Shop",
        "settings": SETTINGS.get(platform, {}),
        "credentials": CREDENTIALS.get(platform, {}),
    }
    answer: dict[str, Any] = (await api.ask(CONNECT, {"input": given | changes}))["connectIntegration"]
    return answer


async def create(api: Api, **given: Any) -> dict[str, Any]:
    answer: dict[str, Any] = (await api.ask(CREATE, {"input": given}))["createConversionLabel"]
    return answer


async def test_what_is_connected_and_labelled_is_what_a_status_change_uses(api: Api) -> None:
    lead = await api.world.complete_lead()
    connected = await connect(api, Platform.META, testMode=True)
    integration_id = connected["integration"]["id"]

    created = await create(
        api,
        name=" Won ",
        markAsDone=True,
        undoOnLost=True,
        convertOnce=False,
        defaultPrice=5,
        mappings=[{"integrationId": integration_id, "target": " Purchase "}],
    )
    answer = await api.update({"leadId": str(lead.id)}, created["label"]["id"])

    assert connected["integration"] == {
        "id": integration_id,
        "platform": "META",
        "name": "Shop",
        "enabled": True,
        "paused": False,
        "testMode": True,
    }
    label = created["label"]
    assert label["mappings"] == [{"target": "Purchase", "held": False, "integration": {"id": integration_id}}]
    assert (label["name"], label["builtIn"], label["archived"]) == ("Won", False, False)
    assert (label["markAsDone"], label["convertOnce"], label["undoOnLost"]) == (True, False, True)
    assert (label["defaultPrice"], answer["job"]["price"]) == (5, 5)
    assert (answer["__typename"], answer["warnings"]) == ("QueuedResult", [])


async def test_a_label_has_the_defaults_of_the_contract(api: Api) -> None:
    label = (await create(api, name="Qualified"))["label"]

    assert (label["markAsDone"], label["convertOnce"], label["undoOnLost"]) == (False, True, False)
    assert (label["defaultPrice"], label["mappings"]) == (None, [])


async def test_settings_may_be_written_as_everything_else_in_the_schema(api: Api) -> None:
    camel = {"clientId": "c", "clientSecret": "s", "refreshToken": "r"}

    answer = await connect(
        api, Platform.GOOGLE_ADS, settings={"customerId": "123-456-7890"}, credentials=camel
    )

    assert answer["__typename"] == "IntegrationSuccess"
    (row,) = await api.rows(IntegrationRow)
    assert row.settings["customer_id"] == "1234567890"
    assert api.world.cipher.decrypt(row.credentials) == camel


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"name": " "}, [["name"]]),
        ({"name": "x" * 256}, [["name"]]),
        ({"settings": [], "credentials": "leaky"}, [["settings"], ["credentials"]]),
        ({"settings": None, "credentials": 5}, None),
        ({"settings": {"mode": "crm", "crm_name": "a\x00"}}, [["settings"]]),
        ({"credentials": {"access_token": "leaky secret"}}, [["credentials", "accessToken"]]),
        ({"credentials": {}}, [["credentials", "accessToken"]]),
    ],
)
async def test_a_connection_that_cannot_work_is_refused_without_repeating_a_secret(
    api: Api, changes: dict[str, Any], paths: list[list[str]] | None
) -> None:
    given = {
        "platform": "META",
        "name": "Shop",
        "settings": SETTINGS[Platform.META],
        "credentials": CREDENTIALS[Platform.META],
    }

    answer = await api.run(CONNECT, {"input": given | changes})

    assert "leaky" not in str(answer)
    if paths is None:
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
    else:
        assert [p["path"] for p in answer["data"]["connectIntegration"]["problems"]] == paths
    assert await api.rows(IntegrationRow) == []


async def test_a_label_that_cannot_work_is_refused_with_everything_that_is_wrong(api: Api) -> None:
    own = (await connect(api, Platform.META))["integration"]["id"]
    project = api.world.project_id
    await api.world.begin("Another project")
    foreign = str((await api.world.integration(Platform.META)).id)
    api.world.project_id = project

    answer = await create(
        api,
        name="",
        mappings=[
            {"integrationId": own, "target": "A"},
            {"integrationId": own, "target": " "},
            {"integrationId": foreign, "target": "B"},
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
    assert await api.rows(LabelMappingRow) == []
    assert {row.built_in for row in await api.rows(LabelRow)} == {True}


@pytest.mark.parametrize("scope", [Scope.LEADS_WRITE, Scope.LEADS_READ, Scope.STATUS_WRITE])
async def test_setting_up_needs_admin(sqlite_api: Api, scope: Scope) -> None:
    sqlite_api.key = await sqlite_api.world.key("scoped-key", scope)

    label = await sqlite_api.run(CREATE, {"input": {"name": "Won"}})
    connection = await sqlite_api.run(
        CONNECT, {"input": {"platform": "META", "name": "a", "settings": {}, "credentials": {}}}
    )

    for answer in (label, connection):
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
