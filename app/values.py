"""The closed sets of the domain. What they mean is said where they are shown to users: schema/enums.py."""

from enum import StrEnum


class LeadStatus(StrEnum):
    """Where a lead stands."""

    OPEN = "OPEN"
    PENDING = "PENDING"
    RATED = "RATED"
    LOST = "LOST"


class LeadOrderField(StrEnum):
    """What leads can be sorted by."""

    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"
    FIRST_NAME = "FIRST_NAME"
    LAST_NAME = "LAST_NAME"
    EMAIL = "EMAIL"
    PRICE = "PRICE"
    STATUS = "STATUS"


class OrderDirection(StrEnum):
    """Which way a list is sorted."""

    ASC = "ASC"
    DESC = "DESC"


class LeadIdentifierKind(StrEnum):
    """Which identifier a lead was looked up by, highest priority first."""

    LEAD_ID = "LEAD_ID"
    UNIQUE_IDENTIFIER = "UNIQUE_IDENTIFIER"
    EMAIL = "EMAIL"
    PHONE = "PHONE"


class Platform(StrEnum):
    """An ad platform a conversion can be sent to."""

    GOOGLE_ADS = "GOOGLE_ADS"
    META = "META"
    GA4 = "GA4"
    MICROSOFT_ADS = "MICROSOFT_ADS"
    LINKEDIN = "LINKEDIN"
    TIKTOK = "TIKTOK"
    WEBHOOK = "WEBHOOK"


class JobState(StrEnum):
    """What became of a conversion job as a whole."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


class DeliveryKind(StrEnum):
    """What a delivery does at the platform."""

    SEND = "SEND"
    RESTATE = "RESTATE"
    RETRACT = "RETRACT"


class DeliveryState(StrEnum):
    """Where one delivery stands."""

    SCHEDULED = "SCHEDULED"
    HELD = "HELD"
    SENDING = "SENDING"
    ACCEPTED = "ACCEPTED"
    DELIVERED = "DELIVERED"
    UNCONFIRMED = "UNCONFIRMED"
    SKIPPED = "SKIPPED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


WAITING_STATES = frozenset({DeliveryState.SCHEDULED, DeliveryState.HELD})
"""Not sent yet: these can still be canceled."""

OPEN_STATES = WAITING_STATES | {DeliveryState.SENDING, DeliveryState.ACCEPTED}
"""Not final: something may still happen to the delivery by itself."""

BAD_STATES = frozenset(
    {DeliveryState.REJECTED, DeliveryState.EXPIRED, DeliveryState.FAILED, DeliveryState.UNCONFIRMED}
)
"""Final, and the conversion is not known to be at the platform."""

RETRYABLE_STATES = BAD_STATES | {DeliveryState.SKIPPED}
"""What a person may have tried again."""


class DeliveryPlan(StrEnum):
    """What would happen to a delivery if it were created now."""

    SEND = "SEND"
    WAIT = "WAIT"
    HOLD = "HOLD"
    SKIP = "SKIP"


class ConflictPolicy(StrEnum):
    """What to do when the lead has an active job."""

    REJECT = "REJECT"
    SUPERSEDE = "SUPERSEDE"


class ConsentState(StrEnum):
    """A person's answer to one consent question; None elsewhere means it is not known."""

    GRANTED = "GRANTED"
    DENIED = "DENIED"


class PauseReason(StrEnum):
    """Why an integration is paused."""

    AUTHENTICATION = "AUTHENTICATION"
    CONFIGURATION = "CONFIGURATION"
    MANUAL = "MANUAL"
    API_SUNSET = "API_SUNSET"


class WarningCode(StrEnum):
    """Why an integration will be skipped, held or cannot be undone."""

    MISSING_IDENTIFIER = "MISSING_IDENTIFIER"
    MISSING_FIELD = "MISSING_FIELD"
    CONSENT_DENIED = "CONSENT_DENIED"
    CONSENT_UNKNOWN = "CONSENT_UNKNOWN"
    OUTSIDE_TIME_WINDOW = "OUTSIDE_TIME_WINDOW"
    NOT_MAPPED = "NOT_MAPPED"
    ALREADY_CONVERTED = "ALREADY_CONVERTED"
    INTEGRATION_PAUSED = "INTEGRATION_PAUSED"
    CANNOT_BE_UNDONE = "CANNOT_BE_UNDONE"
    CANNOT_BE_RESTATED = "CANNOT_BE_RESTATED"


class AuditAction(StrEnum):
    """What somebody did."""

    STATUS_CHANGED = "STATUS_CHANGED"
    LEAD_CREATED = "LEAD_CREATED"
    LEAD_UPDATED = "LEAD_UPDATED"
    LEAD_ERASED = "LEAD_ERASED"
    LABEL_CREATED = "LABEL_CREATED"
    LABEL_UPDATED = "LABEL_UPDATED"
    INTEGRATION_CONNECTED = "INTEGRATION_CONNECTED"
    INTEGRATION_UPDATED = "INTEGRATION_UPDATED"
    INTEGRATION_PAUSED = "INTEGRATION_PAUSED"
    INTEGRATION_RESUMED = "INTEGRATION_RESUMED"
    INTEGRATION_TESTED = "INTEGRATION_TESTED"
    INTEGRATION_DISCONNECTED = "INTEGRATION_DISCONNECTED"
    JOB_CANCELED = "JOB_CANCELED"
    DELIVERIES_RETRIED = "DELIVERIES_RETRIED"
    PROJECT_CREATED = "PROJECT_CREATED"
    API_KEY_CREATED = "API_KEY_CREATED"
    API_KEY_REVOKED = "API_KEY_REVOKED"


class AuditSubject(StrEnum):
    """What it was done to."""

    LEAD = "LEAD"
    CONVERSION_JOB = "CONVERSION_JOB"
    CONVERSION_LABEL = "CONVERSION_LABEL"
    INTEGRATION = "INTEGRATION"
    API_KEY = "API_KEY"
    PROJECT = "PROJECT"


class Scope(StrEnum):
    """What an API key may do."""

    LEADS_WRITE = "leads:write"
    LEADS_READ = "leads:read"
    STATUS_WRITE = "status:write"
    ADMIN = "admin"


class ApiKeyKind(StrEnum):
    """Who may hold an API key."""

    SECRET = "SECRET"  # noqa: S105 - a kind of key, and none itself
    """A program that keeps it to itself."""
    PUBLIC = "PUBLIC"
    """Everybody who opens a web page: all it does is create leads."""
