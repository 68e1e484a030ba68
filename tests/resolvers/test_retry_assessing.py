"""retryDeliveries: what is known by now of lead, consent, mapping, integration and time decides anew."""

from typing import Any

import pytest

from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow
from app.tables.leads import LeadRow
from app.values import ConsentState, DeliveryState, Platform
from tests.api import Api
from tests.resolvers.retries import change, connected, ended, queued, refused, retry, row_of
from tests.world import START

S = DeliveryState


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
