"""updateIntegration, pauseIntegration and resumeIntegration."""

from datetime import timedelta
from typing import Any

import pytest

from app.tables.jobs import DeliveryRow
from app.tables.labels import LabelMappingRow
from app.values import DeliveryState, PauseReason, Platform, Scope
from tests.api import Api
from tests.resolvers.integrations import UPDATE, change, stored, unknown_ids, update
from tests.world import CREDENTIALS, SETTINGS, START

LATER = START + timedelta(minutes=10)


def paused(reason: PauseReason, **columns: Any) -> dict[str, Any]:
    return {"paused_at": START, "pause_reason": reason, "pause_message": "No.", "probe_at": LATER} | columns


async def test_what_is_not_given_or_null_stays(api: Api) -> None:
    before = await api.world.integration(Platform.META, name="Shop", test_mode=True)

    answer = await update(
        api, before.id, name=None, settings=None, credentials=None, enabled=None, testMode=None
    )

    assert answer["__typename"] == "IntegrationSuccess"
    after = await stored(api, before.id)
    assert after.model_dump() == before.model_dump()


async def test_what_is_given_replaces(api: Api) -> None:
    row = await api.world.integration(Platform.META)
    fresh = {"datasetId": "999888777666", "mode": "website"}

    answer = await update(
        api,
        row.id,
        name=" Shop ",
        settings=fresh,
        credentials={"accessToken": "fresh-token"},
        enabled=False,
        testMode=True,
    )

    shown = answer["integration"]
    assert (shown["name"], shown["enabled"], shown["testMode"]) == ("Shop", False, True)
    assert fresh.items() <= shown["settings"].items()
    assert "crm_name" not in shown["settings"]
    after = await stored(api, row.id)
    assert after.settings["dataset_id"] == "999888777666"
    assert after.settings["crm_name"] is None
    assert api.world.cipher.decrypt(after.credentials) == {"accessToken": "fresh-token"}
    assert api.woken == [row.id]


async def test_settings_can_be_given_back_as_they_were_shown(api: Api) -> None:
    row = await api.world.integration(Platform.GOOGLE_ADS)
    shown = (await api.ask("{ integrations { settings } }"))["integrations"][0]["settings"]

    answer = await update(api, row.id, settings=shown)

    assert answer["integration"]["settings"] == shown
    assert (await stored(api, row.id)).settings == row.settings


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"name": " "}, [["name"]]),
        ({"settings": [], "credentials": "leaky"}, [["settings"], ["credentials"]]),
        (
            {"settings": {"datasetId": "leaky"}, "credentials": {"accessToken": "leaky secret"}},
            [["settings", "datasetId"], ["settings", "mode"], ["credentials", "accessToken"]],
        ),
        ({"credentials": {}}, [["credentials", "accessToken"]]),
        ({"settings": {"mode": "a\x00"}}, [["settings"]]),
    ],
)
async def test_a_change_that_cannot_work_changes_nothing_and_repeats_no_secret(
    api: Api, changes: dict[str, Any], paths: list[list[str]]
) -> None:
    before = await api.world.integration(Platform.META, **paused(PauseReason.AUTHENTICATION))

    answer = await update(api, before.id, **({"enabled": False} | changes))

    assert "leaky" not in str(answer)
    assert [problem["path"] for problem in answer["problems"]] == paths
    assert (await stored(api, before.id)).model_dump() == before.model_dump()
    assert api.woken == []


async def test_a_platform_this_version_cannot_send_to_gets_no_new_credentials(api: Api) -> None:
    row = await api.world.integration(Platform.META)
    del api.world.connectors[Platform.META]

    assert (await update(api, row.id, credentials={"accessToken": "a"}))["problems"][0]["path"] == [
        "platform"
    ]
    assert (await update(api, row.id, name="Shop"))["integration"]["name"] == "Shop"


@pytest.mark.parametrize(
    "reason", [PauseReason.AUTHENTICATION, PauseReason.CONFIGURATION, PauseReason.API_SUNSET]
)
@pytest.mark.parametrize(
    "changes",
    [{"settings": SETTINGS[Platform.META]}, {"credentials": CREDENTIALS[Platform.META]}],
    ids=["settings", "credentials"],
)
async def test_a_refused_integration_is_tried_at_once_with_what_is_new(
    api: Api, reason: PauseReason, changes: dict[str, Any]
) -> None:
    row = await api.world.integration(Platform.META, **paused(reason))
    label = await api.world.label()
    await api.world.map(label.id, row, held_at=START, probe_at=LATER)

    await update(api, row.id, **changes)

    after = await stored(api, row.id)
    assert (after.paused_at, after.pause_reason, after.probe_at) == (START, reason, api.world.clock())
    assert [mapping.probe_at for mapping in await api.rows(LabelMappingRow)] == [api.world.clock()]
    assert api.woken == [row.id]


async def test_what_was_refused_for_being_a_test_is_tried_at_once_when_it_is_none(api: Api) -> None:
    label = await api.world.label()
    row = await api.world.integration(Platform.MICROSOFT_ADS, test_mode=True)
    await api.world.map(label.id, row, held_at=START, probe_at=LATER)

    await update(api, row.id, testMode=False)

    assert [mapping.probe_at for mapping in await api.rows(LabelMappingRow)] == [api.world.clock()]
    assert (await stored(api, row.id)).probe_at != api.world.clock()


async def test_new_credentials_do_not_end_a_pause_by_hand(api: Api) -> None:
    row = await api.world.integration(
        Platform.META, paused_at=START, pause_reason=PauseReason.MANUAL, probe_at=None
    )

    await update(api, row.id, credentials=CREDENTIALS[Platform.META])

    after = await stored(api, row.id)
    assert (after.pause_reason, after.probe_at) == (PauseReason.MANUAL, None)


