"""From the mutation to the platform and back, over real HTTP."""

import asyncio

import pytest

from app.tables.jobs import DeliveryRow
from app.tables.leads import LeadRow
from app.values import DeliveryState, Platform
from tests.end_to_end.live import Live
from tests.world import TARGETS


async def test_a_status_change_reaches_every_platform_and_the_lead_is_rated(live: Live) -> None:
    lead, label = await live.lead_now(), await live.label_everywhere(mark_as_done=True)

    answer = await live.update({"leadId": lead}, label.id, price=12_500)
    job = await live.processed(answer["job"]["id"])

    assert (answer["__typename"], answer["warnings"]) == ("QueuedResult", [])
    assert (job["state"], job["lead"]["status"]) == ("COMPLETED", "RATED")
    ends = {d["platform"]: (d["state"], d["attempts"], d["errorCode"]) for d in job["deliveries"]}
    assert ends == {platform.value: (live.taken(platform), 1, None) for platform in TARGETS}
    for platform in TARGETS:
        [counted] = (await live.book(platform.value.lower()))["counted"]
        assert (counted["copies"], counted["currency"]) == (1, "EUR")
        # A webhook is told whole cents.
        assert counted["value"] == (12_500 if platform is Platform.WEBHOOK else 125.0)


async def test_every_platform_is_told_the_deliverys_own_id(live: Live) -> None:
    lead, label = await live.lead_now(), await live.label_everywhere()

    answer = await live.update({"leadId": lead}, label.id)
    await live.processed(answer["job"]["id"])

    # Microsoft takes none: it tells copies by goal, click and time.
    for platform in set(TARGETS) - {Platform.MICROSOFT_ADS}:
        [request] = await live.received(platform.value.lower())
        assert request["eventIds"] == [f"lw-{answer['job']['id']}"]


async def test_what_platforms_call_the_request_is_kept(live: Live) -> None:
    lead, label = await live.lead_now(), await live.label_everywhere()

    answer = await live.update({"leadId": lead}, label.id)
    job = await live.processed(answer["job"]["id"])

    kept = {d["platform"]: d["platformRequestId"] for d in job["deliveries"] if d["platformRequestId"]}
    names = {"GOOGLE_ADS": "requestId", "META": "fbtrace_id", "TIKTOK": "request_id"}
    told = {platform: (await live.received(platform.lower()))[0]["response"] for platform in names}
    assert kept == {platform: told[platform][name] for platform, name in names.items()}


async def test_a_platform_that_fails_is_tried_again_and_locks_no_lead(live: Live) -> None:
    lead, label = await live.lead_now(), await live.label_everywhere()
    await live.script("meta", fail="2", times=1)

    answer = await live.update({"leadId": lead}, label.id)
    job = await live.processed(answer["job"]["id"])

    meta = next(d for d in job["deliveries"] if d["platform"] == "META")
    assert (job["state"], job["active"], job["lead"]["status"]) == ("PROCESSING", False, "OPEN")
    assert (meta["state"], meta["attempts"]) == ("SCHEDULED", 1)
    assert meta["nextAttemptAt"] is not None
    assert meta["errorMessage"]
    again = await live.update({"leadId": lead}, label.id)
    assert again["__typename"] == "QueuedResult"


async def test_a_refusal_for_good_ends_the_job_as_failed_with_the_reason(live: Live) -> None:
    lead, label = await live.lead_now(), await live.label_everywhere()
    await live.script("meta", fail="100/2804003", times=1)

    answer = await live.update({"leadId": lead}, label.id)
    job = await live.processed(answer["job"]["id"])

    meta = next(d for d in job["deliveries"] if d["platform"] == "META")
    assert (job["state"], meta["state"]) == ("FAILED", "REJECTED")
    assert meta["errorCode"] == "100/2804003"
    assert meta["attemptLog"][0]["httpStatus"] == 400
    assert len(await live.received("google_ads")) == 1


