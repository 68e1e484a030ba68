"""The closed sets of the domain, shown to users. Types take them from here, where they are published."""

from enum import Enum
from typing import Final, cast

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from app.values import (
    ApiKeyKind,
    AuditAction,
    AuditSubject,
    ConflictPolicy,
    ConsentState,
    DeliveryKind,
    DeliveryPlan,
    DeliveryState,
    JobState,
    LeadIdentifierKind,
    LeadOrderField,
    LeadStatus,
    OrderDirection,
    PauseReason,
    Platform,
    Scope,
    WarningCode,
)

__all__ = [
    "ApiKeyKind",
    "AuditAction",
    "AuditSubject",
    "ConflictPolicy",
    "ConsentState",
    "DeliveryKind",
    "DeliveryPlan",
    "DeliveryState",
    "ErrorCode",
    "JobState",
    "LeadIdentifierKind",
    "LeadOrderField",
    "LeadStatus",
    "OrderDirection",
    "PauseReason",
    "Platform",
    "Scope",
    "WarningCode",
]


class ErrorCode(Enum):
    """Which refusal it is, for programs."""

    DUPLICATE_JOB = "DUPLICATE_JOB"
    LEAD_NOT_FOUND = "LEAD_NOT_FOUND"
    CONVERSION_LABEL_NOT_FOUND = "CONVERSION_LABEL_NOT_FOUND"
    INTEGRATION_NOT_FOUND = "INTEGRATION_NOT_FOUND"
    API_KEY_NOT_FOUND = "API_KEY_NOT_FOUND"
    INVALID_INPUT = "INVALID_INPUT"


_NAMES: Final[dict[type[Enum], str]] = {Scope: "ApiKeyScope"}
"""Where the domain's own name would tell too little."""


def _show(enum: type[Enum], description: str, **meanings: str) -> None:
    """Publish an enum with a meaning for each value; the domain's own classes stay free of GraphQL."""
    strawberry.enum(enum, name=_NAMES.get(enum), description=description)
    definition = cast("StrawberryEnumDefinition", enum.__strawberry_definition__)  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = meanings.pop(value.name)
    assert not meanings, f"{enum.__name__} has no {sorted(meanings)}"


