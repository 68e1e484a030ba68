"""cancelJob: what is not sent yet is not sent any more, and no lead stays locked."""

from typing import Any

import pytest

from app.tables.jobs import DeliveryRow
from app.values import DeliveryState, JobState, LeadStatus, Platform, Scope
from tests.api import Api, process
from tests.resolvers.test_follow_ups import become, newest
from tests.world import START

CANCEL = """
mutation ($id: ID!) {
  cancelJob(id: $id) { id state active finishedAt lead { id status label { name } } deliveries { platform state } }
}
"""
SENDING = {"state": DeliveryState.SENDING, "attempts": 1, "next_attempt_at": None, "sending_since": START}


async def cancel(api: Api, job_id: str) -> Any:
    return (await api.ask(CANCEL, {"id": job_id}))["cancelJob"]


async def queued(api: Api, *platforms: Platform, **label: Any) -> tuple[str, str, str]:
    """The ids of a lead, of a label that is mapped everywhere, and of the lead's job for it."""
    lead, row = await api.world.complete_lead(), await api.world.label(**label)
    for platform in platforms:
        await api.world.map(row.id, await api.world.integration(platform))
    answer = await api.update({"leadId": str(lead.id)}, row.id, price=100)
    return str(lead.id), str(row.id), answer["job"]["id"]


@pytest.mark.parametrize("mark_as_done", [True, False])
async def test_a_pending_lead_becomes_open_and_keeps_its_label(api: Api, mark_as_done: bool) -> None:
    lead, _, job = await queued(api, Platform.META, mark_as_done=mark_as_done)

    answer = await cancel(api, job)

    assert (answer["id"], answer["state"], answer["active"]) == (job, "CANCELED", False)
    assert answer["finishedAt"] == "2026-11-23T09:30:00.000Z"
    assert answer["deliveries"] == [{"platform": "META", "state": "CANCELED"}]
    assert answer["lead"] == {"id": lead, "status": "OPEN", "label": {"name": "Qualified"}}
    assert (await api.lead_row(int(lead))).price_cents == 100


async def test_the_lead_can_be_changed_again_at_once(api: Api) -> None:
    lead, label, job = await queued(api, Platform.META)
    await cancel(api, job)

    again = await api.update({"leadId": lead}, label)

    assert (again["__typename"], again["warnings"]) == ("QueuedResult", [])


async def test_what_was_sent_stays_sent(api: Api) -> None:
    _, _, job = await queued(api, Platform.META, Platform.GOOGLE_ADS)
    sent = (await api.deliveries())[Platform.META]
    await become(api, sent.id, state=DeliveryState.DELIVERED, attempts=1, next_attempt_at=None)

    answer = await cancel(api, job)

    states = {one["platform"]: one["state"] for one in answer["deliveries"]}
    assert states == {"META": "DELIVERED", "GOOGLE_ADS": "CANCELED"}
    assert answer["state"] == "COMPLETED"


async def test_what_is_being_sent_goes_on_and_is_not_tried_again(api: Api) -> None:
    lead, _, job = await queued(api, Platform.META)
    sending = await newest(api)
    await become(api, sending.id, **SENDING)

    answer = await cancel(api, job)

    assert (answer["state"], answer["active"]) == ("PROCESSING", False)
    assert (await newest(api)).taken_back is True
    assert (await api.lead_row(int(lead))).status is LeadStatus.OPEN


async def test_what_may_have_arrived_is_not_called_canceled(api: Api) -> None:
    _, _, job = await queued(api, Platform.META)
    await become(api, (await newest(api)).id, attempts=1, uncertain_since=START)

    answer = await cancel(api, job)

    assert (answer["state"], answer["deliveries"][0]["state"]) == ("FAILED", "UNCONFIRMED")


async def test_a_job_behind_its_lead_is_canceled_and_leaves_the_lead_alone(api: Api) -> None:
    lead, _, job = await queued(api, Platform.META, mark_as_done=True)
    await process(api, DeliveryState.HELD)
    assert (await api.lead_row(int(lead))).status is LeadStatus.RATED

    answer = await cancel(api, job)

    assert (answer["state"], answer["lead"]["status"]) == ("CANCELED", "RATED")


async def test_a_job_that_gave_way_changes_nothing_of_the_lead(api: Api) -> None:
    lead, label, first = await queued(api, Platform.META)
    await become(api, (await newest(api)).id, **SENDING)
    second = await api.update({"leadId": lead}, label, price=5, onConflict="SUPERSEDE")

    await cancel(api, first)

    row = await api.lead_row(int(lead))
    assert (row.status, str(row.current_job_id)) == (LeadStatus.PENDING, second["job"]["id"])


async def test_canceling_twice_and_canceling_what_is_through_changes_nothing(api: Api) -> None:
    _, _, job = await queued(api, Platform.META)
    await process(api)
    before = [row.model_dump() for row in await api.rows(DeliveryRow)]

    answers = [await cancel(api, job), await cancel(api, job)]

    assert answers[0] == answers[1]
    assert answers[0]["state"] == JobState.COMPLETED.value
    assert [row.model_dump() for row in await api.rows(DeliveryRow)] == before


async def test_what_was_canceled_is_not_tried_again(api: Api) -> None:
    _, _, job = await queued(api, Platform.META)
    await cancel(api, job)

    data = await api.ask(
        "mutation ($job: ID!) { retryDeliveries(filter: {jobId: $job}, dryRun: false) { matched } }",
        {"job": job},
    )

    assert data["retryDeliveries"]["matched"] == 0


async def test_a_job_of_another_project_an_unknown_and_no_id_at_all_are_null(api: Api) -> None:
    _, _, job = await queued(api, Platform.META)
    await api.world.begin("Another project")
    api.key = await api.world.key("other-key", Scope.ADMIN)

    for given in (job, "01900000-0000-7000-8000-000000000000", "nonsense", ""):
        assert await cancel(api, given) is None
    assert (await newest(api)).state is DeliveryState.SCHEDULED


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        (Scope.STATUS_WRITE, True),
        (Scope.ADMIN, True),
        (Scope.LEADS_READ, False),
        (Scope.LEADS_WRITE, False),
    ],
)
async def test_whoever_may_change_the_status_may_cancel(sqlite_api: Api, scope: Scope, allowed: bool) -> None:
    sqlite_api.key = await sqlite_api.world.key("scoped-key", scope)

    answer = await sqlite_api.run('mutation { cancelJob(id: "x") { id } }')

    assert ("errors" not in answer) == allowed
