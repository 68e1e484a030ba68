"""disconnectIntegration: what ends, what finishes, and what stays for the record."""

from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.queue.port import SWEEP_LANE
from app.services import disconnecting
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow, JobRow
from app.tables.labels import LabelMappingRow
from app.values import DeliveryState, JobState, LeadStatus, PauseReason, Platform
from tests.api import Api
from tests.resolvers.integrations import change, probe, stored, unknown_ids, update
from tests.world import START

S = DeliveryState


async def disconnect(api: Api, integration_id: object) -> dict[str, Any]:
    return await change(api, "disconnectIntegration", integration_id)


async def queue(api: Api, *platforms: Platform) -> tuple[dict[Platform, IntegrationRow], JobRow]:
    """A job with a delivery for each platform."""
    lead, label = await api.world.complete_lead(), await api.world.label(mark_as_done=True)
    rows = {platform: await api.world.integration(platform) for platform in platforms}
    for row in rows.values():
        await api.world.map(label.id, row)
    await api.update({"leadId": str(lead.id)}, label.id)
    api.woken.clear()
    return rows, (await api.jobs())[-1]


async def set_deliveries(api: Api, **columns: Any) -> None:
    def work(session: Session) -> None:
        for row in session.exec(select(DeliveryRow).where(col(DeliveryRow.platform) == Platform.META)):
            for column, value in columns.items():
                setattr(row, column, value)

    await api.world.database.write(work)


async def test_its_credentials_and_mappings_are_gone_and_it_is_not_listed_any_more(api: Api) -> None:
    rows, _ = await queue(api, Platform.META, Platform.GA4)
    meta = rows[Platform.META]

    answer = await disconnect(api, meta.id)

    shown = answer["integration"]
    assert (shown["id"], shown["enabled"]) == (str(meta.id), False)
    assert shown["disconnectedAt"] == "2026-11-23T09:30:00.000Z"
    row = await stored(api, meta.id)
    assert (row.disconnected_at, row.credentials, row.enabled) == (START, "", False)
    left = await api.ask("{ integrations { platform } conversionLabels { mappings { target } } }")
    assert left["integrations"] == [{"platform": "GA4"}]
    assert [label["mappings"] for label in left["conversionLabels"]] == [[], [{"target": "qualify_lead"}]]
    assert api.woken == [meta.id, SWEEP_LANE]


@pytest.mark.parametrize("state", [S.SCHEDULED, S.HELD])
async def test_what_waits_is_canceled_and_its_job_ends(api: Api, state: DeliveryState) -> None:
    rows, job = await queue(api, Platform.META)
    await set_deliveries(api, state=state, error_code="DOWN", warning={"code": "INTEGRATION_PAUSED"})

    await disconnect(api, rows[Platform.META].id)

    delivery = (await api.deliveries())[Platform.META]
    assert (delivery.state, delivery.error_code) == (S.CANCELED, "INTEGRATION_DISCONNECTED")
    assert (delivery.finished_at, delivery.next_attempt_at, delivery.warning) == (START, None, None)
    ended = (await api.jobs())[-1]
    assert (ended.state, ended.active, ended.finished_at) == (JobState.CANCELED, False, START)
    assert (await api.lead_row(job.lead_id)).status is LeadStatus.RATED
    shown = await api.ask(
        "query ($id: ID!) { job(id: $id) { deliveries { errorMessage integration { name disconnectedAt } } } }",
        {"id": str(job.id)},
    )
    [seen] = shown["job"]["deliveries"]
    assert "was disconnected" in seen["errorMessage"]
    assert seen["integration"] == {"name": "meta", "disconnectedAt": "2026-11-23T09:30:00.000Z"}


async def test_other_integrations_deliveries_and_the_job_go_on(api: Api) -> None:
    rows, _ = await queue(api, Platform.META, Platform.GA4)

    await disconnect(api, rows[Platform.META].id)

    deliveries = await api.deliveries()
    assert (deliveries[Platform.META].state, deliveries[Platform.GA4].state) == (S.CANCELED, S.SCHEDULED)
    assert (await api.jobs())[-1].active


