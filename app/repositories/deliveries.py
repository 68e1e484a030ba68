"""SQL by which a lane claims its deliveries.

States stand in the statements as literals: compared with a bound parameter SQLite would not use the partial
indexes, and read the whole table instead.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    null,
    select,
    true,
    update,
)
from sqlmodel import Session

from app.database.prepared import Prepared
from app.tables.jobs import DeliveryRow
from app.tables.leads import LeadRow
from app.tables.making import make, put
from app.tables.registry import metadata
from app.values import DeliveryState, JobState

_DELIVERY = metadata.tables["delivery"]
_JOB = metadata.tables["conversion_job"]
_LEAD = metadata.tables["lead"]
_MAPPING = metadata.tables["label_mapping"]

FEW = 500
"""So many due deliveries of a lane are sorted rather than looked for among all that wait."""


class Due(NamedTuple):
    """A delivery whose time has come, with the lead as it is now."""

    delivery: DeliveryRow
    """Without `request`, `response` and `warning`. Neither row is the session's."""
    lead: LeadRow


def in_state(column: ColumnElement[Any], *states: DeliveryState) -> ColumnElement[bool]:
    """`column` is one of these states, as literals."""
    texts: list[ColumnElement[Any]] = [literal_column(f"'{state.value}'") for state in states]
    return column == texts[0] if len(texts) == 1 else column.in_(texts)


def free() -> ColumnElement[bool]:
    """What the delivery follows is through, and so is what follows that one and is older.

    A restatement must not arrive before what it restates, nor an older one after it.
    """
    followed, older = _DELIVERY.alias("followed"), _DELIVERY.alias("older")
    first = _on_its_way(followed).where(followed.c.id == _DELIVERY.c.follows_id)
    before = _on_its_way(older).where(
        older.c.follows_id == _DELIVERY.c.follows_id, older.c.id < _DELIVERY.c.id
    )
    return _DELIVERY.c.follows_id.is_(None) | (~first.exists() & ~before.exists())


def target_is_held() -> ColumnElement[bool]:
    """The delivery's own target is what its label's mapping is held for.

    A label may mean another target by now, and a retraction has that of what it takes back: a refusal of the
    one says nothing of the other.
    """
    return (
        select(_MAPPING.c.id)
        .where(
            _MAPPING.c.label_id == _DELIVERY.c.label_id,
            _MAPPING.c.integration_id == _DELIVERY.c.integration_id,
            _MAPPING.c.target == _DELIVERY.c.target,
            _MAPPING.c.held_at.is_not(None),
        )
        .exists()
    )


def _on_its_way(other: FromClause) -> Select[UUID]:
    return select(other.c.id).where(
        in_state(other.c.state, DeliveryState.SCHEDULED, DeliveryState.HELD, DeliveryState.SENDING)
    )


_ids: Any = bindparam("ids", expanding=True)
_now: Any = bindparam("now", type_=_DELIVERY.c.expires_at.type)
_limit: Any = bindparam("limit", type_=Integer())

_OF_LANE = _DELIVERY.c.integration_id == bindparam("lane")
_SCHEDULED = in_state(_DELIVERY.c.state, DeliveryState.SCHEDULED)
_HELD = in_state(_DELIVERY.c.state, DeliveryState.HELD)
_SENDING = in_state(_DELIVERY.c.state, DeliveryState.SENDING)


LIGHT = [column for column in _DELIVERY.c if column.name not in {"request", "response", "warning"}]
"""A delivery's columns without the large JSON that no rule and no attempt looks at."""
_DELIVERY_NAMES = [column.name for column in LIGHT]
_LEAD_NAMES = [column.name for column in _LEAD.c]


def _claim(*conditions: ColumnElement[bool]) -> Select[Any]:
    return _claim_any(_OF_LANE, *conditions)


def _claim_any(*conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(*LIGHT, *_LEAD.c)
        .join(_LEAD, _LEAD.c.id == _DELIVERY.c.lead_id)
        .where(*conditions, _DELIVERY.c.expires_at > _now, free())
        .limit(_limit)
        # SKIP LOCKED: who claims waits for nobody, so it can take part in no deadlock.
        .with_for_update(key_share=True, skip_locked=True, of=_DELIVERY)
    )


def _probe(which: ColumnElement[bool]) -> Select[Any]:
    ready = _DELIVERY.c.next_attempt_at.is_(None) | (_DELIVERY.c.next_attempt_at <= _now)
    # The one tried longest ago first: one that fails for a reason of its own must not speak for all.
    return _claim(_HELD, ready, which).order_by(
        _DELIVERY.c.sending_since.asc().nulls_first(), _DELIVERY.c.expires_at
    )


