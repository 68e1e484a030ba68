"""Why a delivery is held, in words for a marketer."""

from app.connectors.base import Finding
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow
from app.values import WarningCode


def hold_finding(integration: IntegrationRow, mapping: LabelMappingRow | None) -> Finding | None:
    """What holds a delivery of the mapping at the integration; None: nothing does."""
    reason = _reason(integration, mapping)
    if reason is None:
        return None
    return Finding(code=WarningCode.INTEGRATION_PAUSED, field=None, reason=reason, will_skip=False)


def _reason(integration: IntegrationRow, mapping: LabelMappingRow | None) -> str | None:
    if not integration.enabled:
        return f"{integration.name} is switched off. The conversion waits until it is switched on again."
    if integration.paused_at is not None:
        why = _clause(integration.pause_message, "it was paused by hand")
        return f"{integration.name} is paused: {why}. The conversion waits and is sent when it goes on."
    if mapping is not None and mapping.held_at is not None:
        why = _clause(mapping.hold_message, "the platform refuses it")
        return f"'{mapping.target}' at {integration.name} cannot be used: {why}. The conversion waits for it."
    return None


def _clause(message: str | None, otherwise: str) -> str:
    """The message without its full stop: it becomes part of a sentence."""
    return (message or otherwise).rstrip(". ")
