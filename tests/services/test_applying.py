"""What a status change plans is what it stores."""

from datetime import timedelta

from app.services.answers import Queued
from app.services.identifying import LeadIdentifier
from app.services.status_change import StatusChange
from app.tables.jobs import DeliveryRow
from app.values import DeliveryState, Platform
from tests.api import Api
from tests.world import START

S = DeliveryState


async def test_every_column_of_a_planned_delivery_is_stored(api: Api) -> None:
    label = await api.world.label()
    unmapped = await api.world.integration(Platform.GA4)
    paused = await api.world.integration(Platform.TIKTOK, paused_at=START)
    others = [await api.world.integration(one) for one in (Platform.META, Platform.GOOGLE_ADS)]
    for integration in (paused, *others):
        await api.world.map(label.id, integration)
    lead = await api.world.complete_lead(created_at=START - timedelta(hours=1))
    viewer = await api.services.gatekeeper.authenticate(api.key, "")

    change = StatusChange(lead=LeadIdentifier(lead_id=str(lead.id)), conversion_id=str(label.id))
    answer = await api.services.status.update(viewer, change)

    assert isinstance(answer, Queued)
    planned = {one.delivery.integration_id: one.delivery for one in answer.planned}
    assert {planned[one].state for one in planned} == {S.SKIPPED, S.HELD, S.SCHEDULED}
    assert planned[unmapped.id].state is S.SKIPPED
    for row in await api.rows(DeliveryRow):
        stored = row.model_dump()
        assert stored == {name: getattr(planned[row.integration_id], name) for name in stored}
