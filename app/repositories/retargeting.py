"""SQL that gives deliveries whose target the platform refuses the one that replaces it."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import Integer, bindparam, case, select, update
from sqlmodel import Session

from app.repositories.deliveries import in_state
from app.tables.labels import LabelMappingRow
from app.tables.registry import metadata
from app.values import DeliveryKind, DeliveryState

MOST_AT_ONCE = 400
"""Deliveries that change together with their mapping. The rest of a larger crowd is refused once first."""

_DELIVERY = metadata.tables["delivery"]
_MAPPING = metadata.tables["label_mapping"]

# A copy of what may have arrived must be the same.
_CERTAIN = _DELIVERY.c.uncertain_since.is_(None)

SELECT_HELD = (
    select(_DELIVERY.c.id)
    .where(
        _DELIVERY.c.integration_id == bindparam("lane"),
        in_state(_DELIVERY.c.state, DeliveryState.HELD),
        _DELIVERY.c.label_id == bindparam("label"),
        _DELIVERY.c.target == bindparam("refused_target"),
        _CERTAIN,
    )
    .limit(bindparam("limit", type_=Integer()))
    # SKIP LOCKED: who changes several rows in no order must wait for nobody who does so, too.
    .with_for_update(key_share=True, skip_locked=True)
)
_followed = _DELIVERY.alias("followed")
_target_now = case(
    # Whatever follows a SEND is about what that one sent.
    (_DELIVERY.c.kind != DeliveryKind.SEND, _followed.c.target),
    else_=_MAPPING.c.target,
)
_SELECT_MOVED = (
    select(_DELIVERY.c.id, _target_now.label("target_now"))
    .outerjoin(_followed, _followed.c.id == _DELIVERY.c.follows_id)
    .outerjoin(
        _MAPPING,
        (_MAPPING.c.label_id == _DELIVERY.c.label_id)
        & (_MAPPING.c.integration_id == _DELIVERY.c.integration_id),
    )
    .where(_DELIVERY.c.id.in_(bindparam("ids", expanding=True)), _CERTAIN, _target_now != _DELIVERY.c.target)
)
_RETARGET = update(_DELIVERY).values(target=bindparam("new_target"))
_RETARGET_THESE = _RETARGET.where(_DELIVERY.c.id.in_(bindparam("ids", expanding=True)))
_RETARGET_ONE = _RETARGET.where(_DELIVERY.c.id == bindparam("delivery"))


def retarget_held(session: Session, mapping: LabelMappingRow, target: str) -> None:
    """Give up to MOST_AT_ONCE that are held for the mapping's refused target another one."""
    connection = session.connection()
    given = {
        "lane": mapping.integration_id,
        "label": mapping.label_id,
        "refused_target": mapping.target,
        "limit": MOST_AT_ONCE,
    }
    ids = connection.execute(SELECT_HELD, given).scalars().all()
    if ids:
        connection.execute(_RETARGET_THESE, {"ids": ids, "new_target": target})


def retarget_refused(session: Session, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Give these, whose targets are refused, those they would have by now; answers the new ones.

    Their jobs and they themselves are locked already. What keeps its target is not in the answer.
    """
    if not ids:
        return {}
    connection = session.connection()
    moved = {row.id: row.target_now for row in connection.execute(_SELECT_MOVED, {"ids": list(ids)})}
    if moved:
        connection.execute(
            _RETARGET_ONE,
            [{"delivery": delivery, "new_target": target} for delivery, target in moved.items()],
        )
    return moved
