"""Warnings as they are kept on jobs and deliveries: JSON with the field names of the public schema."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.connectors.base import Finding
from app.values import Platform


def warning_json(
    finding: Finding, *, integration_id: UUID, platform: Platform, now: datetime
) -> dict[str, Any]:
    """One finding about one integration, as of `now`."""
    return {
        "integration": platform.value,
        "integrationId": str(integration_id),
        "code": finding.code.value,
        "field": finding.field,
        "reason": finding.reason,
        "willSkip": finding.will_skip,
        "timestamp": now.isoformat(),
    }
