"""What the audit log is told of integrations: values of what everybody may see, of all else the names."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.services.auditing import changed_fields, differences, record
from app.services.lead_fields import camel
from app.services.viewer import Viewer
from app.tables.integrations import IntegrationRow
from app.values import AuditAction

_SHOWN = ("platform", "name", "enabled", "testMode")


def audited_values(integration: IntegrationRow) -> dict[str, Any]:
    """What somebody may have changed of it, to tell later what was. Credentials are as they are stored."""
    settings = {f"settings.{camel(name)}": value for name, value in integration.settings.items()}
    return {
        "platform": integration.platform.value,
        "name": integration.name,
        "enabled": integration.enabled,
        "testMode": integration.test_mode,
        "credentials": integration.credentials,
        **settings,
    }


def record_connection(
    session: Session,
    viewer: Viewer,
    action: AuditAction,
    integration: IntegrationRow,
    now: datetime,
    *,
    before: Mapping[str, Any],
) -> None:
    """Write down what is not any more as it was; nothing if all of it is. `before`: empty if it is new."""
    after = audited_values(integration)
    changes = differences(_part(before, shown=True), _part(after, shown=True))
    changes += changed_fields(_part(before, shown=False), _part(after, shown=False))
    if changes:
        record(session, viewer, action, integration.id, now, changes=changes)


def _part(values: Mapping[str, Any], *, shown: bool) -> dict[str, Any]:
    return {name: value for name, value in values.items() if (name in _SHOWN) is shown}
