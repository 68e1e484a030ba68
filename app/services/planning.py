"""What a status change makes of each integration: one delivery each, and the warnings about it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from app.connectors.base import Assessment, Connector, Finding
from app.ids import new_id
from app.services.conversions import consent_of_lead, conversion_of
from app.services.history import Standing, standing_sends
from app.services.holds import hold_finding
from app.services.warnings import warning_json
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow, JobRow
from app.tables.labels import LabelMappingRow, LabelRow
from app.tables.leads import LeadRow
from app.values import DeliveryKind, DeliveryPlan, DeliveryState, Platform, WarningCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that planning looks at: read in one transaction, never fetched on the way."""

    lead: LeadRow
    label: LabelRow
    job: JobRow
    integrations: Sequence[IntegrationRow]
    """The enabled ones."""
    mappings: Mapping[UUID, LabelMappingRow]
    """The label's, by integration."""
    history: Sequence[DeliveryRow]
    """What was sent for the lead before, oldest first; neither skipped nor canceled."""
    undo_labels: frozenset[UUID]
    """Labels whose conversions `lost` takes back; empty for any other label."""
    connectors: Mapping[Platform, Connector]
    now: datetime


@dataclass(frozen=True, slots=True)
class Planned:
    """One delivery as it would be created, with every finding about it."""

    delivery: DeliveryRow
    findings: tuple[Finding, ...]
    plan: DeliveryPlan


@dataclass(frozen=True, slots=True)
class Plan:
    """What a job will do."""

    planned: tuple[Planned, ...]
    warnings: list[dict[str, Any]]

    @property
    def deliveries(self) -> list[DeliveryRow]:
        """The rows to insert."""
        return [planned.delivery for planned in self.planned]


def plan_job(situation: Situation) -> Plan:
    """Plan every integration. Pure but for fresh ids."""
    planned: list[Planned] = []
    warnings: list[dict[str, Any]] = []
    for integration in situation.integrations:
        mine, findings = _plan_integration(situation, integration)
        planned += mine
        warnings += [_warning(situation, integration, finding) for finding in findings]
    return Plan(tuple(planned), warnings)


def _plan_integration(
    situation: Situation, integration: IntegrationRow
) -> tuple[list[Planned], list[Finding]]:
    planned = [_plan_send(situation, integration)]
    findings = list(planned[0].findings)
    for standing in _to_undo(situation, integration):
        if situation.connectors[integration.platform].facts.can_retract:
            retraction = _plan_retraction(situation, integration, standing)
            planned.append(retraction)
            findings += retraction.findings
        else:
            findings.append(_CANNOT_BE_UNDONE)
    return planned, findings


def _plan_send(situation: Situation, integration: IntegrationRow) -> Planned:
    mapping = situation.mappings.get(integration.id)
    draft = _draft(situation, integration, mapping)
    if mapping is None:
        return _skipped(situation, draft, _not_mapped(situation.label, integration))
    earlier = _earlier(situation, integration)
    if earlier is None:
        return _assessed(situation, integration, mapping, draft)
    if draft.value_cents is None or earlier.states(draft.value_cents, draft.currency):
        return _skipped(situation, draft, _ALREADY_CONVERTED)
    if not situation.connectors[integration.platform].facts.can_restate:
        return _skipped(situation, draft, _CANNOT_BE_RESTATED)
    return _assessed(situation, integration, mapping, _follow(draft, DeliveryKind.RESTATE, earlier.send))


def _plan_retraction(situation: Situation, integration: IntegrationRow, standing: Standing) -> Planned:
    draft = _follow(_draft(situation, integration, None), DeliveryKind.RETRACT, standing.send)
    draft.value_cents, draft.currency = 0, standing.send.currency
    return _assessed(situation, integration, None, draft)


def _earlier(situation: Situation, integration: IntegrationRow) -> Standing | None:
    """What this label already counts for at this integration, if it may count only once."""
    if not situation.label.convert_once:
        return None
    mine = (
        standing
        for standing in standing_sends(situation.history, integration.id)
        if standing.send.label_id == situation.label.id
    )
    return next(mine, None)


