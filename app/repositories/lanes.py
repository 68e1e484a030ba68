"""SQL of lanes: who owns one, and what holds it or one of its mappings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, null, select, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col

from app.database.setup import setup_changed
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow
from app.tables.registry import metadata
from app.values import PauseReason

_INTEGRATION = metadata.tables["integration"]
_MAPPING = metadata.tables["label_mapping"]

# populate_existing: read again after a change, rows of this session would otherwise still say what they said.
_SELECT = (
    select(IntegrationRow)
    .where(col(IntegrationRow.id) == bindparam("lane"))
    .execution_options(populate_existing=True)
)
_SELECT_HELD = (
    select(LabelMappingRow)
    .where(
        col(LabelMappingRow.integration_id) == bindparam("lane"), col(LabelMappingRow.held_at).is_not(None)
    )
    .order_by(col(LabelMappingRow.id))
    .execution_options(populate_existing=True)
)
_CHANGE = update(_INTEGRATION).where(_INTEGRATION.c.id == bindparam("lane"))
_OWN = _CHANGE.values(turn_id=bindparam("new_turn_id"))
# What a person paused is a person's to resume.
_BY_ITSELF = _INTEGRATION.c.pause_reason.is_distinct_from(PauseReason.MANUAL)
_PAUSE = _CHANGE.where(_BY_ITSELF).values(
    paused_at=func.coalesce(
        _INTEGRATION.c.paused_at, bindparam("new_paused_at", type_=_INTEGRATION.c.paused_at.type)
    ),
    pause_reason=bindparam("new_reason"),
    pause_message=bindparam("new_message"),
    probe_at=bindparam("new_probe_at"),
)
_RESUME = _CHANGE.where(_BY_ITSELF).values(
    paused_at=null(), pause_reason=null(), pause_message=null(), probe_at=null()
)
_TRY_AT = (
    _CHANGE.where(
        # A person may have paused, resumed or changed it since it was read: then it is as they left it.
        _INTEGRATION.c.probe_at.is_not_distinct_from(
            bindparam("old_probe_at", type_=_INTEGRATION.c.probe_at.type)
        ),
        _INTEGRATION.c.paused_at.is_not_distinct_from(
            bindparam("old_paused_at", type_=_INTEGRATION.c.paused_at.type)
        ),
        _INTEGRATION.c.pause_reason.is_not_distinct_from(
            bindparam("old_reason", type_=_INTEGRATION.c.pause_reason.type)
        ),
    )
    .values(probe_at=bindparam("new_probe_at"))
    .returning(_INTEGRATION.c.id)
)
_HOLD_MAPPING = (
    update(_MAPPING)
    .where(
        _MAPPING.c.integration_id == bindparam("lane"),
        _MAPPING.c.label_id == bindparam("label"),
        _MAPPING.c.target == bindparam("sent_target"),
    )
    .values(
        held_at=func.coalesce(_MAPPING.c.held_at, bindparam("new_held_at", type_=_MAPPING.c.held_at.type)),
        hold_message=bindparam("new_message"),
        probe_at=bindparam("new_probe_at"),
    )
    .returning(_MAPPING.c.id)
)
_TRY_MAPPING_AT = (
    update(_MAPPING).where(_MAPPING.c.id == bindparam("mapping")).values(probe_at=bindparam("new_probe_at"))
)
_RELEASE_MAPPING = (
    update(_MAPPING)
    .where(_MAPPING.c.id == bindparam("mapping"))
    .values(held_at=null(), hold_message=null(), probe_at=null())
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Since when something stops, why, and when it is tried again."""

    at: datetime
    message: str
    probe_at: datetime


def own_lane(session: Session, lane: UUID, turn_id: UUID) -> IntegrationRow | None:
    """Make the turn the lane's owner; whoever owned it before may claim nothing more. None: no such lane."""
    session.connection().execute(_OWN, {"lane": lane, "new_turn_id": turn_id})
    return find_lane(session, lane)


def find_lane(session: Session, lane: UUID) -> IntegrationRow | None:
    """The lane's integration."""
    return session.execute(_SELECT, {"lane": lane}).scalar_one_or_none()


def held_mappings(session: Session, lane: UUID) -> Sequence[LabelMappingRow]:
    """The lane's mappings that are held."""
    return session.execute(_SELECT_HELD, {"lane": lane}).scalars().all()


def pause_lane(session: Session, lane: UUID, reason: PauseReason, hold: Hold) -> None:
    """Pause the lane unless somebody did so by hand; one that is paused keeps its `paused_at`."""
    session.connection().execute(
        _PAUSE,
        {
            "lane": lane,
            "new_paused_at": hold.at,
            "new_reason": reason,
            "new_message": hold.message,
            "new_probe_at": hold.probe_at,
        },
    )
    setup_changed(session)


def try_lane_at(session: Session, integration: IntegrationRow, at: datetime | None) -> bool:
    """Try the lane next at that time, None: not by itself; False when it is not as it was read any more."""
    found = session.connection().execute(
        _TRY_AT,
        {
            "lane": integration.id,
            "old_probe_at": integration.probe_at,
            "old_paused_at": integration.paused_at,
            "old_reason": integration.pause_reason,
            "new_probe_at": at,
        },
    )
    unchanged = found.first() is not None
    if unchanged:
        set_committed_value(integration, "probe_at", at)
    return unchanged


def resume_lane(session: Session, lane: UUID) -> None:
    """Let the lane go on, unless somebody paused it by hand."""
    session.connection().execute(_RESUME, {"lane": lane})
    setup_changed(session)


def hold_mapping(session: Session, lane: UUID, label_id: UUID, target: str, hold: Hold) -> UUID | None:
    """Hold the label's mapping and answer its id; None when it is gone or means another target by now."""
    held: UUID | None = (
        session.connection()
        .execute(
            _HOLD_MAPPING,
            {
                "lane": lane,
                "label": label_id,
                "sent_target": target,
                "new_held_at": hold.at,
                "new_message": hold.message,
                "new_probe_at": hold.probe_at,
            },
        )
        .scalar_one_or_none()
    )
    setup_changed(session)
    return held


def try_mapping_at(session: Session, mapping_id: UUID, at: datetime) -> None:
    """Try the mapping's target next at that time; nothing happens when somebody removed the mapping."""
    session.connection().execute(_TRY_MAPPING_AT, {"mapping": mapping_id, "new_probe_at": at})


def release_mapping(session: Session, mapping_id: UUID) -> None:
    """Let the mapping's deliveries go again."""
    session.connection().execute(_RELEASE_MAPPING, {"mapping": mapping_id})
    setup_changed(session)