_show(
    DeliveryPlan,
    "What would happen to a delivery if it were created now.",
    SEND="It would be sent at once.",
    WAIT="It would be sent later: the platform does not take it yet, or it follows another delivery.",
    HOLD="It would wait for its integration or its mapping, which is held.",
    SKIP="It would not be sent; a warning says why.",
)
_show(
    LeadStatus,
    "Where a lead stands.",
    OPEN="Nothing is pending.",
    PENDING="A job is working on its latest status change.",
    RATED="It got a label that marks it as done.",
    LOST="It was lost.",
)
_show(
    LeadOrderField,
    "What leads can be sorted by. Leads without a value come last, in either direction.",
    CREATED_AT="When the lead was created here.",
    UPDATED_AT="When the lead was last changed.",
    FIRST_NAME="First name, as the database compares text.",
    LAST_NAME="Last name, as the database compares text.",
    EMAIL="E-mail address, lower-cased.",
    PRICE="What the lead is worth, whatever the currency.",
    STATUS="Status by its name; within one, when the lead was created.",
)
_show(
    OrderDirection,
    "Which way a list is sorted.",
    ASC="The smallest, earliest or first in the alphabet comes first.",
    DESC="The largest, latest or last in the alphabet comes first.",
)
_show(
    LeadIdentifierKind,
    "Which identifier a lead was looked up by. Only the highest-priority one that is given is used.",
    LEAD_ID="`leadId`: first priority.",
    UNIQUE_IDENTIFIER="`uniqueIdentifier`: second priority.",
    EMAIL="`email`: third priority; compared trimmed and lower-cased.",
    PHONE="`phone`: last priority; compared as E.164.",
)
_show(
    Platform,
    "An ad platform, or any webhook.",
    GOOGLE_ADS="Google Ads, through the Data Manager API.",
    META="Meta (Facebook and Instagram), through the Conversions API.",
    GA4="Google Analytics 4, through the Measurement Protocol.",
    MICROSOFT_ADS="Microsoft Advertising.",
    LINKEDIN="LinkedIn, through the Conversions API.",
    TIKTOK="TikTok, through the Events API.",
    WEBHOOK="Any address of your own.",
)
_show(
    JobState,
    "What became of a conversion job as a whole.",
    PENDING="Nothing was attempted yet.",
    PROCESSING="Some deliveries are through, others are not.",
    COMPLETED="Every delivery is through: the platform has it or took it, or it was skipped, and says why.",
    FAILED="Every delivery is through, and at least one was refused, expired, gave up or is unconfirmed.",
    CANCELED="Everything was canceled before it was sent.",
)
_show(
    DeliveryKind,
    "What a delivery does at the platform.",
    SEND="Sends a conversion.",
    RESTATE="Changes the value of a conversion that was sent.",
    RETRACT="Takes back a conversion that was sent.",
)
_show(
    DeliveryState,
    "Where one delivery stands.",
    SCHEDULED="Waits for its first or next attempt.",
    HELD="Its connection or its mapping is paused; it goes on when that works again.",
    SENDING="An attempt is under way.",
    ACCEPTED="The platform took it; its verdict is to come.",
    DELIVERED="The platform confirmed that it has it; Google Analytics confirms no more than the receipt.",
    UNCONFIRMED="Written out, but no answer came, and a second copy would be counted: a person decides.",
    SKIPPED="Not sent; `warning` says why.",
    REJECTED="The platform refused it for good.",
    EXPIRED="Was still waiting when the platform's time window closed.",
    FAILED="Its attempts are used up; `retryDeliveries` starts it again.",
    CANCELED="Canceled before it was sent.",
)
_show(
    ConflictPolicy,
    "What to do when the lead has an active job.",
    REJECT="Refuse with DuplicateJobError; nothing changes.",
    SUPERSEDE="Cancel what the active job has not sent yet and let the new one take over.",
)
_show(
    ConsentState,
    "A person's answer to one consent question; null where it is not known.",
    GRANTED="They agreed.",
    DENIED="They refused.",
)
_show(
    PauseReason,
    "Why an integration is paused.",
    AUTHENTICATION="Its credentials do not work. It goes on by itself once they do.",
    CONFIGURATION="Something it needs at the platform is missing. It goes on by itself once that is there.",
    MANUAL="Somebody paused it. Only `resumeIntegration` ends that.",
    API_SUNSET="The platform no longer answers this version of its API.",
)
_show(
    WarningCode,
    "Why an integration will be skipped, held or cannot be undone.",
    MISSING_IDENTIFIER="Nothing is known by which the platform could recognise the person.",
    MISSING_FIELD="A field the platform demands is missing.",
    CONSENT_DENIED="The person refused the use of their data for this.",
    CONSENT_UNKNOWN="It is not known whether the person consented.",
    OUTSIDE_TIME_WINDOW="The platform does not count a conversion at this time.",
    NOT_MAPPED="The label means nothing at this integration yet.",
    ALREADY_CONVERTED="The lead already has this conversion there, or may have it.",
    INTEGRATION_PAUSED="The integration or the mapping is paused; the conversion waits.",
    CANNOT_BE_UNDONE="What was sent there cannot be taken back.",
    CANNOT_BE_RESTATED="The value of what was sent there cannot be changed.",
)
_show(
    ApiKeyKind,
    "Who may hold an API key.",
    SECRET="A program that keeps it to itself, such as a form backend or a CRM.",  # noqa: S106 - a kind
    PUBLIC="Everybody who opens a web page. All it may do is create leads.",
)
_show(
    Scope,
    "What an API key may do.",
    LEADS_WRITE="`leads:write`: create and change leads, and see their ids.",
    LEADS_READ="`leads:read`: see leads, and what was sent of them.",
    STATUS_WRITE="`status:write`: change the status of leads, without seeing anything personal.",
    ADMIN="`admin`: everything.",
)
_show(
    AuditAction,
    "What somebody did. More may be added.",
    STATUS_CHANGED="A lead's status was changed; `label` is what it was changed to, nothing after `open`.",
    LEAD_CREATED="A lead was created.",
    LEAD_UPDATED="A lead was changed, by `updateLead` or by another `createLead` for its `uniqueEventId`.",
    LEAD_ERASED="A lead was erased.",
    LABEL_CREATED="A conversion label was created.",
    LABEL_UPDATED="A conversion label or what it is mapped to was changed.",
    INTEGRATION_CONNECTED="The project was connected to a platform.",
    INTEGRATION_UPDATED="A connection was changed.",
    INTEGRATION_PAUSED="An integration was paused by hand.",
    INTEGRATION_RESUMED="A pause was ended by hand.",
    INTEGRATION_TESTED="A connection was tried.",
    INTEGRATION_DISCONNECTED="An integration was disconnected.",
    JOB_CANCELED="A job was canceled by `cancelJob`.",
    DELIVERIES_RETRIED="The deliveries that it names were queued again; a large number is several events.",
    PROJECT_CREATED="The project was created.",
    API_KEY_CREATED="An API key was created.",
    API_KEY_REVOKED="An API key was revoked.",
)
_show(
    AuditSubject,
    "What something was done to. More may be added.",
    LEAD="A lead.",
    CONVERSION_JOB="A conversion job.",
    CONVERSION_LABEL="A conversion label.",
    INTEGRATION="An integration.",
    API_KEY="An API key.",
    PROJECT="The project itself.",
)
_show(
    ErrorCode,
    "Which refusal it is, for programs. More may be added.",
    DUPLICATE_JOB="The lead has an active job.",
    LEAD_NOT_FOUND="No lead has that identifier.",
    CONVERSION_LABEL_NOT_FOUND="No label in use has that id.",
    INTEGRATION_NOT_FOUND="No integration has that id.",
    API_KEY_NOT_FOUND="No API key has that id.",
    INVALID_INPUT="The input breaks a rule.",
)