async def test_a_job_with_nothing_to_send_ends_at_once(live: Live) -> None:
    await live.label_everywhere()
    label = await live.world.label("Mapped nowhere", mark_as_done=True)

    answer = await live.update({"leadId": await live.lead_now()}, label.id)
    job = await live.processed(answer["job"]["id"])

    assert (job["state"], job["lead"]["status"]) == ("COMPLETED", "RATED")
    assert {delivery["state"] for delivery in job["deliveries"]} == {"SKIPPED"}


async def test_fifty_simultaneous_calls_while_a_platform_is_slow_queue_exactly_one(live: Live) -> None:
    lead, label = await live.lead_now(), await live.label_everywhere()
    await live.script("meta", delayS=3)

    answers = await asyncio.gather(
        *(live.update({"leadId": lead}, label.id, price=price) for price in range(1, 51))
    )

    kinds = sorted(answer["__typename"] for answer in answers)
    assert kinds == ["DuplicateJobError"] * 49 + ["QueuedResult"]
    winner = next(answer for answer in answers if answer["__typename"] == "QueuedResult")
    (job,) = await live.jobs()
    (row,) = await live.rows(LeadRow)
    assert row.price_cents == job.price_cents == winner["job"]["price"]
    assert {a["job"]["id"] for a in answers} == {str(job.id)}
    ended = await live.processed(str(job.id))
    assert ended["state"] == "COMPLETED"
    assert [len(await live.received(name)) for name in ("google_ads", "meta", "ga4")] == [1, 1, 1]


async def sending_to_meta(live: Live) -> bool:
    return any(
        row.state is DeliveryState.SENDING and row.platform.value == "META"
        for row in await live.rows(DeliveryRow)
    )


@pytest.mark.parametrize("then", ["open", "SUPERSEDE"])
async def test_what_is_being_sent_at_that_very_moment_finishes_and_keeps_its_outcome(
    live: Live, then: str
) -> None:
    lead, label = await live.lead_now(), await live.label_everywhere(mark_as_done=True)
    await live.script("meta", delayS=1)
    first = await live.update({"leadId": lead}, label.id)
    await live.until(lambda: sending_to_meta(live))

    if then == "open":
        answer = await live.update({"leadId": lead}, "open")
        assert answer["__typename"] == "OpenResult"
    else:
        other = await live.world.label("Second")
        answer = await live.update({"leadId": lead}, other.id, onConflict="SUPERSEDE")
        assert answer["supersededJob"] == {
            "id": first["job"]["id"],
            "state": "PROCESSING",
            "active": False,
        }

    async def through() -> bool:
        job = await live.job(first["job"]["id"])
        return all(delivery["state"] != "SENDING" for delivery in job["deliveries"])

    await live.until(through)
    old = await live.job(first["job"]["id"])
    meta = next(delivery for delivery in old["deliveries"] if delivery["platform"] == "META")
    assert (meta["state"], old["state"]) == ("DELIVERED", "COMPLETED")
    status = (await live.lead_row(int(lead))).status
    assert status.value in ({"OPEN"} if then == "open" else {"PENDING", "OPEN"})
    assert status.value != "RATED"


async def test_a_dead_token_holds_the_integration_and_its_deliveries_and_locks_no_lead(live: Live) -> None:
    lead, label = await live.lead_now(), await live.label_everywhere()
    await live.script("meta", fail="190", times=1)

    answer = await live.update({"leadId": lead}, label.id)
    job = await live.processed(answer["job"]["id"])

    meta = next(delivery for delivery in job["deliveries"] if delivery["platform"] == "META")
    assert meta["state"] == "HELD"
    integrations = (await live.ask("{ integrations { platform paused pauseReason } }"))["integrations"]
    assert {i["platform"]: (i["paused"], i["pauseReason"]) for i in integrations} == {
        **{platform.value: (False, None) for platform in TARGETS},
        "META": (True, "AUTHENTICATION"),
    }
