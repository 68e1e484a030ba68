"""SQL conditions of retention: what is old enough to go, and needed by nothing that is left."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, or_, select

from app.repositories.deliveries import in_state
from app.tables.registry import metadata
from app.values import OPEN_STATES, RETRYABLE_STATES, DeliveryKind, DeliveryState

LEAD = metadata.tables["lead"]
JOB = metadata.tables["conversion_job"]
DELIVERY = metadata.tables["delivery"]
ATTEMPT = metadata.tables["delivery_attempt"]
EVENT = metadata.tables["audit_event"]
_LABEL = metadata.tables["conversion_label"]

_WAITING = sorted(OPEN_STATES - {DeliveryState.ACCEPTED})
_MAY_HAVE_ARRIVED = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.UNCONFIRMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutoffs:
    """What nothing has happened to since then goes; None: all of it stays."""

    now: datetime
    leads: datetime | None = None
    jobs: datetime | None = None
    bodies: datetime | None = None
    audit: datetime | None = None


def old_lead(lead: FromClause, cutoffs: Cutoffs) -> ColumnElement[bool]:
    """Nothing has happened to the lead and its conversions since then, and nothing will by itself.

    What refers to it goes with it: no status change can find it afterwards, so that nothing can be sent a
    second time, changed or taken back for it.
    """
    job, delivery = JOB.alias(), DELIVERY.alias()
    unfinished = select(job.c.id).where(
        job.c.lead_id == lead.c.id,
        or_(job.c.active, job.c.finished_at.is_(None), job.c.finished_at > cutoffs.leads),
    )
    under_way = select(delivery.c.id).where(delivery.c.lead_id == lead.c.id, _under_way(delivery, cutoffs))
    return and_(lead.c.updated_at <= cutoffs.leads, ~unfinished.exists(), ~under_way.exists())


def spent_job(job: FromClause, cutoffs: Cutoffs) -> ColumnElement[bool]:
    """The job finished before then, and no rule looks at any of its deliveries any more: none arrived.

    What may have arrived stays as long as its lead: for `convertOnce`, for other values, for `lost`.
    """
    lead, label, delivery, follower = LEAD.alias(), _LABEL.alias(), DELIVERY.alias(), DELIVERY.alias()
    retraction = DELIVERY.alias()
    newest = select(lead.c.id).where(lead.c.id == job.c.lead_id, lead.c.current_job_id == job.c.id)
    # Whoever tries an older conversion again has to be told that the lead was lost since.
    lost = select(label.c.id).where(label.c.id == job.c.label_id, label.c.built_in)
    # Likewise for a retraction, when the lead got the label again since.
    retractable = select(retraction.c.id).where(
        retraction.c.lead_id == job.c.lead_id,
        retraction.c.kind == DeliveryKind.RETRACT,
        in_state(retraction.c.state, *sorted(RETRYABLE_STATES)),
    )
    followed = select(follower.c.id).where(follower.c.follows_id == delivery.c.id)
    needed = select(delivery.c.id).where(
        delivery.c.job_id == job.c.id,
        or_(
            in_state(delivery.c.state, *_MAY_HAVE_ARRIVED),
            _under_way(delivery, cutoffs),
            followed.exists(),
        ),
    )
    kept = (newest, lost, retractable, needed)
    return and_(~job.c.active, job.c.finished_at <= cutoffs.jobs, *(~one.exists() for one in kept))


def old_attempt(cutoffs: Cutoffs) -> list[ColumnElement[bool]]:
    """Of a join of attempts with their deliveries and jobs: what can be forgotten of jobs that stay."""
    return [
        ~JOB.c.active,
        JOB.c.finished_at <= cutoffs.jobs,
        ~in_state(DELIVERY.c.state, *_WAITING),
        or_(DELIVERY.c.state != DeliveryState.ACCEPTED, DELIVERY.c.verdict_at.is_(None)),
    ]


def old_body(cutoffs: Cutoffs) -> list[ColumnElement[bool]]:
    """A delivery that is through since then, and still knows what was sent and answered."""
    unjudged = and_(DELIVERY.c.state == DeliveryState.ACCEPTED, DELIVERY.c.verdict_at.is_(None))
    return [
        or_(DELIVERY.c.request.is_not(None), DELIVERY.c.response.is_not(None)),
        or_(
            and_(~in_state(DELIVERY.c.state, *sorted(OPEN_STATES)), DELIVERY.c.finished_at <= cutoffs.bodies),
            and_(unjudged, DELIVERY.c.accepted_at <= cutoffs.bodies),
        ),
    ]


def old_event(cutoffs: Cutoffs) -> list[ColumnElement[bool]]:
    """An event of the audit log from before then."""
    return [EVENT.c.created_at <= cutoffs.audit]


def old_status_change(cutoffs: Cutoffs) -> list[ColumnElement[bool]]:
    """A job that the audit log shows as an event from before then."""
    return [
        JOB.c.key_id.is_not(None),
        JOB.c.created_at <= cutoffs.audit,
    ]


def _under_way(delivery: FromClause, cutoffs: Cutoffs) -> ColumnElement[bool]:
    """Something happens to it by itself, or a person may have it tried again."""
    return or_(
        in_state(delivery.c.state, *_WAITING),
        and_(delivery.c.state == DeliveryState.ACCEPTED, delivery.c.verdict_at.is_not(None)),
        delivery.c.expires_at > cutoffs.now,
    )


def of_what_stays(lead_id: Any, job_id: Any, cutoffs: Cutoffs) -> Iterator[ColumnElement[bool]]:
    """Neither the lead nor the job goes as a whole: for counting what is left once those are gone."""
    if cutoffs.leads is not None:
        lead = LEAD.alias()
        yield ~select(lead.c.id).where(lead.c.id == lead_id, old_lead(lead, cutoffs)).exists()
    if cutoffs.jobs is not None:
        job = JOB.alias()
        yield ~select(job.c.id).where(job.c.id == job_id, spent_job(job, cutoffs)).exists()
