"""Status changes that share a transaction on SQLite, where what they write is put off until its end."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.database.database import Database
from app.errors import DuplicateJobError, InvalidInputError
from app.ids import new_id
from app.services.answers import Opened, Queued
from app.services.identifying import LeadIdentifier
from app.services.status import StatusService
from app.services.status_change import StatusChange
from app.tables.jobs import DeliveryRow, JobRow
from app.tables.leads import LeadRow
from app.values import ConflictPolicy, DeliveryState, JobState, LeadStatus, Platform
from tests.api import Api, open_api, process
from tests.database.held_back import held_back

LEADS = 70
"""More than one statement takes."""


@pytest.fixture
async def api(sqlite_database: Database) -> AsyncIterator[Api]:
    async with open_api(sqlite_database) as api:
        yield api


async def labelled(api: Api) -> str:
    """A label that two integrations take, known already to whoever plans."""
    label = await api.world.label()
    for platform in (Platform.META, Platform.GA4):
        await api.world.map(label.id, await api.world.integration(platform))
    row = await api.world.complete_lead(unique_identifier="warm-up")
    await api.update({"leadId": str(row.id)}, label.id)
    return str(label.id)


async def in_one_group(api: Api, *changes: StatusChange, status: StatusService | None = None) -> list[Any]:
    service = status or api.services.status
    viewer = await api.services.gatekeeper.authenticate(api.key, "")
    async with held_back(api.world.database):
        tasks = [asyncio.create_task(service.update(viewer, change)) for change in changes]
    return await asyncio.gather(*tasks, return_exceptions=True)


def change(row: LeadRow, conversion_id: str, **more: Any) -> StatusChange:
    return StatusChange(lead=LeadIdentifier(lead_id=str(row.id)), conversion_id=conversion_id, **more)


async def test_changes_of_many_leads_are_all_stored(api: Api) -> None:
    label = await labelled(api)
    rows = [await api.world.complete_lead(unique_identifier=f"crm-{n}") for n in range(LEADS)]

    answers = await in_one_group(api, *(change(row, label, price_cents=row.id) for row in rows))

    jobs = {job.lead_id: job for job in await api.jobs()}
    deliveries: list[DeliveryRow] = await api.rows(DeliveryRow)
    stored: list[LeadRow] = await api.rows(LeadRow)
    leads = {lead.id: lead for lead in stored}
    for row, answer in zip(rows, answers, strict=True):
        assert isinstance(answer, Queued)
        assert row.id is not None
        assert (leads[row.id].status, leads[row.id].price_cents) == (LeadStatus.PENDING, row.id)
        assert leads[row.id].current_job_id == jobs[row.id].id == answer.job.id
        assert jobs[row.id].price_cents == row.id
        own = [delivery for delivery in deliveries if delivery.lead_id == row.id]
        assert {delivery.platform for delivery in own} == {Platform.META, Platform.GA4}
        assert {delivery.job_id for delivery in own} == {answer.job.id}


async def test_of_two_changes_of_one_lead_the_second_is_told_of_the_firsts_job(api: Api) -> None:
    label = await labelled(api)
    row = await api.world.complete_lead()
    other = await api.world.complete_lead(unique_identifier="crm-2")

    first, second, third = await in_one_group(
        api,
        change(row, label, price_cents=100),
        change(row, label, price_cents=200),
        change(other, label, price_cents=300),
    )

    assert isinstance(first, Queued)
    assert isinstance(second, DuplicateJobError)
    assert second.job_id == first.job.id
    assert isinstance(third, Queued)
    assert (await api.lead_row(row.id)).price_cents == 100
    assert sorted(str(job.price_cents) for job in await api.jobs() if job.price_cents) == ["100", "300"]


async def test_a_change_that_supersedes_another_of_its_group_cancels_it(api: Api) -> None:
    label = await labelled(api)
    row = await api.world.complete_lead()

    first, second = await in_one_group(
        api, change(row, label), change(row, label, on_conflict=ConflictPolicy.SUPERSEDE, price_cents=200)
    )

    assert isinstance(second, Queued)
    assert second.superseded_job is not None
    assert second.superseded_job.id == first.job.id
    jobs: dict[Any, JobRow] = {job.id: job for job in await api.jobs()}
    assert (jobs[first.job.id].state, jobs[second.job.id].active) == (JobState.CANCELED, True)
    deliveries: list[DeliveryRow] = await api.rows(DeliveryRow)
    assert {d.state for d in deliveries if d.job_id == first.job.id} == {DeliveryState.CANCELED}
    assert {d.state for d in deliveries if d.job_id == second.job.id} == {DeliveryState.SCHEDULED}


async def test_opening_a_lead_again_in_the_same_group_cancels_what_was_queued(api: Api) -> None:
    label = await labelled(api)
    row = await api.world.complete_lead()

    first, second = await in_one_group(api, change(row, label), change(row, "open"))

    assert isinstance(second, Opened)
    assert second.canceled_job is not None
    assert second.canceled_job.id == first.job.id
    assert (await api.lead_row(row.id)).status is LeadStatus.OPEN
    deliveries: list[DeliveryRow] = await api.rows(DeliveryRow)
    assert {d.state for d in deliveries if d.job_id == first.job.id} == {DeliveryState.CANCELED}


async def test_the_last_of_several_changes_of_one_lead_is_what_stays(api: Api) -> None:
    await labelled(api)
    row = await api.world.complete_lead()

    answers = await in_one_group(
        api, change(row, "open", price_cents=100), change(row, "open", price_cents=200), change(row, "open")
    )

    assert [answer.lead.price_cents for answer in answers] == [100, 200, 200]
    assert (await api.lead_row(row.id)).price_cents == 200


async def test_a_change_that_relies_on_an_earlier_delivery_has_nobodys_work_run_again(
    api: Api,
) -> None:
    """Its job is sent before its deliveries are put off, and those must not be sent before others' jobs."""
    label = await api.world.label(convert_once=True)
    for platform in (Platform.META, Platform.GA4):
        await api.world.map(label.id, await api.world.integration(platform))
    first = await api.world.complete_lead()
    second = await api.world.complete_lead(unique_identifier="crm-2")
    await api.update({"leadId": str(first.id)}, label.id)
    await process(api, DeliveryState.ACCEPTED)
    made: list[UUID] = []

    def noted_id() -> UUID:
        made.append(new_id())
        return made[-1]

    status = replace(api.services.status, make_id=noted_id)
    answers = await in_one_group(
        api, change(first, str(label.id)), change(second, str(label.id)), status=status
    )

    assert [type(answer) for answer in answers] == [Queued, Queued]
    assert len(made) == 2 * (1 + 2)  # a job and two deliveries each
    assert len(await api.jobs()) == 3


async def test_calls_with_idempotency_keys_are_each_done_once(api: Api) -> None:
    label = await labelled(api)
    row, other = await api.world.complete_lead(), await api.world.complete_lead(unique_identifier="crm-2")
    keyed = change(row, label, idempotency_key="key-1")

    first, again, opened, reused = await in_one_group(
        api,
        keyed,
        keyed,
        change(other, "open", idempotency_key="key-2"),
        change(row, "open", idempotency_key="key-1"),
    )

    assert (first.replayed, again.replayed) == (False, True)
    assert again.job.id == first.job.id
    assert isinstance(opened, Opened)
    assert isinstance(reused, InvalidInputError)
    assert len(await api.jobs()) == 2
