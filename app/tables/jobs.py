"""Conversion jobs and their deliveries: together the queue's whole truth."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from app.tables.columns import JSON_TYPE, UtcDateTime, enum_type
from app.values import DeliveryKind, DeliveryState, JobState, LeadStatus, Platform


class JobRow(SQLModel, table=True):
    """One queued status change of one lead."""

    __tablename__ = "conversion_job"
    __table_args__ = (
        # This, not a check before an insert, is what makes a second job for a lead impossible.
        Index(
            "uq_job_active_lead",
            "lead_id",
            unique=True,
            sqlite_where=text("active"),
            postgresql_where=text("active"),
        ),
        # The sweep looks for jobs that have been active too long.
        Index(
            "ix_job_active_created",
            "created_at",
            sqlite_where=text("active"),
            postgresql_where=text("active"),
        ),
        Index("ix_job_lead", "lead_id", "id"),
        # The audit log, which shows each job as the status change that made it.
        Index(
            "ix_job_audit",
            "project_id",
            "created_at",
            "id",
            sqlite_where=text("key_id IS NOT NULL"),
            postgresql_where=text("key_id IS NOT NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    project_id: UUID = Field(foreign_key="project.id")
    lead_id: int = Field(foreign_key="lead.id", sa_type=BigInteger)
    label_id: UUID = Field(foreign_key="conversion_label.id")
    state: JobState = Field(sa_type=enum_type(JobState))
    active: bool
    """True until it has been processed once; at most one per lead; never true again."""
    lead_status_after: LeadStatus = Field(sa_type=enum_type(LeadStatus))
    """What the lead becomes when the job stops being active: RATED, LOST or OPEN."""
    price_cents: int | None = Field(default=None, sa_type=BigInteger)
    """None: no value is sent."""
    currency: str
    occurred_at: datetime = Field(sa_type=UtcDateTime)
    """When it happened in the CRM; whole seconds."""
    warnings: list[dict[str, Any]] = Field(sa_type=JSON_TYPE)
    """The warnings of the answer, as then."""
    key_id: UUID | None = None
    """The API key whose holder changed the status; None: not known any more, or older than the audit log.

    No foreign key: it would be looked up at every status change, and keys are never deleted.
    """
    request_id: str | None = None
    """The request it came with."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When its last delivery became final or ACCEPTED; None: not yet."""


