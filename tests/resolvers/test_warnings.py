"""Warnings of the star mutation: each integration that will be skipped or held, and why."""

from datetime import timedelta
from typing import Any

import pytest

from app.tables.jobs import DeliveryRow
from app.values import ConsentState, DeliveryState, PauseReason, Platform
from tests.api import Api, process
from tests.world import COMPLETE_LEAD, START, TARGETS


async def queue(api: Api, platform: Platform, **lead_values: Any) -> tuple[dict[str, Any], DeliveryRow]:
    """A lead with these values, a label mapped to one integration, and what comes of it."""
    lead, label = await api.world.lead(**lead_values), await api.world.label()
    await api.world.map(label.id, await api.world.integration(platform))
    answer = await api.update({"leadId": str(lead.id)}, label.id)
    return answer, (await api.deliveries())[platform]


@pytest.mark.parametrize(
    ("platform", "field"),
    [
        (Platform.GOOGLE_ADS, "gclid"),
        (Platform.META, "metaLeadId"),
        (Platform.GA4, "gaClientId"),
        (Platform.MICROSOFT_ADS, "msclkid"),
        (Platform.LINKEDIN, "liFatId"),
        (Platform.TIKTOK, "ttclid"),
    ],
)
async def test_a_lead_nobody_can_recognise_is_skipped_with_the_missing_field(
    api: Api, platform: Platform, field: str
) -> None:
    answer, delivery = await queue(api, platform, first_name="Ada")

    assert answer["__typename"] == "QueuedResult"
    skipping = [warning for warning in answer["warnings"] if warning["willSkip"]]
    assert field in {warning["field"] for warning in skipping}
    assert skipping[0]["integration"] == platform.value
    assert skipping[0]["integrationId"] == str(delivery.integration_id)
    assert skipping[0]["code"] == "MISSING_IDENTIFIER"
    assert skipping[0]["timestamp"] == "2026-11-23T09:30:00.000Z"
    assert delivery.state is DeliveryState.SKIPPED
    assert delivery.warning is not None
    assert delivery.warning["code"] == "MISSING_IDENTIFIER"


@pytest.mark.parametrize("platform", TARGETS)
async def test_denied_consent_blocks_every_platform(api: Api, platform: Platform) -> None:
    denied = dict.fromkeys(
        ("ad_storage", "analytics_storage", "ad_user_data", "ad_personalization"), ConsentState.DENIED
    )

    answer, delivery = await queue(api, platform, **(COMPLETE_LEAD | denied))

    assert "CONSENT_DENIED" in {warning["code"] for warning in answer["warnings"]}
    assert delivery.state is DeliveryState.SKIPPED


