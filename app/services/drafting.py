"""Drafts of deliveries: the frozen part, and what the connector, a pause or a rule makes of it."""

from datetime import timedelta
from uuid import UUID

from app.connectors.base import Assessment, Finding
from app.services.conversions import conversion_of
from app.services.holds import hold_finding
from app.services.situation import Planned, Situation
from app.services.warnings import warning_json
from app.tables.integrations import IntegrationRow
from app.tables.jobs import DeliveryRow
from app.tables.labels import LabelMappingRow
from app.tables.making import make, put
from app.values import DeliveryKind, DeliveryPlan, DeliveryState, WarningCode

_UNKNOWN_WINDOW = timedelta(days=7)
"""How long a delivery waits whose integration cannot say when its platform's window closes."""


def event_id(job_id: UUID) -> str:
    """What platforms recognise a job's conversion by.

    Never all digits: Data Manager was seen to refuse a purely numeric transactionId.
    """
    return f"lw-{job_id}"


def draft(situation: Situation, integration: IntegrationRow, mapping: LabelMappingRow | None) -> DeliveryRow:
    """A SEND of the job's conversion, not yet assessed."""
    job = situation.job
    return make(
        DeliveryRow,
        {
            "id": situation.make_id(),
            "project_id": job.project_id,
            "job_id": job.id,
            "lead_id": job.lead_id,
            "label_id": situation.label.id,
            "integration_id": integration.id,
            "platform": integration.platform,
            "kind": DeliveryKind.SEND,
            "state": DeliveryState.SCHEDULED,
            "platform_event_id": event_id(job.id),
            "event_at": job.occurred_at,
            "value_cents": job.price_cents,
            "currency": job.currency,
            "target": mapping.target if mapping else "",
            "consent": situation.consent,
            "created_at": situation.now,
        },
    )


def follow(delivery: DeliveryRow, kind: DeliveryKind, send: DeliveryRow) -> DeliveryRow:
    """Make the draft one that changes or takes back what `send` sends: under its id, at its time."""
    put(
        delivery,
        kind=kind,
        follows_id=send.id,
        platform_event_id=send.platform_event_id,
        event_at=send.event_at,
        target=send.target,
    )
    if send.state is DeliveryState.SCHEDULED:
        # It cannot be claimed earlier, and must not keep its job waiting for that.
        put(delivery, next_attempt_at=send.next_attempt_at)
    return delivery


def assessed(
    situation: Situation,
    integration: IntegrationRow,
    mapping: LabelMappingRow | None,
    delivery: DeliveryRow,
) -> Planned:
    """What the connector makes of the draft, held if the integration or the mapping is."""
    connector = situation.connectors.get(integration.platform)
    settings = situation.settings.get(integration.id)
    if connector is None or settings is None:
        return _held_unusable(situation, integration, delivery)
    assessment = connector.assess(situation.lead, conversion_of(delivery), settings, situation.now)
    if assessment.plan is DeliveryPlan.SKIP:
        return skipped(situation, delivery, *assessment.findings)
    put(
        delivery,
        expires_at=assessment.expires_at,
        next_attempt_at=max(delivery.next_attempt_at or assessment.send_at, assessment.send_at),
    )
    # What follows another delivery goes to that one's target, whatever the label means by now.
    is_its_own = mapping is not None and mapping.target == delivery.target
    hold = hold_finding(integration, mapping if is_its_own else None)
    if hold is not None:
        return _held(situation, delivery, hold, assessment)
    return Planned(delivery=delivery, findings=assessment.findings, plan=assessment.plan)


def skipped(situation: Situation, delivery: DeliveryRow, *findings: Finding) -> Planned:
    """The draft, not to be sent: those of `findings` that skip are why, and all that matters then."""
    reasons = tuple(finding for finding in findings if finding.will_skip)
    put(
        delivery,
        state=DeliveryState.SKIPPED,
        finished_at=situation.now,
        next_attempt_at=None,
        warning=_warning(situation, delivery, reasons[0]),
    )
    return Planned(delivery=delivery, findings=reasons, plan=DeliveryPlan.SKIP)


def _held_unusable(situation: Situation, integration: IntegrationRow, delivery: DeliveryRow) -> Planned:
    """One integration nobody can use must not keep the others from hearing of the conversion."""
    put(
        delivery,
        next_attempt_at=delivery.next_attempt_at or situation.now,
        expires_at=delivery.event_at + _UNKNOWN_WINDOW,
    )
    reason = f"{integration.name} cannot be used as it is set up. The conversion waits until that is mended."
    return _held(
        situation,
        delivery,
        Finding(code=WarningCode.INTEGRATION_PAUSED, field=None, reason=reason, will_skip=False),
        None,
    )


def _held(
    situation: Situation, delivery: DeliveryRow, hold: Finding, assessment: Assessment | None
) -> Planned:
    put(delivery, state=DeliveryState.HELD, warning=_warning(situation, delivery, hold))
    others = assessment.findings if assessment else ()
    return Planned(delivery=delivery, findings=(hold, *others), plan=DeliveryPlan.HOLD)


def _warning(situation: Situation, delivery: DeliveryRow, finding: Finding) -> dict[str, object]:
    return warning_json(
        finding, integration_id=delivery.integration_id, platform=delivery.platform, now=situation.now
    )
