"""Retention of jobs: what never arrived goes, and what any rule still needs stays."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from app.services.pruning import Pruned, Retention
from app.tables.jobs import AttemptRow, DeliveryRow
from app.values import DeliveryKind, DeliveryState, Platform
from tests.api import Api, process
from tests.services.shop import DEAD, JOBS, Shop, overtaken
from tests.world import START

S = DeliveryState


@pytest.mark.parametrize("state", DEAD)
async def test_a_job_of_which_nothing_arrived_goes_once_there_is_a_newer_one(shop: Shop, state: S) -> None:
    lead = await shop.lead()
    job_id = await shop.convert(lead, state)
    await overtaken(shop, lead)
    assert await shop.prune(JOBS) == Pruned()
    shop.pass_days()

    pruned = await shop.prune(JOBS)

    assert pruned == Pruned(jobs=1, deliveries=1, attempts=2)
    assert job_id not in await shop.job_ids()
    assert await shop.api.rows(AttemptRow) == []


@pytest.mark.parametrize("state", [S.DELIVERED, S.ACCEPTED, S.UNCONFIRMED])
async def test_of_a_conversion_that_may_have_arrived_only_the_attempt_log_goes(shop: Shop, state: S) -> None:
    lead = await shop.lead()
    job_id = await shop.convert(lead, state)
    await overtaken(shop, lead)
    shop.pass_days()

    assert await shop.prune(JOBS) == Pruned(attempts=2, jobs=0)
    row = await shop.delivery(job_id)
    assert (row.state, row.attempts) == (state, 1)


@pytest.mark.parametrize(
    ("state", "columns"),
    [
        (S.SCHEDULED, {}),
        (S.HELD, {}),
        (S.SENDING, {}),
        (S.ACCEPTED, {"verdict_at": START}),
        (S.FAILED, {"expires_at": START + timedelta(days=1000)}),
    ],
)
async def test_what_something_may_still_happen_to_stays_whatever_its_age(
    shop: Shop, state: S, columns: dict[str, Any]
) -> None:
    lead = await shop.lead()
    await shop.convert(lead, state, **columns)
    shop.pass_days()
    everything = Retention(leads=365, jobs=365, bodies=365)

    assert (await shop.prune(everything)).leads == 0
    [row] = await shop.api.rows(DeliveryRow)
    assert row.state is state
    assert (row.request is None) == (state is S.FAILED)


async def test_an_active_job_stays_and_so_does_the_newest_of_a_lead(shop: Shop) -> None:
    active, newest = await shop.lead(), await shop.lead(unique_identifier="crm-2")
    await shop.change(active)
    await shop.convert(newest, S.REJECTED)
    shop.pass_days()

    pruned = await shop.prune(JOBS)

    assert pruned.jobs == 0
    assert len(await shop.job_ids()) == 2


async def test_a_label_that_counts_once_still_does_after_any_number_of_years(shop: Shop) -> None:
    lead = await shop.lead()
    await shop.convert(lead, S.DELIVERED)
    await overtaken(shop, lead)
    for _ in range(3):
        shop.pass_days()
        await shop.prune(Retention(jobs=100, bodies=1, audit=1))

    answer = await shop.change(lead)

    assert [warning["code"] for warning in answer["warnings"]] == ["ALREADY_CONVERTED"]
    assert answer["job"]["deliveries"] == [{"platform": "WEBHOOK", "state": "SKIPPED"}]


async def test_a_conversion_can_still_be_changed_and_taken_back(api: Api) -> None:
    shop = await Shop(api).begin(undo_on_lost=True)
    lead = await shop.lead()
    await shop.convert(lead, S.DELIVERED)
    await overtaken(shop, lead)
    shop.pass_days()
    await shop.prune(Retention(jobs=100, bodies=1, audit=1))

    await shop.change(lead, price=999)
    await process(api)
    await shop.change(lead, "lost")

    rows = sorted(await api.rows(DeliveryRow), key=lambda row: row.id)
    sent = next(row for row in rows if row.kind is DeliveryKind.SEND and row.state is S.DELIVERED)
    followers = [(row.kind, row.follows_id, row.platform_event_id) for row in rows if row.follows_id]
    assert followers == [
        (DeliveryKind.RESTATE, sent.id, sent.platform_event_id),
        (DeliveryKind.RETRACT, sent.id, sent.platform_event_id),
    ]


async def test_what_a_newer_delivery_follows_stays(shop: Shop) -> None:
    lead = await shop.lead()
    first = await shop.convert(lead, S.DELIVERED)
    await shop.change(lead, price=999)
    await process(shop.api, S.DELIVERED)

    def only_the_newer_value_arrived(session: Session) -> None:
        row = session.exec(select(DeliveryRow).where(col(DeliveryRow.job_id) == first)).one()
        row.state = S.FAILED

    await shop.api.world.database.write(only_the_newer_value_arrived)
    await overtaken(shop, lead)
    shop.pass_days()

    assert (await shop.prune(JOBS)).jobs == 0
    assert first in await shop.job_ids()


async def would_retry(api: Api, delivery_id: UUID) -> int:
    query = (
        "mutation ($ids: [ID!]) { retryDeliveries(filter: {ids: $ids}, dryRun: true) { matched retried } }"
    )
    answer = (await api.ask(query, {"ids": [str(delivery_id)]}))["retryDeliveries"]
    assert answer["matched"] == 1
    return int(answer["retried"])


async def test_what_was_lost_stays_known_to_whoever_tries_an_older_conversion_again(api: Api) -> None:
    shop = await Shop(api).begin(undo_on_lost=True)
    await api.world.map(shop.label.id, await api.world.integration(Platform.GA4))
    lead = await shop.lead()
    await shop.convert(lead, S.FAILED)
    sent = await api.deliveries()

    def one_platform_has_it(session: Session) -> None:
        session.get_one(DeliveryRow, sent[Platform.GA4].id).state = S.DELIVERED

    await api.world.database.write(one_platform_has_it)
    assert await would_retry(api, sent[Platform.WEBHOOK].id) == 1
    await shop.convert(lead, S.SKIPPED, "lost")
    await overtaken(shop, lead)
    shop.pass_days()
    await shop.prune(JOBS)

    assert await would_retry(api, sent[Platform.WEBHOOK].id) == 0


async def test_that_a_lead_got_its_label_again_stays_known_to_whoever_retracts_the_first_one(
    api: Api,
) -> None:
    shop = await Shop(api).begin(undo_on_lost=True)
    lead = await shop.lead()
    await shop.convert(lead, S.DELIVERED)
    lost = await shop.convert(lead, S.FAILED, "lost")
    [retraction] = [
        row for row in await api.rows(DeliveryRow) if row.job_id == lost and row.kind is DeliveryKind.RETRACT
    ]
    assert await would_retry(api, retraction.id) == 1
    await shop.convert(lead, S.SKIPPED)
    await overtaken(shop, lead)
    shop.pass_days()
    await shop.prune(JOBS)

    assert await would_retry(api, retraction.id) == 0
