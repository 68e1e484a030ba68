"""The one transaction of a status change: find, make way, plan, store."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.connectors.base import Connector
from app.database.database import after_commit
from app.errors import DuplicateJobError, LabelNotFoundError
from app.ids import new_id
from app.queue.port import SWEEP_LANE, Wake
from app.repositories.jobs import (
    cancel_waiting,
    find_active_job,
    find_job,
    history_of_lead,
    insert_active_job,
    insert_deliveries,
    keep_trying,
    take_back_deliveries,
    take_back_labels,
)
from app.repositories.leads import store_status
from app.services.answers import Opened, Queued
from app.services.auditing import Change, record
from app.services.conversions import consent_of_lead
from app.services.idempotency import Fingerprint, recall, remember
from app.services.identifying import ChosenIdentifier, normalised, require_lead
from app.services.planning import plan_job
from app.services.progress import DUE_SOON, deactivate_job, settle_jobs
from app.services.setups import Setup
from app.services.situation import Plan, Situation
from app.services.status_change import StatusChange
from app.services.viewer import Viewer
from app.tables.jobs import JobRow
from app.tables.labels import LabelRow
from app.tables.leads import LeadRow
from app.tables.making import make, put
from app.tables.projects import ProjectRow
from app.values import (
    AuditAction,
    ConflictPolicy,
    DeliveryState,
    JobState,
    LeadStatus,
    Platform,
)


@dataclass(frozen=True, slots=True)
class Call:
    """One status change under way."""

    session: Session
    connectors: Mapping[Platform, Connector]
    wake: Wake
    setup: Setup
    change: StatusChange
    chosen: ChosenIdentifier
    now: datetime
    viewer: Viewer
    """Who asks for it."""
    make_id: Callable[[], UUID] = new_id
    """Ids for the job, by which platforms recognise its conversion, and for its deliveries."""


def apply_change(call: Call) -> Opened | Queued:
    """Apply the change within the session's transaction, which a DomainError undoes."""
    project = call.setup.project
    fingerprint = _fingerprint(call, project)
    first = recall(call.session, fingerprint, call.now)
    if first is not None:
        return first
    lead = require_lead(call.session, project, call.chosen)
    # Two calls with one key meet at the lead's lock: the second must see what the first one answered.
    first = recall(call.session, fingerprint, call.now)
    if first is not None:
        return first
    if call.change.conversion_id.strip().lower() == "open":
        answer: Opened | Queued = _open(call, lead)
    else:
        answer = _queue(call, lead, _resolve_label(call))
    remember(call.session, fingerprint, answer, call.now)
    return answer


def _fingerprint(call: Call, project: ProjectRow) -> Fingerprint:
    change = call.change
    if change.idempotency_key is None:
        return Fingerprint(project.id, None, "")
    asked = (
        call.chosen.kind.value,
        normalised(call.chosen, project),
        _conversion(call),
        change.price_cents,
        int(change.occurred_at.timestamp()) if change.occurred_at else None,
        change.on_conflict.value,
    )
    return Fingerprint(project.id, change.idempotency_key, repr(asked))


def _conversion(call: Call) -> str:
    """What is asked for in one form: `lost` and the built-in label's UUID are the same request."""
    given = call.change.conversion_id.strip().lower()
    if given == "lost":
        return str(call.setup.lost.id)
    label_id = _label_id(given)
    return str(label_id) if label_id else given


def _label_id(given: str) -> UUID | None:
    try:
        return UUID(given)
    except ValueError:
        return None


def _resolve_label(call: Call) -> LabelRow:
    given = call.change.conversion_id.strip().lower()
    if given == "lost":
        return call.setup.lost
    label_id = _label_id(given)
    label = call.setup.labels.get(label_id) if label_id else None
    if label is None or label.archived_at is not None:
        raise LabelNotFoundError(call.change.conversion_id)
    return label


def _open(call: Call, lead: LeadRow) -> Opened:
    canceled = _cancel_current(call, lead)
    _write_price(call, lead)
    _record_opening(call, lead)
    put(lead, status=LeadStatus.OPEN, label_id=None, updated_at=call.now)
    store_status(call.session, lead)
    return Opened(
        lead=lead,
        unique_identifier=lead.unique_identifier,
        identified_by=call.chosen.kind,
        canceled_job=canceled,
    )


def _record_opening(call: Call, lead: LeadRow) -> None:
    """Write down who did it. Of a change that queues a job the job itself tells."""
    label = None if lead.label_id is None else str(lead.label_id)
    changes = [Change("label", before=label)]
    if call.change.price_cents is not None:
        changes.append(Change("price"))
    record(call.session, call.viewer, AuditAction.STATUS_CHANGED, lead.id, call.now, changes=changes)


def _cancel_current(call: Call, lead: LeadRow) -> JobRow | None:
    """Cancel what of the lead's newest job is not sent yet; the job, if anything was."""
    if lead.current_job_id is None:
        return None
    job = find_job(call.session, lead.project_id, lead.current_job_id)
    if job is None:
        return None
    return job if _cancel(call, job) else None


def _cancel(call: Call, job: JobRow) -> int:
    canceled = cancel_waiting(call.session, job.id, call.now)
    deactivate_job(call.session, job, call.now)
    call.session.refresh(job)
    return canceled


