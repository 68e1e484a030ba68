"""retryDeliveries: what failed is tried again, what was skipped is sent once it can be, and nothing goes twice."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from app.services import replaying
from app.services.progress import settle_jobs
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow
from app.tables.labels import LabelMappingRow, LabelRow
from app.tables.leads import LeadRow
from app.values import (
    ConsentState,
    DeliveryKind,
    DeliveryState,
    JobState,
    LeadStatus,
    Platform,
    Scope,
)
from tests.api import Api, process
from tests.world import START

S = DeliveryState
RETRY = """
mutation ($filter: DeliveryFilter!, $dryRun: Boolean!) {
  retryDeliveries(filter: $filter, dryRun: $dryRun) {
    matched retried skipped skippedBecause { code count }
  }
}
"""
NOTHING = {"matched": 0, "retried": 0, "skipped": 0, "skippedBecause": []}
ENDED = {
    S.FAILED: {"attempts": 8, "unknown_errors": 8, "error_code": "E1", "error_message": "no"},
    S.REJECTED: {"attempts": 1, "error_code": "E1", "error_message": "no"},
    S.EXPIRED: {"attempts": 0, "error_code": "EXPIRED", "error_message": "late"},
    S.UNCONFIRMED: {"attempts": 1, "error_code": "TIMEOUT", "uncertain_since": START},
    S.SKIPPED: {"attempts": 0, "warning": {"code": "MISSING_FIELD"}},
}


async def connected(
    api: Api, platform: Platform = Platform.META, *, lead: dict[str, Any] | None = None, **label: Any
) -> tuple[LeadRow, LabelRow, IntegrationRow]:
    row = await api.world.complete_lead(**lead or {})
    stage = await api.world.label(**label)
    integration = await api.world.integration(platform)
    await api.world.map(stage.id, integration)
    return row, stage, integration


async def change(api: Api, table: Any, key: Any, **columns: Any) -> None:
    def work(session: Session) -> None:
        row = session.get_one(table, key)
        for name, value in columns.items():
            setattr(row, name, value)
        session.flush()
        if isinstance(row, DeliveryRow):
            settle_jobs(session, [row.job_id], api.world.clock())

    await api.world.database.write(work)


async def ended(api: Api, delivery: DeliveryRow, state: DeliveryState, **columns: Any) -> None:
    """Let the delivery have ended like this."""
    given = {"next_attempt_at": None, "finished_at": START, **ENDED.get(state, {"attempts": 1})} | columns
    await change(api, DeliveryRow, delivery.id, state=state, **given)


async def queued(api: Api, lead: LeadRow, label: LabelRow, **more: Any) -> DeliveryRow:
    """The one delivery of a new job."""
    answer = await api.update({"leadId": str(lead.id)}, label.id, onConflict="SUPERSEDE", **more)
    rows = [row for row in await api.rows(DeliveryRow) if str(row.job_id) == answer["job"]["id"]]
    assert len(rows) == 1
    return rows[0]


async def row_of(api: Api, delivery: DeliveryRow) -> DeliveryRow:
    found: DeliveryRow = next(row for row in await api.rows(DeliveryRow) if row.id == delivery.id)
    return found


async def retry(api: Api, dry_run: bool = False, **given: Any) -> dict[str, Any]:
    """What it answers; a dry run before it must have said the same, and done nothing."""
    before = await api.rows(DeliveryRow)
    said = (await api.ask(RETRY, {"filter": given, "dryRun": True}))["retryDeliveries"]
    assert [row.model_dump() for row in await api.rows(DeliveryRow)] == [row.model_dump() for row in before]
    if not dry_run:
        done = (await api.ask(RETRY, {"filter": given, "dryRun": False}))["retryDeliveries"]
        assert done == said
    return {**said, "codes": {one["code"]: one["count"] for one in said["skippedBecause"]}}


async def refused(api: Api, code: str, **given: Any) -> None:
    """Nothing of what the filter leaves is tried again, all for the one reason."""
    answer = await retry(api, **given)
    assert answer["retried"] == 0
    assert list(answer["codes"]) == [code], answer


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


async def test_a_skipped_one_is_sent_once_the_missing_data_has_come(api: Api) -> None:
    bare = dict.fromkeys(
        ("email", "phone", "meta_lead_id", "fbclid", "first_name", "last_name", "user_agent")
    )
    lead, label, _ = await connected(api, Platform.META, lead=bare)
    delivery = await queued(api, lead, label)
    assert delivery.state is S.SKIPPED
    await refused(api, "MISSING_IDENTIFIER")

    await change(api, LeadRow, lead.id, email="ada@example.com", email_key="ada@example.com")

    assert (await retry(api))["retried"] == 1
    assert (await row_of(api, delivery)).state is S.SCHEDULED


async def test_one_that_stays_skipped_says_why_it_is_now(api: Api) -> None:
    lead, label, _ = await connected(api, Platform.META)
    delivery = await queued(api, lead, label)
    await ended(api, delivery, S.SKIPPED)
    api.world.clock.advance(days=8)

    await refused(api, "OUTSIDE_TIME_WINDOW")

    after = await row_of(api, delivery)
    assert (after.state, after.finished_at) == (S.SKIPPED, START)
    assert after.warning is not None
    assert after.warning["code"] == "OUTSIDE_TIME_WINDOW"


async def test_a_failed_one_that_cannot_be_sent_any_more_keeps_what_it_says(api: Api) -> None:
    lead, label, _ = await connected(api, Platform.META)
    delivery = await queued(api, lead, label)
    await ended(api, delivery, S.FAILED)
    before = (await row_of(api, delivery)).model_dump()
    api.world.clock.advance(days=8)

    await refused(api, "OUTSIDE_TIME_WINDOW")

    assert (await row_of(api, delivery)).model_dump() == before


@pytest.mark.parametrize(
    ("then", "now", "sent"),
    [(None, ConsentState.GRANTED, True), (ConsentState.GRANTED, ConsentState.DENIED, False)],
)
async def test_what_the_person_agrees_to_by_now_decides(
    api: Api, then: ConsentState | None, now: ConsentState, sent: bool
) -> None:
    lead, label, _ = await connected(api, lead={"ad_user_data": then, "ad_storage": then})
    delivery = await queued(api, lead, label)
    await ended(api, delivery, S.SKIPPED)
    await change(api, LeadRow, lead.id, ad_user_data=now, ad_storage=now)

    assert (await retry(api))["retried"] == int(sent)
    if sent:
        assert (await row_of(api, delivery)).consent["ad_user_data"] == "GRANTED"


@pytest.mark.parametrize(
    ("state", "columns", "target"),
    [
        (S.SKIPPED, {"target": ""}, "New"),
        (S.REJECTED, {}, "New"),
        (S.EXPIRED, {"attempts": 3, "error_code": "NO_SUCH_ACTION"}, "New"),
        (S.EXPIRED, {}, "Old"),
        (S.FAILED, {"error_code": "TIMEOUT"}, "Old"),
        (S.FAILED, {"error_code": "HTTP_503"}, "Old"),
        (S.REJECTED, {"uncertain_since": START}, "Old"),
    ],
)
async def test_it_goes_where_the_label_points_now_only_if_the_platform_refused_the_old_target(
    api: Api, state: DeliveryState, columns: dict[str, Any], target: str
) -> None:
    lead, label, _ = await connected(api, Platform.META)
    delivery = await queued(api, lead, label)
    await ended(api, delivery, state, **{"target": "Old"} | columns)
    [mapping] = await api.rows(LabelMappingRow)
    await change(api, LabelMappingRow, mapping.id, target="New")

    assert (await retry(api))["retried"] == 1
    assert (await row_of(api, delivery)).target == target


async def test_what_was_never_mapped_stays_until_it_is(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    integration = await api.world.integration(Platform.META)
    delivery = await queued(api, lead, label)
    assert (delivery.state, delivery.target) == (S.SKIPPED, "")
    await refused(api, "NOT_MAPPED")

    await api.world.map(label.id, integration, target="Won")

    assert (await retry(api))["retried"] == 1
    assert (await row_of(api, delivery)).target == "Won"


async def test_one_whose_mapping_is_gone_goes_where_it_was_to_go(api: Api) -> None:
    lead, label, _ = await connected(api)
    delivery = await queued(api, lead, label)
    await ended(api, delivery, S.REJECTED, target="Old")
    [mapping] = await api.rows(LabelMappingRow)
    await api.world.database.write(
        lambda session: session.delete(session.get_one(LabelMappingRow, mapping.id))
    )

    assert (await retry(api))["retried"] == 1
    assert (await row_of(api, delivery)).target == "Old"


@pytest.mark.parametrize(
    "columns",
    [{"enabled": False}, {"paused_at": START}, {"settings": {"nonsense": 1}}],
    ids=["switched off", "paused", "unusable"],
)
async def test_one_whose_integration_cannot_send_waits_for_it_held(api: Api, columns: dict[str, Any]) -> None:
    lead, label, integration = await connected(api)
    delivery = await queued(api, lead, label)
    await ended(api, delivery, S.FAILED)
    await change(api, IntegrationRow, integration.id, **columns)
    api.woken.clear()

    assert (await retry(api))["retried"] == 1

    after = await row_of(api, delivery)
    assert after.state is S.HELD
    assert after.warning is not None
    assert after.warning["code"] == "INTEGRATION_PAUSED"
    assert api.woken == []


async def test_nothing_is_queued_that_would_expire_at_once(api: Api) -> None:
    lead, label, integration = await connected(api)
    delivery = await queued(api, lead, label)
    await ended(api, delivery, S.FAILED)
    await change(api, IntegrationRow, integration.id, settings={"nonsense": 1})
    api.world.clock.advance(days=10)

    await refused(api, "OUTSIDE_TIME_WINDOW")


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


async def two_jobs(api: Api, first: int, second: int, **label: Any) -> tuple[DeliveryRow, DeliveryRow]:
    """Two conversions of a lead for one label, each sent by itself because the first one failed."""
    lead, row, _ = await connected(api, **label)
    older = await queued(api, lead, row, price=first)
    await ended(api, older, S.FAILED)
    newer = await queued(api, lead, row, price=second)
    assert newer.state is S.SCHEDULED
    return older, newer


@pytest.mark.parametrize(("value", "code"), [(100, "ALREADY_CONVERTED"), (200, "CANNOT_BE_RESTATED")])
@pytest.mark.parametrize("state", [S.SCHEDULED, S.HELD, S.SENDING, S.ACCEPTED, S.DELIVERED])
async def test_there_is_no_second_conversion_where_only_one_may_count(
    api: Api, state: DeliveryState, value: int, code: str
) -> None:
    older, newer = await two_jobs(api, 100, value)
    await ended(api, newer, state, next_attempt_at=START if state in {S.SCHEDULED, S.HELD} else None)

    await refused(api, code, ids=[str(older.id)])


async def test_where_a_label_may_count_again_each_is_sent(api: Api) -> None:
    older, newer = await two_jobs(api, 100, 200, convert_once=False)
    await ended(api, newer, S.DELIVERED)

    assert (await retry(api, ids=[str(older.id)]))["retried"] == 1


async def test_of_two_that_failed_the_newer_one_is_sent(api: Api) -> None:
    older, newer = await two_jobs(api, 100, 200)
    await ended(api, newer, S.FAILED)

    answer = await retry(api)

    assert (answer["matched"], answer["retried"], answer["codes"]) == (2, 1, {"CANNOT_BE_RESTATED": 1})
    assert [(await row_of(api, one)).state for one in (older, newer)] == [S.FAILED, S.SCHEDULED]


async def test_one_that_was_skipped_because_of_another_is_sent_when_that_one_failed(api: Api) -> None:
    lead, label, _ = await connected(api)
    first = await queued(api, lead, label, price=100)
    await ended(api, first, S.SCHEDULED, next_attempt_at=START + timedelta(hours=2))
    second = await queued(api, lead, label, price=100)
    assert second.state is S.SKIPPED
    await refused(api, "ALREADY_CONVERTED")

    await ended(api, first, S.REJECTED)

    answer = await retry(api)
    assert (answer["retried"], answer["codes"]) == (1, {"ALREADY_CONVERTED": 1})
    assert [(await row_of(api, one)).state for one in (first, second)] == [S.REJECTED, S.SCHEDULED]


async def restated(api: Api) -> tuple[LeadRow, LabelRow, DeliveryRow, DeliveryRow]:
    """A conversion that arrived at Google Ads, and another value for it that is to follow."""
    lead, label, _ = await connected(api, Platform.GOOGLE_ADS)
    sent = await queued(api, lead, label, price=100)
    await ended(api, sent, S.DELIVERED)
    restatement = await queued(api, lead, label, price=200)
    assert restatement.kind is DeliveryKind.RESTATE
    return lead, label, sent, restatement


async def test_a_restatement_that_failed_is_made_again(api: Api) -> None:
    _, _, sent, restatement = await restated(api)
    await ended(api, restatement, S.FAILED)

    assert (await retry(api))["retried"] == 1
    after = await row_of(api, restatement)
    assert (after.state, after.target) == (S.SCHEDULED, sent.target)


async def test_an_older_value_is_not_stated_after_a_newer_one(api: Api) -> None:
    lead, label, _, older = await restated(api)
    await ended(api, older, S.FAILED)
    newer = await queued(api, lead, label, price=300)
    await ended(api, newer, S.DELIVERED)

    await refused(api, "CANNOT_BE_RESTATED", ids=[str(older.id)])


async def test_of_two_restatements_that_failed_the_newer_one_is_made(api: Api) -> None:
    lead, label, _, older = await restated(api)
    await ended(api, older, S.FAILED)
    newer = await queued(api, lead, label, price=300)
    await ended(api, newer, S.FAILED)

    answer = await retry(api)

    assert (answer["retried"], answer["codes"]) == (1, {"CANNOT_BE_RESTATED": 1})
    assert (await row_of(api, newer)).state is S.SCHEDULED


async def test_a_value_the_platform_has_is_not_stated_again(api: Api) -> None:
    _, _, _, restatement = await restated(api)
    await ended(api, restatement, S.FAILED, value_cents=100)

    await refused(api, "ALREADY_CONVERTED")


async def test_a_conversion_is_not_sent_over_the_restatement_that_arrived(api: Api) -> None:
    _, _, sent, restatement = await restated(api)
    await ended(api, restatement, S.DELIVERED)
    await ended(api, sent, S.UNCONFIRMED)

    await refused(api, "CANNOT_BE_RESTATED", ids=[str(sent.id)])


async def test_a_conversion_and_its_restatement_go_again_one_after_the_other(api: Api) -> None:
    _, _, sent, restatement = await restated(api)
    await ended(api, sent, S.REJECTED)
    await ended(api, restatement, S.FAILED)
    [mapping] = await api.rows(LabelMappingRow)
    await change(api, LabelMappingRow, mapping.id, target="777")

    assert (await retry(api))["retried"] == 2
    assert {(await row_of(api, one)).target for one in (sent, restatement)} == {"777"}
    assert [(await row_of(api, one)).state for one in (sent, restatement)] == [S.SCHEDULED, S.SCHEDULED]


async def test_a_restatement_waits_as_long_as_what_it_follows(api: Api) -> None:
    _, _, sent, restatement = await restated(api)
    later = START + timedelta(hours=3)
    await ended(api, sent, S.SCHEDULED, next_attempt_at=later)
    await ended(api, restatement, S.FAILED)

    assert (await retry(api))["retried"] == 1
    assert (await row_of(api, restatement)).next_attempt_at == later


async def lost(api: Api, state: DeliveryState = S.DELIVERED) -> tuple[LeadRow, LabelRow, DeliveryRow]:
    """A conversion for a label that `lost` takes back, and then `lost`."""
    lead, label, _ = await connected(api, Platform.MICROSOFT_ADS, undo_on_lost=True)
    sent = await queued(api, lead, label)
    await ended(api, sent, state)
    await api.update({"leadId": str(lead.id)}, "lost")
    return lead, label, sent


async def retraction_of(api: Api, sent: DeliveryRow) -> DeliveryRow:
    rows: list[DeliveryRow] = await api.rows(DeliveryRow)
    return next(row for row in rows if row.kind is DeliveryKind.RETRACT and row.follows_id == sent.id)


async def test_a_conversion_is_not_sent_once_losing_the_lead_has_taken_it_back(api: Api) -> None:
    _, _, sent = await lost(api, S.FAILED)

    await refused(api, "CANNOT_BE_RESTATED", ids=[str(sent.id)])


async def test_a_retraction_that_failed_is_made_again(api: Api) -> None:
    _, _, sent = await lost(api)
    retraction = await retraction_of(api, sent)
    await ended(api, retraction, S.FAILED)

    assert (await retry(api, ids=[str(retraction.id)]))["retried"] == 1
    after = await row_of(api, retraction)
    assert (after.state, after.value_cents, after.target) == (S.SCHEDULED, 0, sent.target)


async def test_what_is_taken_back_is_not_sent_again(api: Api) -> None:
    _, _, sent = await lost(api)
    await ended(api, sent, S.UNCONFIRMED)

    await refused(api, "CANNOT_BE_RESTATED", ids=[str(sent.id)])


async def test_nothing_is_taken_back_that_never_arrived(api: Api) -> None:
    _, _, sent = await lost(api)
    retraction = await retraction_of(api, sent)
    await ended(api, retraction, S.FAILED)
    await ended(api, sent, S.REJECTED)

    await refused(api, "CANNOT_BE_UNDONE", ids=[str(retraction.id)])


async def test_what_counts_again_is_not_taken_back(api: Api) -> None:
    lead, label, sent = await lost(api)
    retraction = await retraction_of(api, sent)
    await ended(api, retraction, S.FAILED)
    again = await queued(api, lead, label)
    assert again.warning is not None
    assert again.warning["code"] == "ALREADY_CONVERTED"

    await refused(api, "CANNOT_BE_UNDONE", ids=[str(retraction.id)])


async def test_what_is_taken_back_already_is_not_taken_back_twice(api: Api) -> None:
    lead, _, sent = await lost(api)
    first = await retraction_of(api, sent)
    await ended(api, first, S.FAILED)
    await api.update({"leadId": str(lead.id)}, "lost", onConflict="SUPERSEDE")

    await refused(api, "CANNOT_BE_RESTATED", ids=[str(first.id)])


FILTERS: list[tuple[str, Callable[[DeliveryRow], Any]]] = [
    ("ids", lambda row: [str(row.id), "nonsense"]),
    ("platform", lambda row: [row.platform.value]),
    ("integrationId", lambda row: str(row.integration_id)),
    ("leadId", lambda row: str(row.lead_id)),
    ("jobId", lambda row: str(row.job_id)),
    ("errorCode", lambda row: row.error_code),
    ("state", lambda row: [row.state.value, "DELIVERED"]),
    ("createdFrom", lambda row: row.created_at.isoformat()),
]


@pytest.mark.parametrize(("name", "value"), FILTERS, ids=[name for name, _ in FILTERS])
async def test_each_filter_narrows_it_down(api: Api, name: str, value: Callable[[DeliveryRow], Any]) -> None:
    lead, label, _ = await connected(api)
    other = await queued(api, lead, label)
    await ended(api, other, S.FAILED)
    api.world.clock.advance(minutes=1)
    lead, label, _ = await connected(api, Platform.MICROSOFT_ADS, lead={"unique_identifier": "crm-2"})
    await api.update({"leadId": str(lead.id)}, label.id)
    rows: list[DeliveryRow] = await api.rows(DeliveryRow)
    mine = next(row for row in rows if row.lead_id == lead.id and row.platform is Platform.MICROSOFT_ADS)
    skipped = next(row for row in rows if row.lead_id == lead.id and row.platform is Platform.META)
    await ended(api, skipped, S.CANCELED)
    await ended(api, mine, S.REJECTED, error_code="E2")

    answer = await retry(api, **{name: value(await row_of(api, mine))})

    assert (answer["matched"], answer["retried"]) == (1, 1)
    assert (await row_of(api, other)).state is S.FAILED


@pytest.mark.parametrize("given", [{"ids": []}, {"state": []}, {"platform": []}, {"jobId": "nonsense"}])
async def test_an_empty_list_and_what_is_no_id_match_nothing(api: Api, given: dict[str, Any]) -> None:
    lead, label, _ = await connected(api)
    await ended(api, await queued(api, lead, label), S.FAILED)

    assert (await retry(api, **given))["matched"] == 0


async def test_another_project_hears_and_changes_nothing(api: Api) -> None:
    lead, label, _ = await connected(api)
    delivery = await queued(api, lead, label)
    await ended(api, delivery, S.FAILED)
    await api.world.begin("Another project")
    api.key = await api.world.key("other-key", Scope.ADMIN)

    for given in ({}, {"ids": [str(delivery.id)]}, {"leadId": str(lead.id)}):
        assert (await retry(api, **given))["matched"] == 0


async def test_too_many_ids_are_refused(sqlite_api: Api) -> None:
    answer = await sqlite_api.run(RETRY, {"filter": {"ids": ["x"] * 1001}, "dryRun": True})

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("scope", [Scope.STATUS_WRITE, Scope.LEADS_READ, Scope.LEADS_WRITE])
async def test_it_takes_an_administrator(sqlite_api: Api, scope: Scope) -> None:
    sqlite_api.key = await sqlite_api.world.key("scoped-key", scope)

    answer = await sqlite_api.run(RETRY, {"filter": {}, "dryRun": True})

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_more_than_one_transaction_takes_is_worked_off_in_several(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "CHUNK", 2)
    lead, label, _ = await connected(api)
    rows = []
    for price in range(5):
        rows.append(await queued(api, lead, label, price=price))
        await ended(api, rows[-1], S.FAILED)
    other = await api.world.complete_lead(unique_identifier="crm-2")
    rows.append(await queued(api, other, label))
    await ended(api, rows[-1], S.FAILED)

    answer = await retry(api)

    # A dry run knows in its last part what its first one would have done.
    assert (answer["matched"], answer["retried"], answer["codes"]) == (6, 2, {"CANNOT_BE_RESTATED": 4})
    states = [(await row_of(api, row)).state for row in rows]
    assert states == [S.FAILED, S.FAILED, S.FAILED, S.FAILED, S.SCHEDULED, S.SCHEDULED]


async def test_a_second_call_finds_only_what_stayed(api: Api) -> None:
    _, newer = await two_jobs(api, 100, 200)
    await ended(api, newer, S.FAILED)
    await retry(api)

    again = await retry(api)

    assert (again["matched"], again["retried"]) == (1, 0)


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


async def test_of_calls_at_once_one_tries_a_delivery_again(api: Api) -> None:
    _, label, _ = await connected(api)
    for number in range(6):
        lead = await api.world.complete_lead(unique_identifier=f"crm-{number}")
        await ended(api, await queued(api, lead, label), S.FAILED)

    answers = await asyncio.gather(
        *(api.ask(RETRY, {"filter": {}, "dryRun": False}) for _ in range(4)),
    )

    assert sum(answer["retryDeliveries"]["retried"] for answer in answers) == 6


async def test_a_status_change_at_the_same_time_makes_no_second_conversion(api: Api) -> None:
    lead, label, _ = await connected(api)
    rows = []
    for number in range(6):
        lead = await api.world.complete_lead(unique_identifier=f"crm-{number}")
        rows.append((lead, await queued(api, lead, label, price=100)))
        await ended(api, rows[-1][1], S.FAILED)

    await asyncio.gather(
        api.ask(RETRY, {"filter": {}, "dryRun": False}),
        *(api.update({"leadId": str(lead.id)}, label.id, price=100) for lead, _ in rows),
    )

    waiting = [row.lead_id for row in await api.rows(DeliveryRow) if row.state is S.SCHEDULED]
    assert sorted(waiting) == sorted(row.id for row, _ in rows)
