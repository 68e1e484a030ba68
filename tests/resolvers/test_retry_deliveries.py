"""retryDeliveries: what failed goes again as it was, and what is through or on its way is not touched."""

from typing import Any

import pytest

from app.tables.integrations import IntegrationRow
from app.tables.leads import LeadRow
from app.values import DeliveryState, JobState, LeadStatus, Platform
from tests.api import Api, process
from tests.resolvers.retries import change, connected, ended, queued, refused, retry, row_of
from tests.world import START

S = DeliveryState
NOTHING = {"matched": 0, "retried": 0, "skipped": 0, "skippedBecause": []}


@pytest.mark.parametrize("state", [S.FAILED, S.REJECTED, S.EXPIRED, S.SKIPPED])
async def test_what_ended_unsent_is_tried_again_under_its_own_id_and_time(
    api: Api, state: DeliveryState
) -> None:
    lead, label, integration = await connected(api)
    delivery = await queued(api, lead, label, price=500)
    await ended(api, delivery, state)
    before = await row_of(api, delivery)
    api.world.clock.advance(hours=5)
    api.woken.clear()

    answer = await retry(api)

    assert (answer["matched"], answer["retried"], answer["skipped"]) == (1, 1, 0)
    after = await row_of(api, delivery)
    assert (after.state, after.next_attempt_at) == (S.SCHEDULED, api.world.clock())
    frozen = ("platform_event_id", "event_at", "value_cents", "currency", "target", "attempts", "created_at")
    assert all(getattr(after, name) == getattr(before, name) for name in frozen)
    assert (after.unknown_errors, after.taken_back, after.finished_at) == (0, False, None)
    assert (after.error_code, after.error_message, after.warning) == (None, None, None)
    assert after.expires_at is not None
    assert after.expires_at > api.world.clock()
    assert api.woken == [integration.id]


async def test_the_job_goes_on_and_neither_its_activity_nor_the_lead_changes(api: Api) -> None:
    lead, label, _ = await connected(api, mark_as_done=True)
    delivery = await queued(api, lead, label)
    await ended(api, delivery, S.FAILED)
    [failed] = await api.jobs()
    assert (failed.state, failed.active) == (JobState.FAILED, False)

    await retry(api)

    [job] = await api.jobs()
    assert (job.state, job.active, job.finished_at) == (JobState.PROCESSING, False, None)
    assert (await api.lead_row(lead.id)).status is LeadStatus.RATED
    await process(api)
    [job] = await api.jobs()
    assert (job.state, job.active) == (JobState.COMPLETED, False)


@pytest.mark.parametrize("state", [S.SCHEDULED, S.HELD, S.SENDING, S.ACCEPTED, S.DELIVERED, S.CANCELED])
@pytest.mark.parametrize("named", [False, True])
async def test_what_was_delivered_is_on_its_way_or_was_canceled_is_never_touched(
    api: Api, state: DeliveryState, named: bool
) -> None:
    lead, label, _ = await connected(api)
    delivery = await queued(api, lead, label)
    await ended(api, delivery, state, next_attempt_at=START if state in {S.SCHEDULED, S.HELD} else None)
    before = (await row_of(api, delivery)).model_dump()
    given: dict[str, Any] = {"state": [state.value]} | ({"ids": [str(delivery.id)]} if named else {})

    answer = await retry(api, **given)

    assert {name: answer[name] for name in NOTHING} == NOTHING
    assert (await row_of(api, delivery)).model_dump() == before


async def test_an_unconfirmed_one_is_sent_again_only_when_it_is_named(api: Api) -> None:
    lead, label, _ = await connected(api, Platform.GA4)
    delivery = await queued(api, lead, label)
    await ended(api, delivery, S.UNCONFIRMED)

    for given in ({}, {"state": ["UNCONFIRMED"]}, {"leadId": str(lead.id)}):
        assert (await retry(api, **given))["matched"] == 0

    assert (await retry(api, ids=[str(delivery.id)]))["retried"] == 1
    after = await row_of(api, delivery)
    assert (after.state, after.uncertain_since) == (S.SCHEDULED, None)


async def test_what_the_platform_would_still_recognise_stays_uncertain_so_that_the_lane_ends_it_in_time(
    api: Api,
) -> None:
    lead, label, _ = await connected(api, Platform.META)
    delivery = await queued(api, lead, label)
    await ended(api, delivery, S.FAILED, uncertain_since=START)
    api.world.clock.advance(hours=47)

    assert (await retry(api))["retried"] == 1
    assert (await row_of(api, delivery)).uncertain_since == START


async def test_a_failure_of_which_an_attempt_may_have_arrived_needs_to_be_named_once_a_copy_would_count(
    api: Api,
) -> None:
    lead, label, _ = await connected(api, Platform.META)
    delivery = await queued(api, lead, label)
    await ended(api, delivery, S.FAILED, uncertain_since=START)
    api.world.clock.advance(hours=49)

    await refused(api, "ALREADY_CONVERTED")
    assert (await row_of(api, delivery)).state is S.FAILED

    assert (await retry(api, ids=[str(delivery.id)]))["retried"] == 1
    assert (await row_of(api, delivery)).uncertain_since is None


@pytest.mark.parametrize("gone", ["lead", "integration"])
async def test_what_is_kept_for_the_record_only_is_not_looked_at(api: Api, gone: str) -> None:
    lead, label, integration = await connected(api)
    delivery = await queued(api, lead, label)
    await ended(api, delivery, S.FAILED)
    if gone == "lead":
        await change(api, LeadRow, lead.id, erased_at=START)
    else:
        await change(api, IntegrationRow, integration.id, disconnected_at=START)

    assert (await retry(api, ids=[str(delivery.id)]))["matched"] == 0
    assert (await row_of(api, delivery)).state is S.FAILED


async def test_what_fails_again_can_be_tried_again(api: Api) -> None:
    lead, label, _ = await connected(api)
    delivery = await queued(api, lead, label)
    for attempts in (8, 16):
        await ended(api, delivery, S.FAILED, attempts=attempts)
        assert (await retry(api))["retried"] == 1
    assert (await row_of(api, delivery)).attempts == 16


async def test_a_later_field_of_the_document_sees_what_was_tried_again(api: Api) -> None:
    lead, label, _ = await connected(api)
    delivery = await queued(api, lead, label)
    await ended(api, delivery, S.FAILED)
    document = f"""
    mutation {{
      before: cancelJob(id: "{delivery.job_id}") {{ deliveries {{ state }} }}
      retryDeliveries(filter: {{}}, dryRun: false) {{ retried }}
      after: cancelJob(id: "{delivery.job_id}") {{ deliveries {{ state }} }}
    }}
    """

    data = await api.ask(document)

    assert data["before"]["deliveries"] == [{"state": "FAILED"}]
    assert data["after"]["deliveries"] == [{"state": "CANCELED"}]
