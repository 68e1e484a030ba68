"""What a status change would do. It is done, looked at, and undone before anybody else can see it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

from sqlmodel import Session

from app.clock import Clock
from app.connectors.base import Body
from app.database.database import Database
from app.errors import DomainError
from app.ids import new_id
from app.repositories.jobs import waiting_of_lead
from app.services.answers import Queued
from app.services.applying import Call, apply_change
from app.services.conversions import build_request
from app.services.identifying import ChosenIdentifier, require_lead
from app.services.setups import Setup, Setups
from app.services.situation import Planned
from app.services.status_change import StatusChange, check
from app.services.viewer import Viewer
from app.tables.leads import LeadRow
from app.values import DeliveryKind, DeliveryPlan, LeadStatus, Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedDelivery:
    """One delivery as it would be created."""

    integration_id: UUID
    platform: Platform
    kind: DeliveryKind
    plan: DeliveryPlan
    send_at: datetime | None
    """None: it would be skipped."""
    expires_at: datetime | None
    request: Body | None
    """The body that would be sent, redacted; None: none would be, or it cannot be built as things stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a status change would do."""

    lead_id: int
    status: LeadStatus
    queued: bool
    warnings: list[dict[str, Any]]
    """In the form of app.services.warnings."""
    deliveries: tuple[PreviewedDelivery, ...]
    cancels: tuple[UUID, ...]
    """Deliveries that would not be sent any more."""


class _UndoneError(DomainError):
    """Ends the transaction of a preview, so that nothing of it is stored; meant, as a refusal is."""

    def __init__(self, preview: Preview) -> None:
        super().__init__("undone")
        self.preview = preview


@dataclass(frozen=True, slots=True)
class PreviewService:
    """Says what status changes would do."""

    database: Database
    setups: Setups
    clock: Clock
    make_id: Callable[[], UUID] = new_id

    async def preview(self, viewer: Viewer, change: StatusChange) -> Preview:
        """What StatusService.update() would do with the same call now, with the same DomainErrors.

        Nothing is stored, sent or remembered: an idempotency key is checked and otherwise ignored.
        """
        now = self.clock()
        chosen = check(change, now)
        setup = await self.setups.of(viewer.project_id)

        def work(session: Session) -> NoReturn:
            raise _UndoneError(self._look(session, viewer, setup, change, chosen, now=now))

        try:
            return await self.database.write(work)
        except _UndoneError as undone:
            return undone.preview

    def _look(
        self,
        session: Session,
        viewer: Viewer,
        setup: Setup,
        change: StatusChange,
        chosen: ChosenIdentifier,
        *,
        now: datetime,
    ) -> Preview:
        lead = require_lead(session, setup.project, chosen)
        assert lead.id is not None
        waiting = waiting_of_lead(session, lead.id)
        answer = apply_change(
            Call(
                session=session,
                connectors=self.setups.connectors,
                wake=_wake_nobody,
                setup=setup,
                change=replace(change, idempotency_key=None),
                chosen=chosen,
                now=now,
                viewer=viewer,
                make_id=self.make_id,
            )
        )
        planned = answer.planned if isinstance(answer, Queued) else ()
        created = {one.delivery.id for one in planned}
        still = set(waiting_of_lead(session, lead.id)) - created
        return Preview(
            lead_id=lead.id,
            status=answer.status,
            queued=isinstance(answer, Queued),
            warnings=answer.warnings if isinstance(answer, Queued) else [],
            deliveries=tuple(_shown(one, self._request(one, lead, setup), now) for one in planned),
            cancels=tuple(delivery_id for delivery_id in waiting if delivery_id not in still),
        )

    def _request(self, planned: Planned, lead: LeadRow, setup: Setup) -> Body | None:
        delivery = planned.delivery
        connector = self.setups.connectors.get(delivery.platform)
        settings = setup.settings[delivery.integration_id]
        if planned.plan is DeliveryPlan.SKIP or connector is None or settings is None:
            return None
        test_mode = next(one.test_mode for one in setup.integrations if one.id == delivery.integration_id)
        return connector.redact(build_request(connector, settings, lead, delivery, test_mode=test_mode))


def _shown(planned: Planned, request: Body | None, now: datetime) -> PreviewedDelivery:
    delivery = planned.delivery
    send_at = delivery.next_attempt_at
    # What follows another delivery is not sent before that one, whatever the connector would take.
    waits = planned.plan is DeliveryPlan.SEND and send_at is not None and send_at > now
    return PreviewedDelivery(
        integration_id=delivery.integration_id,
        platform=delivery.platform,
        kind=delivery.kind,
        plan=DeliveryPlan.WAIT if waits else planned.plan,
        send_at=send_at,
        expires_at=delivery.expires_at,
        request=request,
    )


def _wake_nobody(_lanes: object) -> None:
    """There will be nothing to do."""
