"""How Google Ads can be told to fail, under the vendor's own names.

A processing error is a verdict: the next request whose status is asked for turns out to have failed for
that reason, at once and for good (the vendor reports these after the event was accepted, never at ingest).
"""

from functools import partial
from typing import Any

from app.sandbox.cases import Case, Condemn, Distort, Refuse, catalogue
from app.sandbox.google_ads.answers import (
    FRONT_DOMAIN,
    HTTP_STATUS,
    Violation,
    error,
    oauth_error,
    refused_fields,
    unauthenticated,
)
from app.sandbox.google_ads.verdicts import restated
from app.sandbox.transport_cases import RETRY_AFTER_S, TRANSPORT_CASES

_EVENT = "events.events[0]"
_API = ("ingest", "status")
_PROCESSING_ERRORS = """
TOO_RECENT_CLICK EVENT_TOO_OLD INVALID_GCLID INVALID_GBRAID INVALID_WBRAID CONVERSION_PRECEDES_CLICK
INVALID_CLICK CLICK_NOT_FOUND INVALID_OPERATING_ACCOUNT_FOR_CLICK DENIED_CONSENT NO_CONSENT UNKNOWN_CONSENT
DUPLICATE_TRANSACTION_ID DUPLICATE_GCLID INTERNAL_ERROR INVALID_EVENT USER_ID_NOT_FOUND
USER_ID_NOT_FOUND_FOR_GCLID ORIGINAL_CONVERSIONS_NOT_FOUND EXTERNAL_ATTRIBUTION_DATA_MISSING INVALID_FORMAT
INVALID_AD_IDENTIFIERS
ONE_PER_CLICK_CONVERSION_ACTION_NOT_PERMITTED_WITH_BRAID
"""


def _refused(name: str, field: str, says: str, *, endpoint: str = "ingest") -> Case:
    return Case(
        name=name,
        says=f"400 INVALID_ARGUMENT, {field}: {says}",
        behaviour=Refuse(lambda _call: refused_fields([Violation(field, name, says)])),
        endpoints=(endpoint,),
    )


def _failed(name: str, status: str, message: str, **more: Any) -> Case:
    return Case(
        name=name,
        says=f"{HTTP_STATUS[status]} {status}: {message}",
        behaviour=Refuse(lambda _call: error(status, message, **more)),
        endpoints=_API,
    )


def _verdict(name: str, reason: str | None = None) -> Case:
    full = reason or f"PROCESSING_ERROR_REASON_{name}"
    return Case(name=name, says=f"Verdict: FAILED, {full}", behaviour=Condemn(full), endpoints=("status",))


def _no_token(http_status: int, code: str, message: str) -> Case:
    return Case(
        name=code.upper(),
        says=f"The token endpoint answers {http_status} {code}",
        behaviour=Refuse(lambda _call: oauth_error(http_status, code, message)),
        endpoints=("token",),
    )


