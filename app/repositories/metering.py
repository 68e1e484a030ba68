"""SQL of what is measured now and then: what is open, how late it is, what holds it. Reads only.

Whatever is final is not counted, as that grows for ever; and each statement finds its rows in an index.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, bindparam, func, literal_column, select
from sqlmodel import Session

from app.repositories.alerts import UNSENT
from app.repositories.deliveries import free, in_state
from app.tables.registry import metadata
from app.values import OPEN_STATES, DeliveryState, PauseReason, Platform

UNSENT_FOR = timedelta(days=1)

_DELIVERY = metadata.tables["delivery"]
_INTEGRATION = metadata.tables["integration"]
_MAPPING = metadata.tables["label_mapping"]
_JOB = metadata.tables["conversion_job"]


class Lane(NamedTuple):
    """A connected integration, and how late it is."""

    id: UUID
    platform: Platform
    pause_reason: PauseReason | None
    """None: it runs."""
    oldest_due_at: datetime | None
    """Since when its first delivery could have been sent; None: none is due."""


class OpenCount(NamedTuple):
    """How many deliveries of a lane are in one of OPEN_STATES."""

    lane: UUID
    platform: Platform
    state: DeliveryState
    deliveries: int


class UnsentCount(NamedTuple):
    """How many deliveries to a platform ended unsent lately."""

    platform: Platform
    state: DeliveryState
    deliveries: int


class HeldCount(NamedTuple):
    """How many mappings of a platform are held."""

    platform: Platform
    mappings: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """The whole installation at one time."""

    at: datetime
    lanes: Sequence[Lane]
    open: Sequence[OpenCount]
    unsent: Sequence[UnsentCount]
    """Within UNSENT_FOR."""
    held_mappings: Sequence[HeldCount]
    active_jobs: int


def _count(state: DeliveryState) -> Select[Any]:
    return (
        select(_DELIVERY.c.integration_id, func.count())
        .where(in_state(_DELIVERY.c.state, state))
        .group_by(_DELIVERY.c.integration_id)
    )


COUNTS = {state: _count(state) for state in sorted(OPEN_STATES)}
SELECT_OLDEST_DUE = (
    select(_DELIVERY.c.next_attempt_at)
    .where(
        _DELIVERY.c.integration_id == bindparam("lane"),
        in_state(_DELIVERY.c.state, DeliveryState.SCHEDULED),
        _DELIVERY.c.next_attempt_at <= bindparam("now", type_=_DELIVERY.c.next_attempt_at.type),
        free(),
    )
    .order_by(_DELIVERY.c.next_attempt_at)
    .limit(1)
)
SELECT_UNSENT = (
    select(_DELIVERY.c.platform, _DELIVERY.c.state, func.count())
    .where(UNSENT, _DELIVERY.c.finished_at > bindparam("since", type_=_DELIVERY.c.finished_at.type))
    .group_by(_DELIVERY.c.platform, _DELIVERY.c.state)
)
# As in the condition of the partial index; SQLAlchemy would write `active = 1` for SQLite.
COUNT_ACTIVE = select(func.count()).select_from(_JOB).where(literal_column("conversion_job.active"))
_SELECT_LANES = select(_INTEGRATION.c.id, _INTEGRATION.c.platform, _INTEGRATION.c.pause_reason).where(
    _INTEGRATION.c.disconnected_at.is_(None)
)
_COUNT_HELD = (
    select(_INTEGRATION.c.platform, func.count())
    .join(_MAPPING, _MAPPING.c.integration_id == _INTEGRATION.c.id)
    .where(_MAPPING.c.held_at.is_not(None))
    .group_by(_INTEGRATION.c.platform)
)


def measure(session: Session, now: datetime) -> Measurement:
    """Everything."""
    connection = session.connection()
    lanes = [
        Lane(*row, connection.execute(SELECT_OLDEST_DUE, {"lane": row.id, "now": now}).scalar_one_or_none())
        for row in connection.execute(_SELECT_LANES).all()
    ]
    platforms = {lane.id: lane.platform for lane in lanes}
    return Measurement(
        at=now,
        lanes=lanes,
        open=[
            OpenCount(lane, platforms[lane], state, count)
            for state, statement in COUNTS.items()
            for lane, count in connection.execute(statement)
            if lane in platforms
        ],
        unsent=[UnsentCount(*row) for row in connection.execute(SELECT_UNSENT, {"since": now - UNSENT_FOR})],
        held_mappings=[HeldCount(*row) for row in connection.execute(_COUNT_HELD)],
        active_jobs=connection.execute(COUNT_ACTIVE).scalar_one(),
    )
