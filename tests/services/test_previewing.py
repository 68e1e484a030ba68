"""A preview's bodies are those that are sent: the same path, the same bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlmodel import Session, col, select

from app.connectors.base import Connection, Connector, Endpoint
from app.connectors.http import json_bytes
from app.database.database import Database
from app.ids import new_id
from app.services.identifying import LeadIdentifier
from app.services.previewing import PreviewedDelivery, PreviewService
from app.services.progress import settle_jobs
from app.services.setups import Setups
from app.services.status import StatusService
from app.services.status_change import StatusChange
from app.services.viewer import Viewer
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow, JobRow
from app.tables.labels import LabelRow
from app.tables.leads import LeadRow
from app.values import DeliveryKind, DeliveryState, Platform, Scope
from app.worker.attempts import Attempt, Channel
from app.worker.sending import Prepared, prepare
from tests.connectors.cases import CASES, Case, every_connector
from tests.connectors.leads import COMPLETE
from tests.world import START, FakeClock, World, new_cipher


def same_ids() -> Callable[[], UUID]:
    """Ids that come in the same order each time this is called anew."""
    numbers = count(1)
    return lambda: UUID(int=0x018F4C3E7B1A7C3D9E2F << 48 | next(numbers))


@dataclass(frozen=True)
class Stage:
    """One lead, one label mapped to one integration, and a clock that stands still."""

    database: Database
    clock: FakeClock
    connectors: dict[Platform, Connector]
    viewer: Viewer
    lead: LeadRow
    label: LabelRow
    integration: IntegrationRow

    @property
    def _setups(self) -> Setups:
        return Setups(self.database, self.connectors)

    def change(self, **given: Any) -> StatusChange:
        usual: dict[str, Any] = {
            "lead": LeadIdentifier(lead_id=str(self.lead.id)),
            "conversion_id": str(self.label.id),
        }
        return StatusChange(**usual | given)

    async def previewed(self, change: StatusChange, kind: DeliveryKind) -> PreviewedDelivery:
        previews = PreviewService(self.database, self._setups, self.clock, same_ids())
        seen = await previews.preview(self.viewer, change)
        return next(one for one in seen.deliveries if one.kind is kind)

    async def queued(
        self, change: StatusChange, kind: DeliveryKind, make_id: Callable[[], UUID] = new_id
    ) -> tuple[DeliveryRow, LeadRow]:
        statuses = StatusService(self.database, self._setups, lambda _lanes: None, self.clock, make_id)
        await statuses.update(self.viewer, change)
        return await self.database.read(partial(_queued, kind=kind))

    async def delivered(self) -> None:
        """Everything that waits has arrived."""

        def work(session: Session) -> None:
            for row in session.exec(select(DeliveryRow)):
                row.state, row.attempts, row.next_attempt_at = DeliveryState.DELIVERED, 1, None
            session.flush()
            settle_jobs(session, session.exec(select(JobRow.id)).all(), self.clock())

        await self.database.write(work)


async def staged(database: Database, case: Case, *, test_mode: bool = False, **label: Any) -> Stage:
    clock, connectors = FakeClock(START), {case.platform: case.connector()}
    world = await World(database, clock, new_cipher(), {**connectors}).begin()
    row = await world.label(**label)
    integration = await world.integration(
        case.platform, settings=case.settings, credentials=case.credentials, test_mode=test_mode
    )
    await world.map(row.id, integration, target=case.target)
    viewer = Viewer(world.project_id, UUID(int=1), frozenset({Scope.ADMIN}))
    lead = await world.lead(**_identity())
    return Stage(database, clock, connectors, viewer, lead, row, integration)


async def same_bytes(
    stage: Stage, case: Case, http: AsyncClient, change: StatusChange, kind: DeliveryKind
) -> None:
    """What is previewed, and then what is queued and prepared for sending, are the same."""
    seen = await stage.previewed(change, kind)
    delivery, lead = await stage.queued(change, kind, same_ids())
    channel = _channel(case, stage.integration, http)
    sent = prepare(
        Attempt(delivery=delivery, lead=lead, channel=channel, is_probe=False), UUID(int=2), stage.clock
    )
    assert isinstance(sent, Prepared)
    assert seen.request is not None
    assert json_bytes(seen.request) == json_bytes(sent.request)
    assert (seen.send_at, seen.expires_at) == (delivery.next_attempt_at, delivery.expires_at)


@every_connector
@pytest.mark.parametrize("test_mode", [False, True])
async def test_with_the_same_clock_lead_and_ids_the_bodies_are_equal_byte_for_byte(
    sqlite_database: Database, http: AsyncClient, case: Case, test_mode: bool
) -> None:
    stage = await staged(sqlite_database, case, test_mode=test_mode)
    await same_bytes(stage, case, http, stage.change(price_cents=125_050), DeliveryKind.SEND)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.connector().facts.can_restate], ids=lambda case: case.name
)
@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (DeliveryKind.RESTATE, {"price_cents": 99_000}),
        (DeliveryKind.RETRACT, {"conversion_id": "lost"}),
    ],
    ids=["restate", "retract"],
)
async def test_so_are_those_of_a_new_value_and_of_what_is_taken_back(
    sqlite_database: Database, http: AsyncClient, case: Case, kind: DeliveryKind, given: dict[str, Any]
) -> None:
    stage = await staged(sqlite_database, case, undo_on_lost=True)
    await stage.queued(stage.change(price_cents=125_050), DeliveryKind.SEND)
    await stage.delivered()
    stage.clock.advance(hours=7)

    await same_bytes(stage, case, http, stage.change(**given), kind)


def _identity() -> dict[str, object]:
    """All that can be given of a complete lead."""
    given = {name: value for name, value in COMPLETE.items() if name not in _OURS}
    return {**given, "clicked_at": START.replace(day=20)}


_OURS = {
    "id", "project_id", "status", "currency", "created_at", "updated_at", "email_key", "phone_e164",
    *(f"{group}_{what}_at" for group in ("google", "meta", "microsoft", "linkedin", "tiktok")
      for what in ("captured", "clicked")),
}  # fmt: skip


def _queued(session: Session, *, kind: DeliveryKind) -> tuple[DeliveryRow, LeadRow]:
    of_kind = select(DeliveryRow).where(col(DeliveryRow.kind) == kind).order_by(col(DeliveryRow.created_at))
    return session.exec(of_kind).all()[-1], session.exec(select(LeadRow)).one()


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