async def test_what_may_have_arrived_is_not_called_canceled(api: Api) -> None:
    rows, _ = await queue(api, Platform.META)
    await set_deliveries(api, uncertain_since=START)

    await disconnect(api, rows[Platform.META].id)

    assert (await api.deliveries())[Platform.META].state is S.UNCONFIRMED


async def test_what_is_being_sent_finishes(api: Api) -> None:
    rows, _ = await queue(api, Platform.META)
    await set_deliveries(api, state=S.SENDING, attempts=1)

    await disconnect(api, rows[Platform.META].id)

    assert (await api.deliveries())[Platform.META].state is S.SENDING
    assert (await api.jobs())[-1].active


async def test_nobody_will_ask_for_the_verdict_on_what_was_accepted(api: Api) -> None:
    rows, _ = await queue(api, Platform.META)
    await set_deliveries(api, state=S.ACCEPTED, verdict_at=START, next_attempt_at=None)

    await disconnect(api, rows[Platform.META].id)

    delivery = (await api.deliveries())[Platform.META]
    assert (delivery.state, delivery.verdict_at) == (S.ACCEPTED, None)
    assert delivery.error_code == "VERDICT_UNAVAILABLE"


async def test_it_takes_no_part_in_status_changes_any_more(api: Api) -> None:
    rows, job = await queue(api, Platform.META)
    await disconnect(api, rows[Platform.META].id)
    lead = await api.world.complete_lead(unique_identifier="crm-2")

    answer = await api.update({"leadId": str(lead.id)}, job.label_id)

    assert (answer["job"]["deliveries"], answer["warnings"]) == ([], [])


async def test_it_cannot_be_changed_tested_or_disconnected_again_and_no_label_be_mapped_to_it(
    api: Api,
) -> None:
    row = await api.world.integration(
        Platform.META, paused_at=START, pause_reason=PauseReason.AUTHENTICATION, pause_message="No."
    )
    await disconnect(api, row.id)
    before = await stored(api, row.id)

    answers = [
        await update(api, row.id, enabled=True),
        await change(api, "pauseIntegration", row.id),
        await change(api, "resumeIntegration", row.id),
        await disconnect(api, row.id),
        await probe(api, row.id),
    ]
    label = await api.ask(
        'mutation ($id: ID!) { createConversionLabel(input: {name: "A", mappings: [{integrationId: $id, target: "A"}]})'
        " { ... on InvalidInputError { problems { path } } } }",
        {"id": str(row.id)},
    )

    assert {answer["__typename"] for answer in answers} == {"IntegrationNotFoundError"}
    assert label["createConversionLabel"]["problems"] == [{"path": ["mappings", "0", "integrationId"]}]
    assert (await stored(api, row.id)).model_dump() == before.model_dump()
    assert (before.paused_at, before.pause_reason, before.pause_message) == (None, None, None)


async def test_an_unknown_or_foreign_integration_is_not_found_and_stays_connected(api: Api) -> None:
    given_ids = await unknown_ids(api)
    for given in given_ids:
        assert (await disconnect(api, given))["code"] == "INTEGRATION_NOT_FOUND"
    assert (await stored(api, given_ids[0])).disconnected_at is None


async def test_more_than_one_transaction_takes_is_canceled_too(
    sqlite_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disconnecting, "CLEAR_SIZE", 1)
    rows, _ = await queue(sqlite_api, Platform.META)
    label_id = (await sqlite_api.jobs())[-1].label_id
    for number in range(3):
        lead = await sqlite_api.world.complete_lead(unique_identifier=f"more-{number}")
        await sqlite_api.update({"leadId": str(lead.id)}, label_id)

    await disconnect(sqlite_api, rows[Platform.META].id)

    assert [row.state for row in await sqlite_api.rows(DeliveryRow)] == [S.CANCELED] * 4
    assert await sqlite_api.rows(LabelMappingRow) == []