def _to_undo(situation: Situation, integration: IntegrationRow) -> Iterator[Standing]:
    for standing in standing_sends(situation.history, integration.id):
        sent = standing.send.state in {DeliveryState.ACCEPTED, DeliveryState.DELIVERED}
        if sent and standing.send.label_id in situation.undo_labels:
            yield standing


def _draft(situation: Situation, integration: IntegrationRow, mapping: LabelMappingRow | None) -> DeliveryRow:
    job = situation.job
    return DeliveryRow(
        id=new_id(),
        project_id=job.project_id,
        job_id=job.id,
        lead_id=job.lead_id,
        label_id=situation.label.id,
        integration_id=integration.id,
        platform=integration.platform,
        kind=DeliveryKind.SEND,
        state=DeliveryState.SCHEDULED,
        platform_event_id=event_id(job.id),
        event_at=job.occurred_at,
        value_cents=job.price_cents,
        currency=job.currency,
        target=mapping.target if mapping else "",
        consent=consent_of_lead(situation.lead),
        created_at=situation.now,
    )


def event_id(job_id: UUID) -> str:
    """What platforms recognise a job's conversion by.

    Never all digits: Data Manager was seen to refuse a purely numeric transactionId.
    """
    return f"lw-{job_id}"


def _follow(draft: DeliveryRow, kind: DeliveryKind, send: DeliveryRow) -> DeliveryRow:
    draft.kind, draft.follows_id = kind, send.id
    draft.platform_event_id, draft.event_at, draft.target = send.platform_event_id, send.event_at, send.target
    return draft


def _assessed(
    situation: Situation, integration: IntegrationRow, mapping: LabelMappingRow | None, draft: DeliveryRow
) -> Planned:
    connector = situation.connectors[integration.platform]
    settings = connector.settings_model.model_validate(integration.settings)
    assessment = connector.assess(situation.lead, conversion_of(draft), settings, situation.now)
    if assessment.plan is DeliveryPlan.SKIP:
        return _skipped(situation, draft, *assessment.findings)
    draft.next_attempt_at, draft.expires_at = assessment.send_at, assessment.expires_at
    hold = hold_finding(integration, mapping)
    if hold is None:
        return Planned(draft, assessment.findings, assessment.plan)
    return _held(situation, draft, assessment, hold)


def _held(situation: Situation, draft: DeliveryRow, assessment: Assessment, hold: Finding) -> Planned:
    draft.state = DeliveryState.HELD
    draft.warning = _warning_of(situation, draft, hold)
    return Planned(draft, (hold, *assessment.findings), DeliveryPlan.HOLD)


def _skipped(situation: Situation, draft: DeliveryRow, *findings: Finding) -> Planned:
    draft.state, draft.finished_at = DeliveryState.SKIPPED, situation.now
    draft.warning = _warning_of(situation, draft, next(f for f in findings if f.will_skip))
    return Planned(draft, findings, DeliveryPlan.SKIP)


def _warning(situation: Situation, integration: IntegrationRow, finding: Finding) -> dict[str, Any]:
    return warning_json(
        finding, integration_id=integration.id, platform=integration.platform, now=situation.now
    )


def _warning_of(situation: Situation, draft: DeliveryRow, finding: Finding) -> dict[str, Any]:
    return warning_json(
        finding, integration_id=draft.integration_id, platform=draft.platform, now=situation.now
    )


def _not_mapped(label: LabelRow, integration: IntegrationRow) -> Finding:
    return replace(
        _NOT_MAPPED, reason=f"The label '{label.name}' is not mapped to anything at {integration.name}."
    )


_NOT_MAPPED = Finding(code=WarningCode.NOT_MAPPED, field=None, reason="", will_skip=True)
_ALREADY_CONVERTED = Finding(
    code=WarningCode.ALREADY_CONVERTED,
    field=None,
    reason="This lead already has a conversion for this label there, with the same value.",
    will_skip=True,
)
_CANNOT_BE_RESTATED = Finding(
    code=WarningCode.CANNOT_BE_RESTATED,
    field="price",
    reason="This lead already has a conversion for this label there, and its value cannot be changed.",
    will_skip=True,
)
_CANNOT_BE_UNDONE = Finding(
    code=WarningCode.CANNOT_BE_UNDONE,
    field=None,
    reason="What was sent there for an earlier label stays: the platform cannot take a conversion back.",
    will_skip=False,
)
