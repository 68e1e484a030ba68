"""retryDeliveries: restatements and retractions, and the conversions they change."""

from datetime import timedelta

import pytest

from app.tables.jobs import DeliveryRow
from app.tables.labels import LabelMappingRow, LabelRow
from app.tables.leads import LeadRow
from app.values import DeliveryKind, DeliveryState, Platform
from tests.api import Api
from tests.resolvers.retries import change, connected, ended, queued, refused, retry, row_of
from tests.world import START

S = DeliveryState


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


@pytest.mark.parametrize(("state", "only_tested"), [(S.REJECTED, False), (S.DELIVERED, True)])
async def test_nothing_is_taken_back_that_never_arrived_or_only_as_a_test(
    api: Api, state: DeliveryState, only_tested: bool
) -> None:
    _, _, sent = await lost(api)
    retraction = await retraction_of(api, sent)
    await ended(api, retraction, S.FAILED)
    await ended(api, sent, state, only_tested=only_tested)

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