_SERVICE = (
    _failed("UNAVAILABLE", "UNAVAILABLE", "The service is currently unavailable."),
    _failed("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", "The request took too long."),
    _failed("INTERNAL", "INTERNAL", "Internal error.", reason="INTERNAL_ERROR"),
    _failed("UNKNOWN", "UNKNOWN", "Unknown error."),
    _failed("ABORTED", "ABORTED", "The operation was aborted."),
    _failed("RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED", "Quota exceeded, and no Retry-After."),
    _failed(
        "RATE_LIMITED",
        "RESOURCE_EXHAUSTED",
        f"Quota exceeded, and Retry-After is {RETRY_AFTER_S}.",
        reason="RATE_LIMIT_EXCEEDED",
        domain=FRONT_DOMAIN,
        headers={"retry-after": str(RETRY_AFTER_S)},
    ),
    _failed("PERMISSION_DENIED", "PERMISSION_DENIED", "No access to the account."),
    _failed("NOT_FOUND", "NOT_FOUND", "There is no such resource."),
    _failed("INVALID_ARGUMENT", "INVALID_ARGUMENT", "There was a problem, and no field is named."),
    _failed(
        "SERVICE_DISABLED",
        "PERMISSION_DENIED",
        "The API is not enabled in the Cloud project.",
        reason="SERVICE_DISABLED",
        domain=FRONT_DOMAIN,
    ),
    _failed(
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "PERMISSION_DENIED",
        "The access token lacks the scope.",
        reason="ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        domain=FRONT_DOMAIN,
    ),
    Case(
        name="UNAUTHENTICATED",
        says="401 UNAUTHENTICATED: the access token is refused",
        behaviour=Refuse(lambda _call: unauthenticated("ACCESS_TOKEN_EXPIRED")),
        endpoints=_API,
    ),
)
_DESTINATION = tuple(
    _refused(name, f"destinations[0].{field}", says)
    for name, field, says in (
        (
            "CONVERSION_ACTION_TOO_RECENTLY_CREATED",
            "product_destination_id",
            "It was created under 6 hours ago.",
        ),
        ("INVALID_CONVERSION_ACTION_ID", "product_destination_id", "There is no such conversion action."),
        ("INVALID_CONVERSION_ACTION_TYPE", "product_destination_id", "Its type takes no uploads."),
        (
            "EVENT_SOURCE_AND_DESTINATION_MISMATCH",
            "product_destination_id",
            "It takes no events of this source.",
        ),
        ("INVALID_DESTINATION", "operating_account", "This destination is not valid."),
        ("DESTINATION_ACCOUNT_TYPE_MISMATCH", "operating_account", "It is an account of another type."),
        (
            "EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED",
            "operating_account",
            "The declaration on political advertising in the EU is missing.",
        ),
        ("OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH", "login_account", "It is not the operating account."),
        ("NOT_ALLOWLISTED", "operating_account", "The account may not use this feature."),
        ("TERMS_AND_CONDITIONS_NOT_SIGNED", "operating_account", "Terms are not accepted."),
        (
            "DESTINATION_ACCOUNT_NOT_ENABLED_ENHANCED_CONVERSIONS_FOR_LEADS",
            "operating_account",
            "Enhanced conversions for leads are off.",
        ),
        (
            "DESTINATION_ACCOUNT_DATA_POLICY_PROHIBITS_ENHANCED_CONVERSIONS",
            "operating_account",
            "Policy prohibits enhanced conversions.",
        ),
        (
            "DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED",
            "operating_account",
            "Terms of enhanced conversions are not accepted.",
        ),
    )
)
_EVENTS = tuple(
    _refused(name, f"{_EVENT}{field}", says)
    for name, field, says in (
        ("EVENT_TIME_INVALID", ".event_timestamp", "Outside of the time window."),
        ("INVALID_AD_IDENTIFIER_FOR_ACCOUNT", ".ad_identifiers", "The click belongs to another account."),
        ("NO_IDENTIFIERS_PROVIDED", "", "Neither ad nor user identifiers."),
        ("INVALID_CURRENCY_CODE", ".currency", "The currency is not supported."),
        ("INVALID_SHA256_FORMAT", ".user_data.user_identifiers[0]", "The SHA256 encoded value is malformed."),
        ("INVALID_HEX_ENCODING", ".user_data.user_identifiers[0]", "The HEX encoded value is malformed."),
        ("INVALID_POSTAL_CODE", ".user_data.user_identifiers[0].address", "Postal code is not valid."),
        ("INVALID_REGION_CODE", ".user_data.user_identifiers[0].address", "Region code is not valid."),
        ("TOO_MANY_USER_IDENTIFIERS", ".user_data.user_identifiers", "11 given, 10 allowed."),
        ("REQUIRED_FIELD_MISSING", ".event_source", "Required field is missing."),
        ("INVALID_ENUM_VALUE", ".event_source", "Enum value cannot be used."),
        ("INVALID_NUMBER_FORMAT", ".conversion_value", "Number format is not valid."),
        ("FIELD_VALUE_TOO_LONG", ".transaction_id", "The value is too long."),
        ("FIELD_VALUE_TOO_SHORT", ".transaction_id", "The value is too short."),
    )
)
_VERDICTS = (
    *(_verdict(name) for name in _PROCESSING_ERRORS.split()),
    # The vendor's name of this one lacks the word REASON.
    _verdict(
        "OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER",
        "PROCESSING_ERROR_OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER",
    ),
    # Its short name is taken by the error at ingest.
    _verdict(
        "PROCESSING_ERROR_REASON_DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED",
        "PROCESSING_ERROR_REASON_DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED",
    ),
)
_STATUS = (
    *(
        Case(
            name=name,
            says=f"Status: {says}; what was decided before stays as it is",
            behaviour=Distort(partial(restated, status=status, errors=errors, warnings=warnings)),
            endpoints=("status",),
        )
        for name, status, errors, warnings, says in (
            ("PARTIAL_SUCCESS", "PARTIAL_SUCCESS", ("INVALID_GCLID",), (), "a part failed, INVALID_GCLID"),
            ("PARTIAL_SUCCESS_UNEXPLAINED", "PARTIAL_SUCCESS", (), (), "a part failed, without a reason"),
            ("FAILED_UNEXPLAINED", "FAILED", (), (), "FAILED without a reason"),
            ("FAILED_UNSPECIFIED", "FAILED", ("UNSPECIFIED",), (), "FAILED, the reason is not known"),
            ("SUCCESS_WITH_WARNINGS", "SUCCESS", (), ("INTERNAL_ERROR",), "SUCCESS with a warning"),
            ("STATUS_UNKNOWN", "REQUEST_STATUS_UNKNOWN", (), (), "REQUEST_STATUS_UNKNOWN"),
        )
    ),
    _refused("INVALID_REQUEST_ID", "request_id", "No request with a status has this id.", endpoint="status"),
    _refused("REQUEST_TOO_OLD", "request_id", "The status is kept for about 50 days.", endpoint="status"),
)
_TOKEN = (
    _no_token(400, "invalid_grant", "The refresh token has expired or was revoked."),
    _no_token(401, "invalid_client", "There is no such OAuth client."),
)

CASES = catalogue(_SERVICE, _DESTINATION, _EVENTS, _VERDICTS, _STATUS, _TOKEN, TRANSPORT_CASES)
