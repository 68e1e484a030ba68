"""SQL of what somebody who looks after an installation wants to know. Reads only."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from app.repositories.alerts import UNSENT
from app.repositories.deliveries import free, in_state
from app.tables.integrations import IntegrationRow
from app.tables.projects import ProjectRow
from app.tables.registry import metadata
from app.values import DeliveryState

_DELIVERY = metadata.tables["delivery"]


class Queue(NamedTuple):
    """What waits for an integration."""

    due: int
    """Deliveries that could be sent now."""
    oldest_due_at: datetime | None
    """Since when the first of them could be; None: none is due."""
    held: int


class UnsentCount(NamedTuple):
    """Deliveries that ended unsent in the same way."""

    integration_id: UUID
    state: DeliveryState
    error_code: str | None
    deliveries: int


_lane: Any = bindparam("lane")
_OF_LANE = _DELIVERY.c.integration_id == _lane
SELECT_DUE = select(
    func.count().label("due"), func.min(_DELIVERY.c.next_attempt_at).label("oldest_due_at")
).where(
    _OF_LANE,
    in_state(_DELIVERY.c.state, DeliveryState.SCHEDULED),
    _DELIVERY.c.next_attempt_at <= bindparam("now", type_=_DELIVERY.c.next_attempt_at.type),
    free(),
)
SELECT_HELD = select(func.count()).where(_OF_LANE, in_state(_DELIVERY.c.state, DeliveryState.HELD))
SELECT_UNSENT = (
    select(_DELIVERY.c.integration_id, _DELIVERY.c.state, _DELIVERY.c.error_code, func.count())
    .where(
        UNSENT,
        _DELIVERY.c.finished_at > bindparam("since", type_=_DELIVERY.c.finished_at.type),
        # Not as the start of an index: what ended lately is less than all that ever ended in these states.
        func.coalesce(_DELIVERY.c.project_id, _DELIVERY.c.project_id) == bindparam("project", type_=Uuid()),
    )
    .group_by(_DELIVERY.c.integration_id, _DELIVERY.c.state, _DELIVERY.c.error_code)
)


def list_projects(session: Session) -> Sequence[ProjectRow]:
    """All projects, oldest first."""
    return session.exec(select_rows(ProjectRow).order_by(col(ProjectRow.id))).all()


def list_connected(session: Session) -> Sequence[IntegrationRow]:
    """The connected integrations of all projects."""
    connected = col(IntegrationRow.disconnected_at).is_(None)
    return session.exec(select_rows(IntegrationRow).where(connected).order_by(col(IntegrationRow.id))).all()


def queue_of(session: Session, lane: UUID, now: datetime) -> Queue:
    """What waits for the integration."""
    connection = session.connection()
    due, oldest = connection.execute(SELECT_DUE, {"lane": lane, "now": now}).one()
    return Queue(due, oldest, connection.execute(SELECT_HELD, {"lane": lane}).scalar_one())


def unsent_since(session: Session, project_id: UUID, since: datetime) -> list[UnsentCount]:
    """What ended unsent after `since`, most frequent first."""
    given = {"project": project_id, "since": since}
    counts = [UnsentCount(*row) for row in session.connection().execute(SELECT_UNSENT, given)]
    return sorted(counts, key=lambda one: (-one.deliveries, one.state, one.error_code or ""))