async def test_an_integration_the_label_is_not_mapped_to_is_skipped_as_not_mapped(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    await api.world.integration(Platform.META, "Meta shop")

    answer = await api.update({"leadId": str(lead.id)}, label.id)

    (warning,) = answer["warnings"]
    assert (warning["code"], warning["willSkip"], warning["field"]) == ("NOT_MAPPED", True, None)
    assert "Meta shop" in warning["reason"]
    assert (await api.deliveries())[Platform.META].state is DeliveryState.SKIPPED


async def test_a_paused_integration_holds_its_delivery_and_says_so(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    paused = await api.world.integration(
        Platform.META, paused_at=START, pause_reason=PauseReason.AUTHENTICATION, pause_message="token revoked"
    )
    await api.world.map(label.id, paused)

    answer = await api.update({"leadId": str(lead.id)}, label.id)

    (warning,) = answer["warnings"]
    assert (warning["code"], warning["willSkip"]) == ("INTEGRATION_PAUSED", False)
    assert "token revoked" in warning["reason"]
    query = "query($id: ID!) { job(id: $id) { deliveries { state nextAttemptAt } } }"
    job = (await api.ask(query, {"id": answer["job"]["id"]}))["job"]
    assert job["deliveries"] == [{"state": "HELD", "nextAttemptAt": None}]
    assert (await api.deliveries())[Platform.META].state is DeliveryState.HELD


async def test_a_held_mapping_holds_its_delivery_and_says_so(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    meta = await api.world.integration(Platform.META)
    await api.world.map(label.id, meta, held_at=START, hold_message="no such event")

    answer = await api.update({"leadId": str(lead.id)}, label.id)

    assert [warning["code"] for warning in answer["warnings"]] == ["INTEGRATION_PAUSED"]
    assert (await api.deliveries())[Platform.META].state is DeliveryState.HELD


async def test_google_waits_until_six_hours_after_a_known_click(api: Api) -> None:
    clicked_at = START - timedelta(hours=1)

    answer, delivery = await queue(
        api, Platform.GOOGLE_ADS, **(COMPLETE_LEAD | {"clicked_at": clicked_at, "created_at": clicked_at})
    )

    assert answer["__typename"] == "QueuedResult"
    assert (delivery.state, delivery.next_attempt_at) == (
        DeliveryState.SCHEDULED,
        clicked_at + timedelta(hours=6),
    )


async def test_an_event_before_a_known_click_is_outside_the_time_window(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    await api.world.map(label.id, await api.world.integration(Platform.GOOGLE_ADS))

    answer = await api.update({"leadId": str(lead.id)}, label.id, occurredAt="2026-11-20T00:00:00Z")

    assert "OUTSIDE_TIME_WINDOW" in {warning["code"] for warning in answer["warnings"]}
    assert (await api.deliveries())[Platform.GOOGLE_ADS].state is DeliveryState.SKIPPED


async def test_an_integration_that_is_skipped_is_only_told_why(api: Api) -> None:
    answer, _ = await queue(api, Platform.GOOGLE_ADS, unique_identifier="crm-1")

    assert {warning["willSkip"] for warning in answer["warnings"]} == {True}


async def test_warnings_stay_readable_on_the_job(api: Api) -> None:
    answer, _ = await queue(api, Platform.GA4, email="ada@example.com")

    job = (
        await api.ask(
            "query($id: ID!) { job(id: $id) { warnings { code field reason } } }", {"id": answer["job"]["id"]}
        )
    )["job"]

    assert job["warnings"] == [
        {name: warning[name] for name in ("code", "field", "reason")} for warning in answer["warnings"]
    ]


async def test_a_second_conversion_for_the_same_label_and_value_is_skipped_as_already_converted(
    api: Api,
) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    await api.world.map(label.id, await api.world.integration(Platform.META))
    await api.update({"leadId": str(lead.id)}, label.id, price=100)
    await process(api)

    again = await api.update({"leadId": str(lead.id)}, label.id, price=100)

    assert [warning["code"] for warning in again["warnings"]] == ["ALREADY_CONVERTED"]
    assert [delivery["state"] for delivery in again["job"]["deliveries"]] == ["SKIPPED"]


async def test_convert_once_is_judged_per_label_and_only_where_the_label_asks_for_it(api: Api) -> None:
    lead, once = await api.world.complete_lead(), await api.world.label()
    often = await api.world.label("Repeat order", convert_once=False)
    meta = await api.world.integration(Platform.META)
    await api.world.map(once.id, meta)
    await api.world.map(often.id, meta)

    for label in (once, often, often):
        answer = await api.update({"leadId": str(lead.id)}, label.id, price=100)
        await process(api)
        assert [delivery["state"] for delivery in answer["job"]["deliveries"]] == ["SCHEDULED"]


@pytest.mark.parametrize("state", [DeliveryState.REJECTED, DeliveryState.EXPIRED, DeliveryState.FAILED])
async def test_where_the_earlier_conversion_failed_it_is_sent_again(api: Api, state: DeliveryState) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    await api.world.map(label.id, await api.world.integration(Platform.META))
    await api.update({"leadId": str(lead.id)}, label.id)
    await process(api, state)

    again = await api.update({"leadId": str(lead.id)}, label.id)

    assert [delivery["state"] for delivery in again["job"]["deliveries"]] == ["SCHEDULED"]


async def test_a_changed_value_is_restated_where_the_platform_can_and_said_where_it_cannot(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    for platform in (Platform.GOOGLE_ADS, Platform.META):
        await api.world.map(label.id, await api.world.integration(platform))
    await api.update({"leadId": str(lead.id)}, label.id, price=100)
    sent = await api.deliveries()
    await process(api)

    again = await api.update({"leadId": str(lead.id)}, label.id, price=250)

    assert [warning["code"] for warning in again["warnings"]] == ["CANNOT_BE_RESTATED"]
    restated = next(row for row in await api.rows(DeliveryRow) if row.kind == "RESTATE")
    original = sent[Platform.GOOGLE_ADS]
    assert (restated.follows_id, restated.value_cents) == (original.id, 250)
    assert (restated.platform_event_id, restated.event_at) == (original.platform_event_id, original.event_at)


async def test_lost_takes_back_what_was_sent_where_the_platform_can_and_says_where_it_cannot(
    api: Api,
) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label(undo_on_lost=True)
    for platform in (Platform.GOOGLE_ADS, Platform.META):
        integration = await api.world.integration(platform)
        await api.world.map(label.id, integration)
        await api.world.map(api.world.lost_id, integration)
    await api.update({"leadId": str(lead.id)}, label.id, price=100)
    await process(api)

    lost = await api.update({"leadId": str(lead.id)}, "lost")

    assert [(w["code"], w["integration"]) for w in lost["warnings"]] == [("CANNOT_BE_UNDONE", "META")]
    retraction = next(row for row in await api.rows(DeliveryRow) if row.kind == "RETRACT")
    assert (retraction.platform, retraction.value_cents) == (Platform.GOOGLE_ADS, 0)
    await process(api)
    again = await api.update({"leadId": str(lead.id)}, label.id, price=100)
    by_platform = {d["platform"]: d["state"] for d in again["job"]["deliveries"]}
    assert by_platform == {"GOOGLE_ADS": "SCHEDULED", "META": "SKIPPED"}


async def test_a_held_delivery_keeps_no_lead_locked(api: Api) -> None:
    lead, label = await api.world.complete_lead(), await api.world.label()
    paused = await api.world.integration(Platform.META, paused_at=START, pause_reason=PauseReason.MANUAL)
    await api.world.map(label.id, paused)
    await api.update({"leadId": str(lead.id)}, label.id)

    await process(api)

    assert (await api.update({"leadId": str(lead.id)}, label.id))["__typename"] == "QueuedResult"
