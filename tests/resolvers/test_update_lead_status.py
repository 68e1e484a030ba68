"""The table of the star mutation, row by row: what is answered, and what is stored."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from app.queue.port import SWEEP_LANE
from app.services.progress import settle_job
from app.tables.jobs import DeliveryRow
from app.values import DeliveryState, JobState, LeadStatus, Platform
from tests.api import Api, process
from tests.world import START, TARGETS


async def test_a_label_queues_a_job_with_one_delivery_for_each_enabled_integration(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    for platform in TARGETS:
        await api.world.map(label.id, await api.world.integration(platform))
    await api.world.integration(Platform.META, "switched off", enabled=False)

    answer = await api.update({"leadId": str(lead.id)}, label.id, price=12_500)

    assert answer["__typename"] == "QueuedResult"
    assert (answer["message"], answer["status"], answer["queued"]) == (
        "Lead queued for processing",
        "PENDING",
        True,
    )
    assert (answer["leadId"], answer["uniqueIdentifier"]) == (str(lead.id), "crm-1")
    assert (answer["identifiedBy"], answer["replayed"], answer["supersededJob"]) == ("LEAD_ID", False, None)
    assert answer["lead"] == {
        "id": str(lead.id),
        "status": "PENDING",
        "price": 12_500,
        "label": {"name": "Qualified"},
    }
    assert answer["warnings"] == []
    job = answer["job"]
    assert (job["state"], job["active"], job["price"], job["currency"]) == ("PENDING", True, 12_500, "EUR")
    assert sorted(delivery["platform"] for delivery in job["deliveries"]) == sorted(TARGETS)
    assert {delivery["state"] for delivery in job["deliveries"]} == {"SCHEDULED"}
    stored = await api.lead_row(lead.id)
    assert (stored.status, stored.label_id, stored.price_cents) == (LeadStatus.PENDING, label.id, 12_500)
    assert stored.current_job_id == UUID(job["id"])


async def test_the_lanes_concerned_are_woken_after_the_commit(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    meta = await api.world.integration(Platform.META)
    await api.world.map(label.id, meta)

    await api.update({"leadId": str(lead.id)}, label.id)

    assert api.woken == [meta.id]


async def test_a_job_with_nothing_to_send_wakes_the_sweep_and_is_pending_in_the_answer(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()

    answer = await api.update({"leadId": str(lead.id)}, label.id)

    assert (answer["status"], answer["job"]["state"], answer["job"]["active"]) == ("PENDING", "PENDING", True)
    assert api.woken == [SWEEP_LANE]


async def test_open_reopens_the_lead_without_a_job(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    await api.update({"leadId": str(lead.id)}, label.id)
    await process(api)

    answer = await api.update({"leadId": str(lead.id)}, "open")

    assert answer["__typename"] == "OpenResult"
    assert (answer["message"], answer["status"], answer["queued"]) == (
        "Lead status updated to open",
        "OPEN",
        False,
    )
    assert answer["lead"]["label"] is None
    assert answer["canceledJob"] is None
    assert (await api.lead_row(lead.id)).status is LeadStatus.OPEN
    assert len(await api.jobs()) == 1


@pytest.mark.parametrize("policy", ["REJECT", "SUPERSEDE"])
async def test_open_cancels_what_the_current_job_has_not_sent_and_is_never_a_duplicate(
    api: Api, policy: str
) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    await api.world.map(label.id, await api.world.integration(Platform.META))
    queued = await api.update({"leadId": str(lead.id)}, label.id)

    answer = await api.update({"leadId": str(lead.id)}, "OPEN", onConflict=policy)

    assert answer["__typename"] == "OpenResult"
    assert answer["canceledJob"] == {"id": queued["job"]["id"], "state": "CANCELED", "active": False}
    assert (await api.deliveries())[Platform.META].state is DeliveryState.CANCELED
    assert (await api.lead_row(lead.id)).status is LeadStatus.OPEN


async def test_open_lets_a_delivery_that_is_being_sent_finish(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    await api.world.map(label.id, await api.world.integration(Platform.META))
    await api.update({"leadId": str(lead.id)}, label.id)
    await process(api, DeliveryState.SENDING)

    answer = await api.update({"leadId": str(lead.id)}, "open")

    assert answer["canceledJob"] is None
    assert (await api.deliveries())[Platform.META].state is DeliveryState.SENDING
    job = (await api.jobs())[0]
    assert (job.active, job.state) == (False, JobState.PROCESSING)


async def test_lost_in_any_letter_case_stands_for_the_built_in_label(api: Api) -> None:
    lead = await api.world.complete_lead()
    await api.world.map(api.world.lost_id, await api.world.integration(Platform.META))

    answer = await api.update({"leadId": str(lead.id)}, "LoSt")

    assert answer["__typename"] == "QueuedResult"
    assert answer["lead"]["label"] == {"name": "Lost"}
    assert answer["job"]["deliveries"] == [{"platform": "META", "state": "SCHEDULED"}]
    await process(api)
    assert (await api.lead_row(lead.id)).status is LeadStatus.LOST


async def test_the_uuid_of_the_built_in_label_means_the_same_as_lost(api: Api) -> None:
    lead = await api.world.complete_lead()

    await api.update({"leadId": str(lead.id)}, api.world.lost_id)
    await process(api)

    assert (await api.lead_row(lead.id)).status is LeadStatus.LOST


@pytest.mark.parametrize(("done", "after"), [(True, LeadStatus.RATED), (False, LeadStatus.OPEN)])
async def test_a_processed_job_rates_or_reopens_the_lead_and_keeps_its_label(
    api: Api, done: bool, after: LeadStatus
) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label(mark_as_done=done)
    await api.world.map(label.id, await api.world.integration(Platform.META))
    await api.update({"leadId": str(lead.id)}, label.id)

    await process(api)

    stored = await api.lead_row(lead.id)
    assert (stored.status, stored.label_id) == (after, label.id)
    assert (await api.jobs())[0].state is JobState.COMPLETED


async def test_an_active_job_refuses_another_and_nothing_changes_not_even_the_price(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    other = await api.world.label("Won")
    queued = await api.update({"leadId": str(lead.id)}, label.id, price=100)

    answer = await api.update({"leadId": str(lead.id)}, other.id, price=999)

    assert answer["__typename"] == "DuplicateJobError"
    assert (answer["code"], answer["leadId"], answer["uniqueIdentifier"]) == (
        "DUPLICATE_JOB",
        str(lead.id),
        "crm-1",
    )
    assert answer["job"] == {"id": queued["job"]["id"], "price": 100}
    stored = await api.lead_row(lead.id)
    assert (stored.price_cents, stored.label_id) == (100, label.id)
    assert len(await api.jobs()) == 1


async def test_supersede_cancels_what_is_not_sent_and_lets_the_new_job_take_over(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    other = await api.world.label("Won")
    meta = await api.world.integration(Platform.META)
    await api.world.map(label.id, meta)
    await api.world.map(other.id, meta)
    first = await api.update({"leadId": str(lead.id)}, label.id)

    answer = await api.update({"leadId": str(lead.id)}, other.id, onConflict="SUPERSEDE")

    assert answer["__typename"] == "QueuedResult"
    assert answer["supersededJob"] == {"id": first["job"]["id"], "state": "CANCELED", "active": False}
    assert answer["job"]["active"] is True
    states = {str(row.job_id): row.state for row in await api.rows(DeliveryRow)}
    assert states == {
        first["job"]["id"]: DeliveryState.CANCELED,
        answer["job"]["id"]: DeliveryState.SCHEDULED,
    }


async def test_supersede_without_an_active_job_is_an_ordinary_change(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()

    answer = await api.update({"leadId": str(lead.id)}, label.id, onConflict="SUPERSEDE")

    assert (answer["__typename"], answer["supersededJob"]) == ("QueuedResult", None)


async def test_a_superseded_job_that_ends_later_leaves_the_lead_alone(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label(mark_as_done=True)
    await api.world.map(label.id, await api.world.integration(Platform.META))
    await api.update({"leadId": str(lead.id)}, label.id)
    await process(api, DeliveryState.SENDING)
    other = await api.world.label("Won")

    answer = await api.update({"leadId": str(lead.id)}, other.id, onConflict="SUPERSEDE")
    old = UUID(answer["supersededJob"]["id"])

    def finish(session: Session) -> None:
        for row in session.exec(select(DeliveryRow).where(col(DeliveryRow.job_id) == old)):
            row.state = DeliveryState.DELIVERED
        session.flush()
        settle_job(session, old, api.world.clock())

    await api.world.database.write(finish)
    stored = await api.lead_row(lead.id)
    assert (stored.status, stored.current_job_id) == (LeadStatus.PENDING, UUID(answer["job"]["id"]))


@pytest.mark.parametrize("conversion_id", ["open", "lost", "01900000-0000-7000-8000-000000000000"])
async def test_no_such_lead_is_said_before_anything_else(api: Api, conversion_id: str) -> None:
    answer = await api.update({"email": "nobody@example.com"}, conversion_id)

    assert answer["__typename"] == "LeadNotFoundError"
    assert (answer["code"], answer["identifiedBy"]) == ("LEAD_NOT_FOUND", "EMAIL")


async def test_an_unknown_an_archived_and_a_foreign_label_are_not_found(api: Api) -> None:
    lead = await api.world.complete_lead()
    archived = await api.world.label(archived_at=START)
    own = api.world.project_id
    await api.world.begin("Another project")
    foreign = await api.world.label()
    api.world.project_id = own

    for conversion_id in (archived.id, foreign.id, "01900000-0000-7000-8000-000000000000", "won", "\x00"):
        answer = await api.update({"leadId": str(lead.id)}, conversion_id, price=5)
        assert answer["__typename"] == "ConversionLabelNotFoundError"
        assert answer["conversionId"] == str(conversion_id)
    stored = await api.lead_row(lead.id)
    assert (stored.status, stored.price_cents) == (LeadStatus.OPEN, None)


async def test_a_lead_of_another_project_is_not_found(api: Api) -> None:
    await api.world.begin("Another project")
    foreign = await api.world.complete_lead()

    answer = await api.update({"leadId": str(foreign.id)}, "open")

    assert answer["__typename"] == "LeadNotFoundError"


async def test_a_price_is_written_to_the_lead_by_open_too(api: Api) -> None:
    lead = await api.world.complete_lead()

    answer = await api.update({"leadId": str(lead.id)}, "open", price=0)

    assert answer["lead"]["price"] == 0


async def test_without_a_price_the_job_takes_the_leads_and_else_the_labels_default(api: Api) -> None:
    label = await api.world.label(default_price_cents=700)
    priced, unpriced = (
        await api.world.lead(email="a@example.com", price_cents=300),
        await api.world.lead(email="b@example.com"),
    )

    first = await api.update({"leadId": str(priced.id)}, label.id)
    second = await api.update({"leadId": str(unpriced.id)}, label.id)

    assert (first["job"]["price"], second["job"]["price"]) == (300, 700)
    assert (await api.lead_row(unpriced.id)).price_cents is None


async def test_occurred_at_is_what_platforms_will_be_told_in_whole_seconds(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    await api.world.map(label.id, await api.world.integration(Platform.META))

    answer = await api.update({"leadId": str(lead.id)}, label.id, occurredAt="2026-11-23T10:15:30.987+01:00")

    assert answer["job"]["occurredAt"] == "2026-11-23T09:15:30.000Z"
    assert (await api.deliveries())[Platform.META].event_at == START - timedelta(minutes=14, seconds=30)


async def test_occurred_at_may_be_five_minutes_ahead_and_no_more(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()

    refused = await api.update({"leadId": str(lead.id)}, label.id, occurredAt="2026-11-23T09:35:01Z")
    taken = await api.update({"leadId": str(lead.id)}, label.id, occurredAt="2026-11-23T09:35:00Z")

    assert refused["__typename"] == "InvalidInputError"
    assert refused["problems"] == [
        {"path": ["occurredAt"], "message": "must be at most 5 minutes in the future"}
    ]
    assert taken["__typename"] == "QueuedResult"


async def test_fifty_simultaneous_calls_for_one_lead_queue_exactly_one_job_with_the_winners_price(
    api: Api,
) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    await api.world.map(label.id, await api.world.integration(Platform.META))

    answers = await asyncio.gather(
        *(api.update({"leadId": str(lead.id)}, label.id, price=price) for price in range(1, 51))
    )

    winners = [answer for answer in answers if answer["__typename"] == "QueuedResult"]
    losers = [answer for answer in answers if answer["__typename"] == "DuplicateJobError"]
    assert (len(winners), len(losers)) == (1, 49)
    (job,) = await api.jobs()
    assert {loser["job"]["id"] for loser in losers} == {winners[0]["job"]["id"]} == {str(job.id)}
    stored = await api.lead_row(lead.id)
    assert stored.price_cents == job.price_cents == winners[0]["job"]["price"]
