"""A connection that is refused, tested, mended, paused and ended, over real HTTP."""

from typing import Any

from app.tables.integrations import IntegrationRow
from app.values import Platform
from tests.end_to_end.live import Live
from tests.resolvers.integrations import change, probe, stored, update


async def integration(live: Live, platform: Platform = Platform.META) -> IntegrationRow:
    rows: list[IntegrationRow] = await live.rows(IntegrationRow)
    return next(row for row in rows if row.platform is platform)


async def meta_delivery(live: Live, job_id: str, *states: str) -> dict[str, Any]:
    """The job's delivery to Meta, once it is in one of these states."""

    async def look() -> dict[str, Any] | None:
        deliveries = (await live.job(job_id))["deliveries"]
        delivery: dict[str, Any] = next(one for one in deliveries if one["platform"] == "META")
        return delivery if delivery["state"] in states else None

    found: dict[str, Any] = await live.until(look)
    return found


async def test_every_platform_that_works_is_reported_as_working(live: Live) -> None:
    await live.label_everywhere()

    for row in await live.rows(IntegrationRow):
        report = await probe(live, row.id)
        assert (report["ok"], report["problems"]) == (True, []), report


async def test_a_refused_token_is_replaced_and_what_was_held_goes_at_once(live: Live) -> None:
    lead, label = await live.lead_now(), await live.label_everywhere()
    await live.script("meta", fail="190", times=2)
    answer = await live.update({"leadId": lead}, label.id)
    job_id = answer["job"]["id"]
    await meta_delivery(live, job_id, "HELD")
    row = await integration(live)

    report = await probe(live, row.id)
    refused = await stored(live, row.id)
    await update(live, row.id, credentials={"accessToken": "sandbox-fresh-token"})
    delivery = await meta_delivery(live, job_id, "DELIVERED")

    assert not report["ok"]
    assert (refused.pause_reason, report["problems"]) == ("AUTHENTICATION", [refused.pause_message])
    assert delivery["attempts"] == 2
    assert (await stored(live, row.id)).paused_at is None


async def test_what_is_paused_by_hand_waits_until_somebody_resumes(live: Live) -> None:
    lead, label = await live.lead_now(), await live.label_everywhere()
    row = await integration(live)
    await change(live, "pauseIntegration", row.id)

    answer = await live.update({"leadId": lead}, label.id)
    held = await meta_delivery(live, answer["job"]["id"], "HELD")
    await change(live, "resumeIntegration", row.id)
    delivered = await meta_delivery(live, answer["job"]["id"], "DELIVERED")

    assert {warning["code"] for warning in answer["warnings"]} == {"INTEGRATION_PAUSED"}
    assert (held["attempts"], delivered["attempts"]) == (0, 1)


async def test_what_is_switched_off_holds_what_waits_until_it_is_on_again(live: Live) -> None:
    lead, label = await live.lead_now(), await live.label_everywhere()
    row = await integration(live)
    await change(live, "pauseIntegration", row.id)
    answer = await live.update({"leadId": lead}, label.id)
    await meta_delivery(live, answer["job"]["id"], "HELD")

    await update(live, row.id, enabled=False)
    await change(live, "resumeIntegration", row.id)
    assert (await meta_delivery(live, answer["job"]["id"], "HELD", "SCHEDULED"))["attempts"] == 0
    await update(live, row.id, enabled=True)

    await meta_delivery(live, answer["job"]["id"], "DELIVERED")


async def test_what_waits_for_a_disconnected_platform_is_canceled(live: Live) -> None:
    lead, label = await live.lead_now(), await live.label_everywhere()
    row = await integration(live)
    await change(live, "pauseIntegration", row.id)
    answer = await live.update({"leadId": lead}, label.id)

    await change(live, "disconnectIntegration", row.id)
    delivery = await meta_delivery(live, answer["job"]["id"], "CANCELED")

    assert delivery["errorCode"] == "INTEGRATION_DISCONNECTED"
    assert await live.received("meta") == []
