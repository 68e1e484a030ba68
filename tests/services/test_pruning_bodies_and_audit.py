"""Retention of bodies and of the audit log: they go, and all that they were kept beside stays."""

import pytest

from app.services.pruning import Pruned, Retention
from app.tables.audit import AuditEventRow
from app.tables.jobs import AttemptRow, DeliveryRow
from app.values import DeliveryState
from tests.services.shop import AUDIT, BODIES, JOBS, LEADS, Shop, overtaken

S = DeliveryState


async def test_bodies_go_and_all_else_of_a_delivery_stays(shop: Shop) -> None:
    old, newer = await shop.lead(), await shop.lead(unique_identifier="crm-2")
    await shop.convert(old, S.DELIVERED)
    shop.pass_days()
    await shop.convert(newer, S.DELIVERED)
    before = {row.id: row.model_dump() for row in await shop.api.rows(DeliveryRow)}

    assert await shop.prune(BODIES) == Pruned(bodies=1)

    for row in await shop.api.rows(DeliveryRow):
        forgotten = {"request": None, "response": None} if row.lead_id == old.id else {}
        assert row.model_dump() == before[row.id] | forgotten
    assert len(await shop.api.rows(AttemptRow)) == 4


@pytest.mark.parametrize("retention", [LEADS, JOBS], ids=["leads", "jobs"])
async def test_the_audit_log_keeps_the_status_changes_of_what_is_deleted(
    shop: Shop, retention: Retention
) -> None:
    lead = await shop.lead()
    await shop.convert(lead, S.SKIPPED)
    await overtaken(shop, lead)
    before = await shop.log()
    shop.pass_days()

    assert (await shop.prune(retention)).jobs > 0

    assert await shop.log() == before
    assert [event["keyName"] for event in before] == ["admin-key", "admin-key"]


async def test_the_audit_log_forgets_what_is_older_whether_it_is_an_event_or_a_job(shop: Shop) -> None:
    lead = await shop.lead()
    await shop.convert(lead)
    await shop.change(lead, "open")
    shop.pass_days()
    await shop.change(lead, "open")
    jobs = [job.model_dump(exclude={"key_id", "request_id"}) for job in await shop.api.jobs()]

    assert await shop.prune(AUDIT) == Pruned(events=2)

    assert [event["action"] for event in await shop.log()] == ["STATUS_CHANGED"]
    assert len(await shop.api.rows(AuditEventRow)) == 1
    after = await shop.api.jobs()
    assert [job.model_dump(exclude={"key_id", "request_id"}) for job in after] == jobs
    assert [(job.key_id, job.request_id) for job in after] == [(None, None)]