async def test_new_credentials_of_a_running_integration_are_tried_before_a_conversion_needs_them(
    api: Api,
) -> None:
    row = await api.world.integration(Platform.META, probe_at=LATER)

    await update(api, row.id, credentials=CREDENTIALS[Platform.META])

    after = await stored(api, row.id)
    assert (after.paused_at, after.probe_at) == (None, api.world.clock())


async def test_without_new_settings_or_credentials_nothing_is_tried(api: Api) -> None:
    row = await api.world.integration(Platform.META, **paused(PauseReason.AUTHENTICATION))

    await update(api, row.id, name="Shop", testMode=True)

    assert (await stored(api, row.id)).probe_at == LATER


async def test_a_switched_off_integration_gets_no_delivery_and_what_it_has_is_left_to_its_lane(
    api: Api,
) -> None:
    lead, other = await api.world.complete_lead(), await api.world.lead(email="b@example.com")
    label = await api.world.label()
    row = await api.world.integration(Platform.META)
    await api.world.map(label.id, row)
    await api.update({"leadId": str(lead.id)}, label.id)
    api.woken.clear()

    await update(api, row.id, enabled=False)
    answer = await api.update({"leadId": str(other.id)}, label.id)

    assert answer["job"]["deliveries"] == []
    assert [delivery.state for delivery in await api.rows(DeliveryRow)] == [DeliveryState.SCHEDULED]
    assert api.woken[0] == row.id


async def test_pausing_holds_until_somebody_resumes(api: Api) -> None:
    row = await api.world.integration(Platform.META, probe_at=LATER)

    shown = (await change(api, "pauseIntegration", row.id))["integration"]

    assert (shown["paused"], shown["pauseReason"], shown["pauseMessage"]) == (True, "MANUAL", None)
    assert shown["pausedSince"] == "2026-11-23T09:30:00.000Z"
    after = await stored(api, row.id)
    assert (after.paused_at, after.pause_reason, after.probe_at) == (START, PauseReason.MANUAL, None)
    assert api.woken == [row.id]


@pytest.mark.parametrize("reason", list(PauseReason))
async def test_pausing_what_is_paused_makes_it_a_pause_by_hand(api: Api, reason: PauseReason) -> None:
    row = await api.world.integration(Platform.META, **paused(reason, paused_at=START - timedelta(hours=1)))

    for _ in range(2):
        await change(api, "pauseIntegration", row.id)

    after = await stored(api, row.id)
    assert (after.paused_at, after.pause_reason) == (START - timedelta(hours=1), PauseReason.MANUAL)
    assert (after.pause_message, after.probe_at) == (None, None)


@pytest.mark.parametrize("reason", list(PauseReason))
async def test_resuming_ends_a_pause_of_any_kind(api: Api, reason: PauseReason) -> None:
    row = await api.world.integration(Platform.META, **paused(reason))

    for _ in range(2):
        shown = (await change(api, "resumeIntegration", row.id))["integration"]

    assert (shown["paused"], shown["pauseReason"], shown["pausedSince"]) == (False, None, None)
    after = await stored(api, row.id)
    assert (after.paused_at, after.pause_reason, after.pause_message, after.probe_at) == (None,) * 4
    assert api.woken == [row.id, row.id]


async def test_an_unknown_or_foreign_integration_is_not_found_and_not_changed(api: Api) -> None:
    given_ids = await unknown_ids(api)
    for given in given_ids:
        answers = [
            await update(api, given, enabled=False, name=" "),
            await change(api, "pauseIntegration", given),
            await change(api, "resumeIntegration", given),
        ]
        assert {answer["__typename"] for answer in answers} == {"IntegrationNotFoundError"}
        assert {answer["code"] for answer in answers} == {"INTEGRATION_NOT_FOUND"}
    foreign = await stored(api, given_ids[0])
    assert (foreign.enabled, foreign.paused_at) == (True, None)
    assert api.woken == []


async def test_settings_are_for_administrators(sqlite_api: Api) -> None:
    await sqlite_api.world.integration(Platform.META)
    sqlite_api.key = await sqlite_api.world.key("reader", Scope.LEADS_READ, Scope.STATUS_WRITE)

    refused = await sqlite_api.run("{ integrations { ... on Integration { hidden: settings } } }")
    shown = await sqlite_api.ask("{ integrations { name nextProbeAt } }")

    assert [error["extensions"]["code"] for error in refused["errors"]] == ["FORBIDDEN"]
    assert shown == {"integrations": [{"name": "meta", "nextProbeAt": "2026-11-24T09:30:00.000Z"}]}


@pytest.mark.parametrize("scope", [Scope.LEADS_WRITE, Scope.LEADS_READ, Scope.STATUS_WRITE])
async def test_changing_integrations_needs_admin(sqlite_api: Api, scope: Scope) -> None:
    row = await sqlite_api.world.integration(Platform.META)
    sqlite_api.key = await sqlite_api.world.key("scoped-key", scope)
    documents = [
        f'mutation {{ {name}(id: "{row.id}") {{ __typename }} }}'
        for name in ("testIntegration", "pauseIntegration", "resumeIntegration", "disconnectIntegration")
    ]

    answers = [await sqlite_api.run(document) for document in documents]
    answers.append(await sqlite_api.run(UPDATE, {"id": str(row.id), "input": {"enabled": False}}))

    for answer in answers:
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert (await stored(sqlite_api, row.id)).model_dump() == row.model_dump()
