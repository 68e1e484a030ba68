"""Status changes on top of conversions that are on their way: nothing lost, nothing twice, the last value stands."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from app.repositories.deliveries import select_due
from app.services.progress import settle_jobs
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow
from app.tables.labels import LabelRow
from app.values import DeliveryKind, DeliveryState, JobState, Platform
from tests.api import Api, process
from tests.world import START

SENDING = {"state": DeliveryState.SENDING, "attempts": 1, "next_attempt_at": None, "sending_since": START}


def in_retry(at: datetime = START + timedelta(hours=3)) -> dict[str, Any]:
    return {"state": DeliveryState.SCHEDULED, "attempts": 1, "next_attempt_at": at}


async def become(api: Api, delivery_id: UUID, **columns: Any) -> None:
    """Give a delivery these columns, as the worker would, and settle its job."""

    def work(session: Session) -> None:
        row = session.exec(select(DeliveryRow).where(col(DeliveryRow.id) == delivery_id)).one()
        for name, value in columns.items():
            setattr(row, name, value)
        session.flush()
        settle_jobs(session, [row.job_id], api.world.clock())

    await api.world.database.write(work)


async def connected(
    api: Api, platform: Platform = Platform.GOOGLE_ADS, **label: Any
) -> tuple[str, LabelRow, IntegrationRow]:
    lead = await api.world.complete_lead()
    row = await api.world.label(**label)
    integration = await api.world.integration(platform)
    await api.world.map(row.id, integration)
    return str(lead.id), row, integration


async def newest(api: Api, kind: DeliveryKind = DeliveryKind.SEND) -> DeliveryRow:
    rows: list[DeliveryRow] = await api.rows(DeliveryRow)
    return max((row for row in rows if row.kind is kind), key=lambda row: row.id)


async def claimable(api: Api, integration: IntegrationRow, at: datetime = START) -> list[UUID]:
    """What the lane would claim at that time."""

    def work(session: Session) -> list[UUID]:
        return [due.delivery.id for due in select_due(session, integration.id, at, 100)]

    return await api.world.database.write(work)


@pytest.mark.parametrize("again", ["SUPERSEDE", "open first"])
async def test_the_same_label_while_its_conversion_is_being_sent_keeps_that_one_trying(
    api: Api, again: str
) -> None:
    lead, label, _ = await connected(api)
    await api.update({"leadId": lead}, label.id)
    sent = await newest(api)
    await become(api, sent.id, **SENDING)
    if again == "open first":
        await api.update({"leadId": lead}, "open")
        assert (await newest(api)).taken_back is True

    answer = await api.update({"leadId": lead}, label.id, onConflict="SUPERSEDE")

    assert [warning["code"] for warning in answer["warnings"]] == ["ALREADY_CONVERTED"]
    first = next(row for row in await api.rows(DeliveryRow) if row.id == sent.id)
    assert (first.state, first.taken_back) == (DeliveryState.SENDING, False)


async def test_the_same_label_while_its_conversion_is_being_judged_keeps_that_one_trying(api: Api) -> None:
    lead, label, _ = await connected(api)
    await api.update({"leadId": lead}, label.id)
    sent = await newest(api)
    await become(api, sent.id, **SENDING)
    await api.update({"leadId": lead}, "open")
    await become(api, sent.id, state=DeliveryState.ACCEPTED)

    answer = await api.update({"leadId": lead}, label.id)

    assert [warning["code"] for warning in answer["warnings"]] == ["ALREADY_CONVERTED"]
    first = next(row for row in await api.rows(DeliveryRow) if row.id == sent.id)
    assert (first.state, first.taken_back) == (DeliveryState.ACCEPTED, False)


async def test_where_a_value_cannot_be_restated_the_conversion_that_is_being_sent_keeps_trying(
    api: Api,
) -> None:
    lead, label, _ = await connected(api, Platform.META)
    await api.update({"leadId": lead}, label.id, price=100)
    sent = await newest(api)
    await become(api, sent.id, **SENDING)

    answer = await api.update({"leadId": lead}, label.id, price=200, onConflict="SUPERSEDE")

    assert [warning["code"] for warning in answer["warnings"]] == ["CANNOT_BE_RESTATED"]
    first = next(row for row in await api.rows(DeliveryRow) if row.id == sent.id)
    assert first.taken_back is False


async def test_a_newer_value_cancels_an_older_restatement_that_still_waits(api: Api) -> None:
    lead, label, integration = await connected(api)
    await api.update({"leadId": lead}, label.id, price=100)
    await process(api)
    second = await api.update({"leadId": lead}, label.id, price=250)
    older = await newest(api, DeliveryKind.RESTATE)
    await become(api, older.id, **in_retry())

    await api.update({"leadId": lead}, label.id, price=300)

    newer = await newest(api, DeliveryKind.RESTATE)
    assert (newer.value_cents, newer.follows_id) == (300, older.follows_id)
    old = next(row for row in await api.rows(DeliveryRow) if row.id == older.id)
    assert old.state is DeliveryState.CANCELED
    assert await claimable(api, integration, START + timedelta(days=1)) == [newer.id]
    job = next(job for job in await api.jobs() if str(job.id) == second["job"]["id"])
    assert job.state is JobState.CANCELED


async def test_a_restatement_waits_for_an_older_one_that_is_being_sent_which_is_then_not_repeated(
    api: Api,
) -> None:
    lead, label, integration = await connected(api)
    await api.update({"leadId": lead}, label.id, price=100)
    await process(api)
    await api.update({"leadId": lead}, label.id, price=250)
    older = await newest(api, DeliveryKind.RESTATE)
    await become(api, older.id, **SENDING)

    await api.update({"leadId": lead}, label.id, price=300, onConflict="SUPERSEDE")

    newer = await newest(api, DeliveryKind.RESTATE)
    old = next(row for row in await api.rows(DeliveryRow) if row.id == older.id)
    assert (old.state, old.taken_back) == (DeliveryState.SENDING, True)
    assert await claimable(api, integration) == []
    await become(api, older.id, state=DeliveryState.DELIVERED)
    assert await claimable(api, integration) == [newer.id]


@pytest.mark.parametrize(
    "failed",
    [DeliveryState.CANCELED, DeliveryState.REJECTED, DeliveryState.EXPIRED, DeliveryState.FAILED],
)
async def test_a_conversion_stands_when_only_its_restatement_arrived(api: Api, failed: DeliveryState) -> None:
    lead, label, _ = await connected(api)
    await api.update({"leadId": lead}, label.id, price=100)
    sent = await newest(api)
    await become(api, sent.id, **SENDING)
    await api.update({"leadId": lead}, label.id, price=200, onConflict="SUPERSEDE")
    await become(api, sent.id, state=failed)
    await process(api)

    again = await api.update({"leadId": lead}, label.id, price=200)

    assert [warning["code"] for warning in again["warnings"]] == ["ALREADY_CONVERTED"]


async def test_a_restatement_behind_a_conversion_in_retry_is_due_with_it_and_locks_no_lead(api: Api) -> None:
    lead, label, integration = await connected(api)
    await api.update({"leadId": lead}, label.id, price=100)
    sent = await newest(api)
    await become(api, sent.id, **in_retry())

    answer = await api.update({"leadId": lead}, label.id, price=200)
    await process_sweep(api)

    restated = await newest(api, DeliveryKind.RESTATE)
    assert restated.next_attempt_at == START + timedelta(hours=3)
    assert await claimable(api, integration, START + timedelta(hours=4)) == [sent.id]
    job = next(job for job in await api.jobs() if str(job.id) == answer["job"]["id"])
    assert job.active is False


@pytest.mark.parametrize("blocking", [{"state": DeliveryState.HELD}, SENDING])
async def test_a_restatement_behind_a_held_conversion_or_one_being_sent_locks_no_lead(
    api: Api, blocking: dict[str, Any]
) -> None:
    lead, label, _ = await connected(api)
    await api.update({"leadId": lead}, label.id, price=100)
    await become(api, (await newest(api)).id, **blocking)

    answer = await api.update({"leadId": lead}, label.id, price=200, onConflict="SUPERSEDE")
    await process_sweep(api)

    job = next(job for job in await api.jobs() if str(job.id) == answer["job"]["id"])
    assert (job.active, job.state) == (False, JobState.PENDING)


async def process_sweep(api: Api) -> None:
    """Settle every job, as the sweep would."""
    ids = [job.id for job in await api.jobs()]
    await api.world.database.write(lambda session: settle_jobs(session, ids, api.world.clock()))


@pytest.mark.parametrize("waiting", [in_retry(), {"state": DeliveryState.HELD}, {}])
async def test_lost_cancels_what_an_undo_label_has_not_sent_yet(api: Api, waiting: dict[str, Any]) -> None:
    lead, label, integration = await connected(api, undo_on_lost=True)
    await api.update({"leadId": lead}, label.id, price=100)
    sent = await newest(api)
    await become(api, sent.id, **waiting)

    answer = await api.update({"leadId": lead}, "lost", onConflict="SUPERSEDE")

    assert [warning["code"] for warning in answer["warnings"]] == ["NOT_MAPPED"]
    rows = await api.rows(DeliveryRow)
    assert {row.state for row in rows} == {DeliveryState.CANCELED, DeliveryState.SKIPPED}
    assert await claimable(api, integration, START + timedelta(days=1)) == []


async def test_lost_retracts_what_is_being_sent_and_only_if_it_arrives(api: Api) -> None:
    lead, label, integration = await connected(api, undo_on_lost=True)
    await api.update({"leadId": lead}, label.id, price=100)
    sent = await newest(api)
    await become(api, sent.id, **SENDING)

    await api.update({"leadId": lead}, "lost", onConflict="SUPERSEDE")

    retraction = await newest(api, DeliveryKind.RETRACT)
    original = next(row for row in await api.rows(DeliveryRow) if row.id == sent.id)
    assert (original.taken_back, retraction.follows_id) == (True, sent.id)
    assert await claimable(api, integration) == []
    await become(api, sent.id, state=DeliveryState.ACCEPTED)
    assert await claimable(api, integration) == [retraction.id]


async def test_lost_reports_what_may_have_arrived_as_unconfirmed_and_retracts_it(api: Api) -> None:
    lead, label, _ = await connected(api, undo_on_lost=True)
    await api.update({"leadId": lead}, label.id, price=100)
    sent = await newest(api)
    await become(api, sent.id, **in_retry(), uncertain_since=START)

    await api.update({"leadId": lead}, "lost", onConflict="SUPERSEDE")

    original = next(row for row in await api.rows(DeliveryRow) if row.id == sent.id)
    assert original.state is DeliveryState.UNCONFIRMED
    assert (await newest(api, DeliveryKind.RETRACT)).follows_id == sent.id


@pytest.mark.parametrize(
    ("price", "expected", "restated"),
    [(250, ("CANNOT_BE_RESTATED", False), True), (100, ("ALREADY_CONVERTED", True), False)],
    ids=["another value", "the same value"],
)
async def test_a_retraction_that_may_have_arrived_is_told_to_whoever_counts_on_the_conversion(
    api: Api, price: int, expected: tuple[str, bool], restated: bool
) -> None:
    lead, label, _ = await connected(api, undo_on_lost=True)
    await api.update({"leadId": lead}, label.id, price=100)
    await process(api)
    await api.update({"leadId": lead}, "lost")
    retraction = await newest(api, DeliveryKind.RETRACT)
    await become(api, retraction.id, **in_retry(), uncertain_since=START)
    await api.update({"leadId": lead}, "open")

    answer = await api.update({"leadId": lead}, label.id, price=price)

    given_up = await newest(api, DeliveryKind.RETRACT)
    assert (given_up.id, given_up.state) == (retraction.id, DeliveryState.UNCONFIRMED)
    [warning] = answer["warnings"]
    assert (warning["code"], warning["willSkip"]) == expected
    assert "retraction" in warning["reason"]
    kinds = {row.kind for row in await api.rows(DeliveryRow) if row.state is DeliveryState.SCHEDULED}
    assert kinds == ({DeliveryKind.RESTATE} if restated else set())


@pytest.mark.parametrize("once", [True, False])
async def test_what_may_have_arrived_is_sent_again_by_a_new_change_with_a_warning(
    api: Api, once: bool
) -> None:
    lead, label, _ = await connected(api, Platform.GA4, convert_once=once)
    await api.update({"leadId": lead}, label.id, price=100)
    sent = await newest(api)
    await become(api, sent.id, state=DeliveryState.UNCONFIRMED, attempts=1, next_attempt_at=None)

    answer = await api.update({"leadId": lead}, label.id, price=100)

    told = [(warning["code"], warning["willSkip"]) for warning in answer["warnings"]]
    assert told == ([("ALREADY_CONVERTED", False)] if once else [])
    assert (await newest(api)).state is DeliveryState.SCHEDULED


async def test_a_restatement_in_retry_cannot_undo_a_retraction(api: Api) -> None:
    lead, label, integration = await connected(api, undo_on_lost=True)
    await api.update({"leadId": lead}, label.id, price=100)
    await process(api)
    await api.update({"leadId": lead}, label.id, price=250)
    restated = await newest(api, DeliveryKind.RESTATE)
    await become(api, restated.id, **in_retry())

    await api.update({"leadId": lead}, "lost")

    assert await claimable(api, integration, START + timedelta(days=1)) == [
        (await newest(api, DeliveryKind.RETRACT)).id
    ]


async def test_what_cannot_be_undone_is_said_once_for_each_integration(api: Api) -> None:
    lead, label, _ = await connected(api, Platform.META, undo_on_lost=True, convert_once=False)
    for _number in range(3):
        await api.update({"leadId": lead}, label.id, price=100)
        await process(api)

    answer = await api.update({"leadId": lead}, "lost")

    codes = [warning["code"] for warning in answer["warnings"]]
    assert codes == ["NOT_MAPPED", "CANNOT_BE_UNDONE"]


async def test_several_sends_of_a_label_that_now_converts_once_are_judged_by_any_and_restated_at_the_newest(
    api: Api,
) -> None:
    lead, label, _ = await connected(api, convert_once=False)
    for price in (100, 250):
        await api.update({"leadId": lead}, label.id, price=price)
        await process(api)
    last = await newest(api)

    def once(session: Session) -> None:
        session.exec(select(LabelRow).where(col(LabelRow.id) == label.id)).one().convert_once = True

    await api.world.database.write(once)

    same = await api.update({"leadId": lead}, label.id, price=100)
    assert [warning["code"] for warning in same["warnings"]] == ["ALREADY_CONVERTED"]
    await process_sweep(api)
    await api.update({"leadId": lead}, label.id, price=300)
    assert (await newest(api, DeliveryKind.RESTATE)).follows_id == last.id


async def test_a_change_without_any_price_restates_nothing(api: Api) -> None:
    lead, label, _ = await connected(api)
    await api.update({"leadId": lead}, label.id)
    await process(api)

    again = await api.update({"leadId": lead}, label.id)

    assert [warning["code"] for warning in again["warnings"]] == ["ALREADY_CONVERTED"]


async def test_one_unusable_integration_keeps_no_other_from_hearing_of_the_conversion(api: Api) -> None:
    lead, label, broken = await connected(api, Platform.META)
    await api.world.map(label.id, await api.world.integration(Platform.GA4))

    def spoil(session: Session) -> None:
        row = session.exec(select(IntegrationRow).where(col(IntegrationRow.id) == broken.id)).one()
        row.settings = {"no": "longer valid"}

    await api.world.database.write(spoil)

    answer = await api.update({"leadId": lead}, label.id)

    assert [(w["code"], w["integration"]) for w in answer["warnings"]] == [("INTEGRATION_PAUSED", "META")]
    states = {platform: row.state for platform, row in (await api.deliveries()).items()}
    assert states == {Platform.META: DeliveryState.HELD, Platform.GA4: DeliveryState.SCHEDULED}


async def test_a_platform_this_version_cannot_send_to_is_held_like_that(api: Api) -> None:
    lead, label, integration = await connected(api, Platform.META, undo_on_lost=True)
    await api.world.map(api.world.lost_id, integration)
    await api.update({"leadId": lead}, label.id, price=1)
    await process(api)
    del api.world.connectors[Platform.META]

    lost = await api.update({"leadId": lead}, "lost")
    await process_sweep(api)
    again = await api.update({"leadId": lead}, label.id, price=2)

    assert [w["code"] for w in lost["warnings"]] == ["INTEGRATION_PAUSED", "CANNOT_BE_UNDONE"]
    assert [w["code"] for w in again["warnings"]] == ["CANNOT_BE_RESTATED"]


async def test_a_canceled_delivery_says_no_longer_that_its_integration_is_paused(api: Api) -> None:
    lead = str((await api.world.complete_lead()).id)
    label = await api.world.label()
    await api.world.map(label.id, await api.world.integration(Platform.META, paused_at=START))
    await api.update({"leadId": lead}, label.id)

    await api.update({"leadId": lead}, "open")

    row = await newest(api)
    assert (row.state, row.warning) == (DeliveryState.CANCELED, None)