class DeliveryRow(SQLModel, table=True):
    """One conversion for one integration. What the platform recognises it by is frozen when it is created."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint(
            "job_id", "integration_id", "kind", "platform_event_id", name="uq_delivery_identity"
        ),
        # Claiming: what expires first goes first; next_attempt_at is there so that the index alone answers.
        Index(
            "ix_delivery_lane",
            "integration_id",
            "expires_at",
            "next_attempt_at",
            sqlite_where=text("state = 'SCHEDULED'"),
            postgresql_where=text("state = 'SCHEDULED'"),
        ),
        # When is this lane due next?
        Index(
            "ix_delivery_due",
            "integration_id",
            "next_attempt_at",
            sqlite_where=text("state = 'SCHEDULED'"),
            postgresql_where=text("state = 'SCHEDULED'"),
        ),
        # What a dead owner of the lane left behind.
        Index(
            "ix_delivery_sending",
            "integration_id",
            sqlite_where=text("state = 'SENDING'"),
            postgresql_where=text("state = 'SENDING'"),
        ),
        # Deadlines that passed, of what waits and of what is held.
        Index(
            "ix_delivery_expiry",
            "expires_at",
            sqlite_where=text("state IN ('SCHEDULED', 'HELD')"),
            postgresql_where=text("state IN ('SCHEDULED', 'HELD')"),
        ),
        # What goes on when an integration or a mapping is released.
        Index(
            "ix_delivery_held",
            "integration_id",
            sqlite_where=text("state = 'HELD'"),
            postgresql_where=text("state = 'HELD'"),
        ),
        # What the platform accepted and is to be asked about.
        Index(
            "ix_delivery_verdict",
            "integration_id",
            "verdict_at",
            sqlite_where=text("state = 'ACCEPTED'"),
            postgresql_where=text("state = 'ACCEPTED'"),
        ),
        # What ended unsent lately; alerted_at is there so that the index alone tells who was told of it.
        Index(
            "ix_delivery_unsent",
            "finished_at",
            "alerted_at",
            sqlite_where=text("state IN ('REJECTED', 'EXPIRED', 'FAILED', 'UNCONFIRMED')"),
            postgresql_where=text("state IN ('REJECTED', 'EXPIRED', 'FAILED', 'UNCONFIRMED')"),
        ),
        # Lists; platform and integration are there so that rows that a filter drops are not read for it, and
        # so that the second one counts by itself.
        Index("ix_delivery_created", "project_id", "created_at", "id", "integration_id", "platform"),
        Index("ix_delivery_state", "project_id", "state", "created_at", "id", "integration_id", "platform"),
        Index(
            "ix_delivery_error",
            "project_id",
            "error_code",
            "created_at",
            "id",
            "state",
            "integration_id",
            "platform",
            sqlite_where=text("error_code IS NOT NULL"),
            postgresql_where=text("error_code IS NOT NULL"),
        ),
        Index("ix_delivery_lead", "lead_id", "label_id", "integration_id"),
        # Without the rest, which is nearly all: once SQLite has counted it (ANALYZE), it takes the index for
        # one that finds everything, and looks through the whole table instead.
        Index(
            "ix_delivery_follows",
            "follows_id",
            sqlite_where=text("follows_id IS NOT NULL"),
            postgresql_where=text("follows_id IS NOT NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    project_id: UUID = Field(foreign_key="project.id")
    job_id: UUID = Field(foreign_key="conversion_job.id")
    lead_id: int = Field(foreign_key="lead.id", sa_type=BigInteger)
    label_id: UUID = Field(foreign_key="conversion_label.id")
    integration_id: UUID = Field(foreign_key="integration.id")
    platform: Platform = Field(sa_type=enum_type(Platform))
    kind: DeliveryKind = Field(sa_type=enum_type(DeliveryKind))
    follows_id: UUID | None = Field(default=None, foreign_key="delivery.id")
    """The SEND that a RESTATE or RETRACT changes; not claimed before that one is through."""
    state: DeliveryState = Field(sa_type=enum_type(DeliveryState))
    warning: dict[str, Any] | None = Field(default=None, sa_type=JSON_TYPE)
    """Why it was skipped or is held; None: nothing was wrong."""

    # Frozen: the same on every attempt.
    platform_event_id: str
    event_at: datetime = Field(sa_type=UtcDateTime)
    value_cents: int | None = Field(default=None, sa_type=BigInteger)
    currency: str
    target: str
    """The mapping's target at the time; empty when nothing was mapped."""
    consent: dict[str, Any] = Field(sa_type=JSON_TYPE)
    """The four consent answers at the time."""

    attempts: int = 0
    """Attempts begun."""
    first_attempt_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the first attempt began; None: there was none yet."""
    uncertain_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the first attempt began that may have been taken though no answer came; None: there was none.

    Platforms recognise a copy for a time that counts from the first one they took.
    """
    unknown_errors: int = 0
    """Attempts that ended with a code the connector does not know: capped lower than the rest."""
    next_attempt_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it is due, or would be if it were not HELD; None in any other state."""
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the platform's time window closes; None for what was skipped."""
    turn_id: UUID | None = None
    """The turn that claimed it last: an owner with another turn id may record nothing."""
    sending_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the last attempt began; None: there was none yet."""
    taken_back: bool = False
    """Its job was canceled while it was being sent: should this attempt fail, there is no other."""
    only_tested: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """It was delivered in test mode, to a platform that counts no tests."""

    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the platform accepted it last, to judge it later; None: it never did."""
    verdict_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """While ACCEPTED: when to ask for the verdict next; None: not any more."""
    alerted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """The `finished_at` of the unsent end the operator was told of last; None: of none."""

    platform_request_id: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    request: Any = Field(default=None, sa_type=JSON_TYPE, nullable=True)
    """What was sent last, redacted."""
    response: Any = Field(default=None, sa_type=JSON_TYPE, nullable=True)
    """What came back last, redacted."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it became final; None: not yet."""


class AttemptRow(SQLModel, table=True):
    """One attempt at one delivery, as it ended."""

    __tablename__ = "delivery_attempt"
    __table_args__ = (UniqueConstraint("delivery_id", "number", name="uq_attempt_number"),)

    id: UUID = Field(primary_key=True)
    delivery_id: UUID = Field(foreign_key="delivery.id")
    number: int
    """From 1."""
    started_at: datetime = Field(sa_type=UtcDateTime)
    duration_ms: int
    http_status: int | None = None
    """None: no answer came."""
    error_code: str | None = None
    error_message: str | None = None


class IdempotencyRow(SQLModel, table=True):
    """An answer that was given for a caller's key, so that the same call again does nothing."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("ix_idempotency_created", "created_at"),)

    project_id: UUID = Field(foreign_key="project.id", primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    """SHA-256 of the normalised input, hex: another input under the same key is an error."""
    answer: dict[str, Any] = Field(sa_type=JSON_TYPE)
    created_at: datetime = Field(sa_type=UtcDateTime)
