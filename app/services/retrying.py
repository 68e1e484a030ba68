"""What comes of trying a delivery again by hand: the rules of its creation, with the lead as it is now."""

from datetime import datetime

from app.repositories.replaying import RETRY_COLUMNS
from app.services.conversions import consent_of_lead
from app.services.drafting import assessed, skipped
from app.services.retries import Retry
from app.services.retry_refusals import NOT_MAPPED, TOO_LATE, refusal_of
from app.services.setups import settings_of
from app.services.situation import Planned, Situation
from app.tables.jobs import DeliveryRow
from app.tables.labels import LabelMappingRow
from app.values import RETRYABLE_STATES, DeliveryKind, DeliveryPlan, DeliveryState

_NOT_ABOUT_THE_TARGET = frozenset(
    {None, "TIMEOUT", "CONNECTION", "NAME_NOT_RESOLVED", "WORKER_DIED", "EXPIRED", "HTTP_408", "HTTP_429"}
)
"""Codes of attempts that the platform said nothing about; so are those of its servers' failures."""

_REDONE = tuple(name for name in RETRY_COLUMNS if name not in {"id", "warning"})


def plan_retry(retry: Retry) -> Planned:
    """The delivery as it is to be stored, or SKIP with the reason why it stays as it is but for `warning`.

    `retry.delivery` itself is changed, so that what is decided next sees it; it belongs to no session.
    """
    delivery = retry.delivery
    before = {name: getattr(delivery, name) for name in _REDONE}
    planned = _planned(retry)
    if planned.plan is DeliveryPlan.SKIP:
        for name, value in before.items():
            setattr(delivery, name, value)
    return planned


def _planned(retry: Retry) -> Planned:
    delivery = retry.delivery
    mapping = retry.around.mappings.get((delivery.label_id, delivery.integration_id))
    refusal, target = refusal_of(retry), _target(retry, mapping)
    if refusal is None and delivery.kind is DeliveryKind.SEND and not target:
        refusal = NOT_MAPPED
    situation = _situation(retry)
    if refusal is not None:
        return skipped(situation, delivery, refusal)
    _begin_anew(retry, target)
    own_mapping = None if delivery.kind is DeliveryKind.RETRACT else mapping
    planned = assessed(situation, retry.integration, own_mapping, delivery)
    if planned.plan is not DeliveryPlan.SKIP and _is_over(delivery, retry.around.now):
        return skipped(situation, delivery, TOO_LATE)
    return planned


def _begin_anew(retry: Retry, target: str) -> None:
    """Make the delivery what it was when it was created: under its own id, for its own time and value."""
    delivery = retry.delivery
    if not retry.is_recognised:
        # Somebody decided that a second copy may be counted. What is recognised still ends when it is not.
        delivery.uncertain_since = None
    delivery.state, delivery.target, delivery.warning = DeliveryState.SCHEDULED, target, None
    # What the person agrees to by now, be it more or less than when it was frozen.
    delivery.consent = consent_of_lead(retry.history.lead)
    followed = retry.followed()
    waits = followed is not None and followed.state is DeliveryState.SCHEDULED
    delivery.next_attempt_at = followed.next_attempt_at if followed and waits else None
    delivery.unknown_errors, delivery.taken_back, delivery.finished_at = 0, False, None
    delivery.error_code, delivery.error_message = None, None


def _situation(retry: Retry) -> Situation:
    integration = retry.integration
    connector = retry.around.connectors.get(integration.platform)
    return Situation(
        lead=retry.history.lead,
        consent=consent_of_lead(retry.history.lead),
        label=retry.label,
        job=next(job for job in retry.history.jobs if job.id == retry.delivery.job_id),
        integrations=[],
        settings={integration.id: settings_of(connector, integration)},
        mappings={},
        history=[],
        undo_labels=frozenset(),
        connectors=retry.around.connectors,
        now=retry.around.now,
        make_id=lambda: retry.delivery.id,
    )


def _target(retry: Retry, mapping: LabelMappingRow | None) -> str:
    """Where it goes: with what it follows; else where the label points now, if the old target was refused.

    What a platform may have taken stays where it was sent: under another target it would be another one.
    """
    delivery = retry.delivery
    followed = retry.followed()
    if followed is not None:
        retried = followed.state in RETRYABLE_STATES and delivery.kind is DeliveryKind.RESTATE
        return _target(Retry(retry.history, followed, retry.around), mapping) if retried else followed.target
    if mapping is None or delivery.uncertain_since is not None:
        return delivery.target
    return mapping.target if not delivery.target or _was_refused(delivery) else delivery.target


def _was_refused(delivery: DeliveryRow) -> bool:
    """Whether the platform had something to say against it the last time."""
    code = delivery.error_code
    return delivery.attempts > 0 and code not in _NOT_ABOUT_THE_TARGET and not str(code).startswith("HTTP_5")


def _is_over(delivery: DeliveryRow, now: datetime) -> bool:
    return delivery.expires_at is not None and delivery.expires_at <= now