def _queue(call: Call, lead: LeadRow, label: LabelRow) -> Queued:
    assert lead.id is not None
    superseded = _make_way(call, lead)
    _write_price(call, lead)
    job = _new_job(call, lead, label)
    plan = plan_job(_situation(call, lead, label, job))
    put(job, warnings=plan.warnings)
    if not insert_active_job(call.session, job):
        winner = find_active_job(call.session, lead.id)
        assert winner is not None
        raise _duplicate(lead, winner)
    _settle_earlier(call, plan)
    put(lead, status=LeadStatus.PENDING, label_id=label.id, current_job_id=job.id, updated_at=call.now)
    store_status(call.session, lead)
    insert_deliveries(call.session, plan.deliveries)
    after_commit(call.session, lambda: call.wake(_lanes(plan, call.now)))
    return Queued(
        lead=lead,
        unique_identifier=lead.unique_identifier,
        identified_by=call.chosen.kind,
        job=job,
        superseded_job=superseded,
        warnings=plan.warnings,
        planned=plan.planned,
    )


def _make_way(call: Call, lead: LeadRow) -> JobRow | None:
    """The job that gives way, if there is one and the caller wants that."""
    assert lead.id is not None
    active = find_active_job(call.session, lead.id) if _had_a_job(lead) else None
    if active is None:
        return None
    if call.change.on_conflict is ConflictPolicy.REJECT:
        raise _duplicate(lead, active)
    job = find_job(call.session, lead.project_id, active)
    assert job is not None
    _cancel(call, job)
    return job


def _had_a_job(lead: LeadRow) -> bool:
    """Without one there is neither an active job nor a history to look for: a lead's newest job is kept."""
    return lead.current_job_id is not None


def _settle_earlier(call: Call, plan: Plan) -> None:
    """Let earlier deliveries know what the plan makes of them."""
    settle_jobs(call.session, take_back_deliveries(call.session, plan.replaces, call.now), call.now)
    keep_trying(call.session, plan.relies_on)


def _duplicate(lead: LeadRow, job_id: UUID) -> DuplicateJobError:
    assert lead.id is not None
    return DuplicateJobError(lead_id=lead.id, unique_identifier=lead.unique_identifier, job_id=job_id)


def _write_price(call: Call, lead: LeadRow) -> None:
    if call.change.price_cents is not None:
        put(lead, price_cents=call.change.price_cents)


def _new_job(call: Call, lead: LeadRow, label: LabelRow) -> JobRow:
    assert lead.id is not None
    price = lead.price_cents if lead.price_cents is not None else label.default_price_cents
    return make(
        JobRow,
        {
            "id": call.make_id(),
            "project_id": lead.project_id,
            "lead_id": lead.id,
            "label_id": label.id,
            "state": JobState.PENDING,
            "active": True,
            "lead_status_after": _status_after(label),
            "price_cents": price,
            "currency": lead.currency,
            "occurred_at": (call.change.occurred_at or call.now).replace(microsecond=0),
            "warnings": [],
            "key_id": call.viewer.key_id,
            "request_id": call.viewer.request_id,
            "created_at": call.now,
        },
    )


def _status_after(label: LabelRow) -> LeadStatus:
    if label.built_in:
        return LeadStatus.LOST
    return LeadStatus.RATED if label.mark_as_done else LeadStatus.OPEN


def _situation(call: Call, lead: LeadRow, label: LabelRow, job: JobRow) -> Situation:
    assert lead.id is not None
    undo = _undo_labels(call, label)
    looks_back = _had_a_job(lead) and (bool(undo) or label.convert_once)
    if undo and looks_back:
        # Before the history is read: what a lane claims meanwhile is seen as being sent, and is retracted.
        settle_jobs(call.session, take_back_labels(call.session, lead.id, undo, call.now), call.now)
    return Situation(
        lead=lead,
        consent=consent_of_lead(lead),
        label=label,
        job=job,
        integrations=[integration for integration in call.setup.integrations if integration.enabled],
        settings=call.setup.settings,
        mappings=call.setup.mappings.get(label.id, {}),
        history=history_of_lead(call.session, lead.id) if looks_back else [],
        undo_labels=undo,
        connectors=call.connectors,
        now=call.now,
        make_id=call.make_id,
    )


def _undo_labels(call: Call, label: LabelRow) -> frozenset[UUID]:
    """The labels whose conversions this one takes back: none but for `lost`."""
    if not label.built_in:
        return frozenset()
    labels = call.setup.labels.values()
    return frozenset(other.id for other in labels if other.undo_on_lost and not other.built_in)


def _lanes(plan: Plan, now: datetime) -> list[UUID]:
    """Every lane with something to send; also the sweep, which ends the job, when none of it is due soon."""
    waiting = [d for d in plan.deliveries if d.state is DeliveryState.SCHEDULED]
    due_soon = any(
        d.follows_id is None and d.next_attempt_at is not None and d.next_attempt_at <= now + DUE_SOON
        for d in waiting
    )
    lanes = [delivery.integration_id for delivery in waiting]
    return lanes if due_soon else [*lanes, SWEEP_LANE]
