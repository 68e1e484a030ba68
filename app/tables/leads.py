"""Leads: a person who asked for something, with the clicks that brought them and what they consented to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Integer
from sqlmodel import Field, SQLModel

from app.tables.columns import JSON_TYPE, UtcDateTime, enum_type
from app.values import ConsentState, LeadStatus


class LeadRow(SQLModel, table=True):
    """One lead. Ids are given once: an id in a CRM's field must never come to mean another person."""

    __tablename__ = "lead"
    __table_args__ = (
        # Look-ups take the newest of several matches: the id behind the identifier gives it without sorting.
        Index("ix_lead_unique_identifier", "project_id", "unique_identifier", "id"),
        Index("ix_lead_email_key", "project_id", "email_key", "id"),
        Index("ix_lead_phone_e164", "project_id", "phone_e164", "id"),
        # Lists, in each order there is, and for filters that few of many leads may meet.
        Index("ix_lead_created", "project_id", "created_at", "id"),
        Index("ix_lead_updated", "project_id", "updated_at", "id"),
        Index("ix_lead_first_name", "project_id", "first_name", "id"),
        Index("ix_lead_last_name", "project_id", "last_name", "id"),
        Index("ix_lead_price", "project_id", "price_cents", "id"),
        Index("ix_lead_status", "project_id", "status", "created_at", "id"),
        Index("ix_lead_label", "project_id", "label_id", "created_at", "id"),
        Index("ix_lead_form_name", "project_id", "form_name", "created_at", "id"),
        Index("uq_lead_unique_event_id", "project_id", "unique_event_id", unique=True),
        # Without it SQLite may give the id of a deleted lead to a new one.
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(
        default=None,
        sa_column=Column(
            BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
        ),
    )
    project_id: UUID = Field(foreign_key="project.id")
    unique_identifier: str | None = None
    """The CRM's own id. Not unique: the newest lead wins."""
    unique_event_id: str | None = None
    """The form submission this lead came from: creating it twice updates it."""

    status: LeadStatus = Field(sa_type=enum_type(LeadStatus))
    label_id: UUID | None = Field(default=None, foreign_key="conversion_label.id")
    current_job_id: UUID | None = None
    """The newest job, which alone may change the status. No foreign key: both tables would need the other."""

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    email_key: str | None = None
    """`email` trimmed and lower-cased, for look-ups."""
    phone: str | None = None
    phone_e164: str | None = None
    """`phone` as E.164, for look-ups; None when it is no possible number."""
    company_name: str | None = None
    country_code: str | None = None
    postal_code: str | None = None
    city: str | None = None
    region: str | None = None

    price_cents: int | None = Field(default=None, sa_type=BigInteger)
    currency: str
    form_name: str | None = None
    note: str | None = None
    form_data: Any = Field(default=None, sa_type=JSON_TYPE, nullable=True)

    # Click ids, in groups that are replaced together so that two clicks are never mixed. Of each group:
    # *_captured_at = when it was clicked, else when it first arrived here; None without a click id.
    # *_clicked_at = when it was clicked; None when nobody said.
    gclid: str | None = None
    gbraid: str | None = None
    wbraid: str | None = None
    google_captured_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    google_clicked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    fbclid: str | None = None
    fbc: str | None = None
    meta_captured_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    meta_clicked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    msclkid: str | None = None
    microsoft_captured_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    microsoft_clicked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    li_fat_id: str | None = None
    linkedin_captured_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    linkedin_clicked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ttclid: str | None = None
    tiktok_captured_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tiktok_clicked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    # Browser and form ids: they belong to the person, not to one click.
    fbp: str | None = None
    meta_lead_id: str | None = None
    ttp: str | None = None
    ga_client_id: str | None = None
    ga_session_id: str | None = None
    landing_page_url: str | None = None

    # Consent; None: not known.
    ad_storage: ConsentState | None = Field(default=None, sa_type=enum_type(ConsentState))
    analytics_storage: ConsentState | None = Field(default=None, sa_type=enum_type(ConsentState))
    ad_user_data: ConsentState | None = Field(default=None, sa_type=enum_type(ConsentState))
    ad_personalization: ConsentState | None = Field(default=None, sa_type=enum_type(ConsentState))

    ip_address: str | None = None
    user_agent: str | None = None

    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When everything personal was erased: nothing is sent for the lead any more. None: it was not."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
