"""SQL of the sweep: what nobody else would notice. Searches only; one statement for each kind of chore."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, bindparam, delete, literal_column, or_, select, tuple_
from sqlmodel import Session

from app.repositories.deliveries import free, in_state
from app.tables.registry import metadata
from app.values import DeliveryState, PauseReason

_INTEGRATION = metadata.tables["integration"]
_MAPPING = metadata.tables["label_mapping"]
_JOB = metadata.tables["conversion_job"]
_DELIVERY = metadata.tables["delivery"]
_KEY = metadata.tables["idempotency_key"]

_INSTANT = _DELIVERY.c.expires_at.type
_now: Any = bindparam("now", type_=_INSTANT)
_limit: Any = bindparam("limit", type_=Integer())

_SCHEDULED = in_state(_DELIVERY.c.state, DeliveryState.SCHEDULED)
_HELD = in_state(_DELIVERY.c.state, DeliveryState.HELD)
_SENDING = in_state(_DELIVERY.c.state, DeliveryState.SENDING)
_ACCEPTED = in_state(_DELIVERY.c.state, DeliveryState.ACCEPTED)


def _has_delivery(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    of_lane = _DELIVERY.c.integration_id == _INTEGRATION.c.id
    return select(_DELIVERY.c.id).where(of_lane, *conditions).correlate(_INTEGRATION, _MAPPING).exists()


def _has_mapping(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    of_lane = _MAPPING.c.integration_id == _INTEGRATION.c.id
    return select(_MAPPING.c.id).where(of_lane, *conditions).correlate(_INTEGRATION, _DELIVERY).exists()


_RUNNING = _INTEGRATION.c.enabled & _INTEGRATION.c.paused_at.is_(None)
# As target_is_held() has it.
_OF_MAPPING = (_DELIVERY.c.label_id == _MAPPING.c.label_id) & (_DELIVERY.c.target == _MAPPING.c.target)
_IS_HELD = _MAPPING.c.held_at.is_not(None)
# Not whether it expired meanwhile: that would take another index, and read all that waits for later.
_DUE = _has_delivery(_SCHEDULED, _DELIVERY.c.next_attempt_at <= _now, free())
_VERDICT = _has_delivery(_ACCEPTED, _DELIVERY.c.verdict_at <= _now)
_LANE_PROBE = (
    _INTEGRATION.c.enabled
    & (_INTEGRATION.c.probe_at <= _now)
    & _INTEGRATION.c.pause_reason.is_distinct_from(PauseReason.MANUAL)
)
_MAPPING_PROBE = _has_mapping(_IS_HELD, _MAPPING.c.probe_at <= _now)
_TO_HOLD = or_(
    ~_RUNNING & _has_delivery(_SCHEDULED),
    _has_mapping(_IS_HELD, _has_delivery(_SCHEDULED, _OF_MAPPING)),
)
_TO_RELEASE = _RUNNING & _has_delivery(_HELD, ~_has_mapping(_IS_HELD, _OF_MAPPING))

SELECT_LANES = select(_INTEGRATION.c.id).where(
    or_(
        _RUNNING & (_DUE | _VERDICT | _MAPPING_PROBE),
        # Being sent, or left behind by an owner that died: its next turn finds out.
        _has_delivery(_SENDING),
        _LANE_PROBE,
        _TO_HOLD,
        _TO_RELEASE,
    )
)
# The same rule as job_progress(); what it says of a job is decided there.
_AWAITED = select(_DELIVERY.c.id).where(
    _DELIVERY.c.job_id == _JOB.c.id,
    or_(
        _SENDING & (_DELIVERY.c.attempts <= 1),
        _SCHEDULED
        & (_DELIVERY.c.attempts == 0)
        & free()
        & (_DELIVERY.c.next_attempt_at <= bindparam("soon", type_=_INSTANT)),
    ),
)
SELECT_IDLE_JOBS = (
    select(_JOB.c.id)
    .where(
        # As in the condition of the partial index; SQLAlchemy would write `active = 1` for SQLite.
        literal_column("conversion_job.active"),
        or_(_JOB.c.created_at <= bindparam("too_old", type_=_INSTANT), ~_AWAITED.exists()),
    )
    .order_by(_JOB.c.created_at)
    .limit(_limit)
)
_OLD = _KEY.c.created_at <= bindparam("before", type_=_INSTANT)
SELECT_OLD_KEY = select(_KEY.c.key).where(_OLD).limit(1)
_FORGET = delete(_KEY).where(
    tuple_(_KEY.c.project_id, _KEY.c.key).in_(
        select(_KEY.c.project_id, _KEY.c.key).where(_OLD).order_by(_KEY.c.created_at).limit(_limit)
    )
)


def find_lanes_with_work(session: Session, now: datetime) -> Sequence[UUID]:
    """Lanes that could do something now: send, put back, probe, hold or release."""
    return session.connection().execute(SELECT_LANES, {"now": now}).scalars().all()


def find_idle_jobs(session: Session, *, soon: datetime, too_old: datetime, limit: int) -> Sequence[UUID]:
    """Active jobs none of whose deliveries has its first attempt before `soon`, or created by `too_old`."""
    parameters = {"soon": soon, "too_old": too_old, "limit": limit}
    return session.connection().execute(SELECT_IDLE_JOBS, parameters).scalars().all()


def has_old_keys(session: Session, before: datetime) -> bool:
    """Whether an idempotency key was used no later than `before`."""
    return session.connection().execute(SELECT_OLD_KEY, {"before": before}).first() is not None


def forget_old_keys(session: Session, before: datetime, limit: int) -> None:
    """Delete idempotency keys that were used no later than `before`, the oldest first."""
    session.connection().execute(_FORGET, {"before": before, "limit": limit})
