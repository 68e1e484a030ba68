"""A preview's bodies are those that are sent: the same path, the same bytes."""

from collections.abc import Callable
from itertools import count
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlmodel import Session, select

from app.connectors.base import Connection, Endpoint
from app.connectors.http import json_bytes
from app.database.database import Database
from app.services.identifying import LeadIdentifier
from app.services.previewing import PreviewService
from app.services.status import StatusService
from app.services.status_change import StatusChange
from app.services.viewer import Viewer
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow
from app.tables.leads import LeadRow
from app.values import Scope
from app.worker.attempts import Attempt, Channel
from app.worker.sending import Prepared, prepare
from tests.connectors.cases import Case, every_connector
from tests.connectors.leads import COMPLETE
from tests.world import START, FakeClock, World, new_cipher


def same_ids() -> Callable[[], UUID]:
    """Ids that come in the same order each time this is called anew."""
    numbers = count(1)
    return lambda: UUID(int=0x018F4C3E7B1A7C3D9E2F << 48 | next(numbers))


@every_connector
@pytest.mark.parametrize("test_mode", [False, True])
async def test_with_the_same_clock_lead_and_ids_the_bodies_are_equal_byte_for_byte(
    sqlite_database: Database, http: AsyncClient, case: Case, test_mode: bool
) -> None:
    clock, connectors = FakeClock(START), {case.platform: case.connector()}
    world = await World(sqlite_database, clock, new_cipher(), {**connectors}).begin()
    lead = await world.lead(**_identity())
    label = await world.label()
    integration = await world.integration(
        case.platform, settings=case.settings, credentials=case.credentials, test_mode=test_mode
    )
    await world.map(label.id, integration, target=case.target)
    viewer = Viewer(world.project_id, UUID(int=1), frozenset({Scope.ADMIN}))
    change = StatusChange(
        lead=LeadIdentifier(lead_id=str(lead.id)), conversion_id=str(label.id), price_cents=125_050
    )

    previews = PreviewService(sqlite_database, connectors, clock, same_ids())
    seen = await previews.preview(viewer, change)
    statuses = StatusService(sqlite_database, connectors, lambda _lanes: None, clock, same_ids())
    await statuses.update(viewer, change)
    delivery, row = await sqlite_database.read(_queued)
    sent = prepare(
        Attempt(
            delivery=delivery,
            lead=row,
            channel=_channel(case, integration, http),
            is_probe=False,
        ),
        UUID(int=2),
        clock,
    )

    assert isinstance(sent, Prepared)
    [previewed] = seen.deliveries
    assert previewed.request is not None
    assert json_bytes(previewed.request) == json_bytes(sent.request)
    assert previewed.send_at == delivery.next_attempt_at
    assert previewed.expires_at == delivery.expires_at


def _identity() -> dict[str, object]:
    """All that can be given of a complete lead."""
    given = {name: value for name, value in COMPLETE.items() if name not in _OURS}
    return {**given, "clicked_at": START.replace(day=20)}


_OURS = {
    "id", "project_id", "status", "currency", "created_at", "updated_at", "email_key", "phone_e164",
    *(f"{group}_{what}_at" for group in ("google", "meta", "microsoft", "linkedin", "tiktok")
      for what in ("captured", "clicked")),
}  # fmt: skip


def _queued(session: Session) -> tuple[DeliveryRow, LeadRow]:
    delivery = session.exec(select(DeliveryRow)).one()
    return delivery, session.exec(select(LeadRow)).one()


def _channel(case: Case, integration: IntegrationRow, http: AsyncClient) -> Channel:
    connector = case.connector()
    connection = Connection(
        integration_id=integration.id,
        settings=connector.settings_model.model_validate(integration.settings),
        credentials=connector.credentials_model.model_validate(case.credentials),
        endpoint=Endpoint(base_url="http://127.0.0.1:9", api_version="v1", token_url=None),
        test_mode=integration.test_mode,
        http=http,
    )
    return Channel(connector=connector, connection=connection)