SELECT_DUE = _claim(_SCHEDULED, _DELIVERY.c.next_attempt_at <= _now).order_by(
    _DELIVERY.c.expires_at, _DELIVERY.c.next_attempt_at
)
SELECT_LANE_PROBE = _probe(~target_is_held())
SELECT_ANY_PROBE = _probe(true())
SELECT_MAPPING_PROBE = _probe(
    and_(_DELIVERY.c.label_id == bindparam("label"), _DELIVERY.c.target == bindparam("held_target"))
)
_DUE_NOW = select(_DELIVERY.c.id).where(_OF_LANE, _SCHEDULED, _DELIVERY.c.next_attempt_at <= _now)
_FEW_DUE = _DUE_NOW.limit(FEW).subquery()
COUNT_DUE = select(func.count()).select_from(_FEW_DUE)
# Not of the lane once more: then SQLite would go through the lane's index after all, to save the sorting.
SELECT_FEW_DUE = (
    _claim_any(_SCHEDULED, _DELIVERY.c.next_attempt_at <= _now)
    .join(_FEW_DUE, _FEW_DUE.c.id == _DELIVERY.c.id)
    .order_by(_DELIVERY.c.expires_at, _DELIVERY.c.next_attempt_at)
)
_COUNT_DUE = Prepared(COUNT_DUE)
_SELECT_DUE = Prepared(SELECT_DUE)
_SELECT_FEW_DUE = Prepared(SELECT_FEW_DUE)
_SELECT_LANE_PROBE = Prepared(SELECT_LANE_PROBE)
_SELECT_ANY_PROBE = Prepared(SELECT_ANY_PROBE)
_SELECT_MAPPING_PROBE = Prepared(SELECT_MAPPING_PROBE)
SELECT_NEXT_DUE = (
    select(_DELIVERY.c.next_attempt_at)
    .where(_OF_LANE, _SCHEDULED, _DELIVERY.c.next_attempt_at > _now)
    .order_by(_DELIVERY.c.next_attempt_at)
    .limit(1)
)
SELECT_ABANDONED = (
    select(DeliveryRow).where(_OF_LANE, _SENDING, _DELIVERY.c.turn_id != bindparam("turn_id")).limit(_limit)
)
_BEGIN_ATTEMPTS = (
    update(_DELIVERY)
    .where(_DELIVERY.c.id.in_(_ids))
    .values(
        state=DeliveryState.SENDING,
        turn_id=bindparam("turn_id"),
        sending_since=_now,
        first_attempt_at=func.coalesce(_DELIVERY.c.first_attempt_at, _now),
        attempts=_DELIVERY.c.attempts + 1,
        next_attempt_at=None,
        warning=null(),
        taken_back=False,
    )
)
_BEGIN_JOBS = (
    update(_JOB)
    .where(
        _JOB.c.id.in_(
            select(_JOB.c.id)
            .where(_JOB.c.id.in_(_ids), _JOB.c.state == JobState.PENDING)
            # Whoever holds the lock settles the job; claims come after deliveries' locks and must not wait.
            .with_for_update(key_share=True, skip_locked=True)
        )
    )
    .values(state=JobState.PROCESSING)
)


def select_due(session: Session, lane: UUID, now: datetime, limit: int) -> list[Due]:
    """Up to `limit` deliveries of the lane that are due, locked; what expires first comes first."""
    values = {"lane": lane, "now": now, "limit": limit}
    [[due]] = _COUNT_DUE.rows(session, values)
    if due == 0:
        return []
    # In the order of deadlines everything that waits for later is passed over: not for a few.
    return _found(session, _SELECT_FEW_DUE if due < FEW else _SELECT_DUE, values)


def select_lane_probe(session: Session, lane: UUID, now: datetime, *, any_target: bool) -> list[Due]:
    """One held delivery, locked, to try the lane with; `any_target`: also one whose own target is held."""
    statement = _SELECT_ANY_PROBE if any_target else _SELECT_LANE_PROBE
    return _found(session, statement, {"lane": lane, "now": now, "limit": 1})


def select_mapping_probe(
    session: Session, lane: UUID, label_id: UUID, target: str, now: datetime
) -> list[Due]:
    """One held delivery, locked, that can tell whether the label's target goes again."""
    parameters = {"lane": lane, "label": label_id, "held_target": target, "now": now, "limit": 1}
    return _found(session, _SELECT_MAPPING_PROBE, parameters)


def next_due_at(session: Session, lane: UUID, now: datetime) -> datetime | None:
    """When the first delivery of the lane falls due that is not due yet; None: there is none."""
    due_at: datetime | None = (
        session.connection().execute(SELECT_NEXT_DUE, {"lane": lane, "now": now}).scalar_one_or_none()
    )
    return due_at


def select_abandoned(session: Session, lane: UUID, turn_id: UUID, limit: int) -> Sequence[DeliveryRow]:
    """What another turn than this one left being sent."""
    parameters = {"lane": lane, "turn_id": turn_id, "limit": limit}
    return session.execute(SELECT_ABANDONED, parameters).scalars().all()


def begin_attempts(session: Session, deliveries: Sequence[DeliveryRow], turn_id: UUID, now: datetime) -> None:
    """Make deliveries this transaction selected SENDING: in the table and in `deliveries`."""
    if not deliveries:
        return
    connection = session.connection()
    connection.execute(
        _BEGIN_ATTEMPTS, {"ids": [delivery.id for delivery in deliveries], "turn_id": turn_id, "now": now}
    )
    connection.execute(_BEGIN_JOBS, {"ids": list({delivery.job_id for delivery in deliveries})})
    for delivery in deliveries:
        put(
            delivery,
            state=DeliveryState.SENDING,
            turn_id=turn_id,
            sending_since=now,
            first_attempt_at=delivery.first_attempt_at or now,
            attempts=delivery.attempts + 1,
            next_attempt_at=None,
        )


def _found(session: Session, statement: Prepared, values: Mapping[str, Any]) -> list[Due]:
    width = len(_DELIVERY_NAMES)
    return [
        Due(
            make(DeliveryRow, dict(zip(_DELIVERY_NAMES, row[:width], strict=True))),
            make(LeadRow, dict(zip(_LEAD_NAMES, row[width:], strict=True))),
        )
        for row in statement.rows(session, values)
    ]
