"""What a platform refused is tried again by hand, over real HTTP, and counted once."""

from typing import Any

from tests.end_to_end.live import Live

RETRY = """
mutation ($job: ID!, $dryRun: Boolean!) {
  retryDeliveries(filter: {jobId: $job}, dryRun: $dryRun) { matched retried skipped }
}
"""


async def meta_delivery(live: Live, job_id: str, state: str) -> dict[str, Any]:
    """The job's delivery to Meta, once it is in this state."""

    async def look() -> dict[str, Any] | None:
        deliveries = (await live.job(job_id))["deliveries"]
        delivery: dict[str, Any] = next(one for one in deliveries if one["platform"] == "META")
        return delivery if delivery["state"] == state else None

    found: dict[str, Any] = await live.until(look)
    return found


async def test_a_refused_conversion_is_sent_again_under_its_own_id(live: Live) -> None:
    lead, label = await live.lead_now(), await live.label_everywhere()
    await live.script("meta", fail="100/2804003", times=1)
    job_id = (await live.update({"leadId": lead}, label.id))["job"]["id"]
    rejected = await meta_delivery(live, job_id, "REJECTED")
    await live.processed(job_id)
    before = (await live.job(job_id))["lead"]["status"]

    counted = (await live.ask(RETRY, {"job": job_id, "dryRun": True}))["retryDeliveries"]
    done = (await live.ask(RETRY, {"job": job_id, "dryRun": False}))["retryDeliveries"]
    delivered = await meta_delivery(live, job_id, "DELIVERED")

    assert counted == done == {"matched": 1, "retried": 1, "skipped": 0}
    assert delivered["platformEventId"] == rejected["platformEventId"]
    assert [line["number"] for line in delivered["attemptLog"]] == [1, 2]
    job = await live.job(job_id)
    assert (job["active"], job["lead"]["status"]) == (False, before)
    assert len(await live.received("meta")) == 2
    assert [one["copies"] for one in (await live.book("meta"))["counted"]] == [1]
