"""What the operator's webhook is sent: ids and reasons, never anything of a person. Pure."""

import hashlib
from collections.abc import Sequence
from typing import Any

from app.repositories.alerts import Untold

_KINDS = {
    "integration": "integration.held",
    "label_mapping": "mapping.held",
    "delivery": "delivery.unsent",
}


def alert_body(told: Sequence[Untold]) -> dict[str, Any]:
    """One message with all of these; the same for the same things, whenever it is sent. `told`: not empty."""
    return {
        "type": "leadwire.alert",
        "timestamp": max(one.at for one in told).isoformat(),
        "data": {"alerts": [_alert(one) for one in told]},
    }


def alert_id(told: Sequence[Untold]) -> str:
    """By which the receiver knows a copy: the same for the same things."""
    events = sorted(f"{one.table} {one.id} {one.at.isoformat()}" for one in told)
    return "alert_" + hashlib.sha256("\n".join(events).encode()).hexdigest()[:32]


def _alert(one: Untold) -> dict[str, Any]:
    return {
        "kind": _KINDS[one.table],
        "project": {"id": str(one.project_id), "name": one.project_name},
        "integration": {
            "id": str(one.integration_id),
            "name": one.integration_name,
            "platform": one.platform.value,
        },
        **_subject(one),
        "reason": one.reason,
        "message": one.message,
        "at": one.at.isoformat(),
    }


def _subject(one: Untold) -> dict[str, Any]:
    if one.label_id is None:
        return {}
    label = {"label": {"id": str(one.label_id), "name": one.label_name}}
    if one.state is None:
        return {**label, "mapping": {"id": str(one.id), "target": one.target}}
    return {
        **label,
        "delivery": {"id": str(one.id), "state": one.state.value},
        "job": {"id": str(one.job_id)},
        "lead": {"id": str(one.lead_id)},
    }
