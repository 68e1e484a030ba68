import warnings
from typing import Any

import pytest

from app.connectors.base import OutcomeKind
from app.connectors.google_ads.outcomes import CATALOGUE, read
from app.connectors.http import Answer
from app.connectors.redaction import Redaction

with warnings.catch_warnings():
    # Google's generated code warns of what newer releases of Python will do.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", FutureWarning)
    from google.ads.datamanager_v1.types.error import ErrorReason
    from google.ads.datamanager_v1.types.processing_errors import ProcessingErrorReason
    from google.rpc.code_pb2 import Code

DOCUMENTED = {
    OutcomeKind.RETRY: """
        UNAVAILABLE DEADLINE_EXCEEDED INTERNAL UNKNOWN ABORTED RESOURCE_EXHAUSTED INTERNAL_ERROR
        CONVERSION_ACTION_TOO_RECENTLY_CREATED TOO_RECENT_CLICK
    """,
    OutcomeKind.REJECTED: """
        EVENT_TIME_INVALID EVENT_TOO_OLD INVALID_GCLID INVALID_GBRAID INVALID_WBRAID CONVERSION_PRECEDES_CLICK INVALID_CLICK
        CLICK_NOT_FOUND INVALID_OPERATING_ACCOUNT_FOR_CLICK OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER
        INVALID_AD_IDENTIFIER_FOR_ACCOUNT NO_IDENTIFIERS_PROVIDED INVALID_CURRENCY_CODE INVALID_SHA256_FORMAT
        INVALID_HEX_ENCODING DENIED_CONSENT NO_CONSENT UNKNOWN_CONSENT REQUIRED_FIELD_MISSING INVALID_ARGUMENT
        INVALID_FORMAT INVALID_ENUM_VALUE INVALID_NUMBER_FORMAT INVALID_EVENT INVALID_POSTAL_CODE INVALID_REGION_CODE
        USER_ID_NOT_FOUND USER_ID_NOT_FOUND_FOR_GCLID ORIGINAL_CONVERSIONS_NOT_FOUND
        INVALID_AD_IDENTIFIERS FIELD_VALUE_TOO_LONG FIELD_VALUE_TOO_SHORT TOO_MANY_USER_IDENTIFIERS
        ONE_PER_CLICK_CONVERSION_ACTION_NOT_PERMITTED_WITH_BRAID
    """,
    OutcomeKind.CONFIGURATION: """
        PERMISSION_DENIED NOT_FOUND SERVICE_DISABLED INVALID_DESTINATION INVALID_CONVERSION_ACTION_ID
        INVALID_CONVERSION_ACTION_TYPE EVENT_SOURCE_AND_DESTINATION_MISMATCH DESTINATION_ACCOUNT_TYPE_MISMATCH
        DESTINATION_ACCOUNT_NOT_ENABLED_ENHANCED_CONVERSIONS_FOR_LEADS
        DESTINATION_ACCOUNT_DATA_POLICY_PROHIBITS_ENHANCED_CONVERSIONS
        DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED TERMS_AND_CONDITIONS_NOT_SIGNED
        OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH NOT_ALLOWLISTED EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED
        EXTERNAL_ATTRIBUTION_DATA_MISSING
    """,
    OutcomeKind.AUTHENTICATION: "UNAUTHENTICATED ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    OutcomeKind.DELIVERED: "DUPLICATE_TRANSACTION_ID DUPLICATE_GCLID",
}
LINES = [(code, kind) for kind, codes in DOCUMENTED.items() for code in codes.split()]


def got(status: int, body: Any) -> Answer:
    return Answer(status=status, body=body, is_json=True, is_html=False, retry_after_s=None)


def refused(*reasons: str, status: str = "INVALID_ARGUMENT") -> Answer:
    violations = [
        {"field": "events.events[0]", "description": f"About {reason}", "reason": reason}
        for reason in reasons
    ]
    details = [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "INVALID_ARGUMENT"},
        {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations},
        {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": "request-9"},
    ]
    return got(400, {"error": {"code": 400, "message": "No", "status": status, "details": details}})


@pytest.mark.parametrize(("code", "kind"), LINES)
def test_every_line_of_the_catalogue_by_field(code: str, kind: OutcomeKind) -> None:
    outcome = read(refused(code), Redaction(), validate_only=False)
    assert outcome.kind is kind
    assert outcome.code == code
    assert outcome.known
    assert outcome.message
    assert f"About {code}" in outcome.message
    assert outcome.request_id == "request-9"


@pytest.mark.parametrize(("code", "kind"), LINES)
def test_every_line_of_the_catalogue_by_status(code: str, kind: OutcomeKind) -> None:
    outcome = read(got(400, {"error": {"status": code, "message": "m"}}), Redaction(), validate_only=False)
    assert (outcome.kind, outcome.code) == (kind, code)


def test_the_catalogue_has_no_line_but_these() -> None:
    assert set(CATALOGUE) == {code for code, _ in LINES}


def test_every_reason_is_one_that_google_knows() -> None:
    vendors = {
        *ErrorReason.__members__,
        *(
            name.removeprefix("PROCESSING_ERROR_").removeprefix("REASON_")
            for name in ProcessingErrorReason.__members__
        ),
        *Code.keys(),
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "SERVICE_DISABLED",
    }
    assert set(CATALOGUE) <= vendors


@pytest.mark.parametrize(
    "name",
    [
        "PROCESSING_ERROR_REASON_INVALID_GCLID",
        "PROCESSING_ERROR_OPERATING_ACCOUNT_MISMATCH_FOR_AD_IDENTIFIER",
    ],
)
def test_reasons_of_processing_are_known_without_their_prefix(name: str) -> None:
    assert read(refused(name), Redaction(), validate_only=False).kind is OutcomeKind.REJECTED


@pytest.mark.parametrize("code", ["CONVERSION_ACTION_TOO_RECENTLY_CREATED", "TOO_RECENT_CLICK"])
def test_what_is_too_recent_is_tried_again_after_six_hours(code: str) -> None:
    assert read(refused(code), Redaction(), validate_only=False).retry_after_s == 6 * 3600


@pytest.mark.parametrize(
    ("reasons", "code"),
    [
        (("INTERNAL_ERROR", "INVALID_GCLID"), "INVALID_GCLID"),
        (("INVALID_GCLID", "INVALID_DESTINATION"), "INVALID_DESTINATION"),
        (("DUPLICATE_TRANSACTION_ID", "INVALID_GCLID"), "INVALID_GCLID"),
        (("BRAND_NEW", "INVALID_GCLID"), "INVALID_GCLID"),
    ],
)
def test_of_several_reasons_the_gravest_decides(reasons: tuple[str, ...], code: str) -> None:
    assert read(refused(*reasons), Redaction(), validate_only=False).code == code


def test_a_reason_nobody_knows_is_tried_a_few_times() -> None:
    outcome = read(refused("BRAND_NEW"), Redaction(), validate_only=False)
    assert (outcome.kind, outcome.known, outcome.code) == (OutcomeKind.RETRY, False, "BRAND_NEW")


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        ("RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", OutcomeKind.RETRY),
        ("UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED", OutcomeKind.AUTHENTICATION),
        ("PERMISSION_DENIED", "CONSUMER_SUSPENDED", OutcomeKind.CONFIGURATION),
    ],
)
def test_behind_a_reason_nobody_knows_the_status_still_says_what_to_do(
    status: str, reason: str, kind: OutcomeKind
) -> None:
    body = {"error": {"status": status, "message": "No", "details": [{"reason": reason}]}}
    outcome = read(got(429, body), Redaction(), validate_only=False)
    assert (outcome.kind, outcome.code, outcome.known) == (kind, status, True)


def test_the_reason_of_the_request_tells_more_than_its_status() -> None:
    details = [{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "domain": "googleapis.com"}]
    body = {"error": {"status": "PERMISSION_DENIED", "message": "No", "details": details}}
    assert read(got(403, body), Redaction(), validate_only=False).kind is OutcomeKind.AUTHENTICATION


def test_taken_means_accepted_until_the_verdict_comes() -> None:
    body = {
        "requestId": "request-1",
        "fieldWarnings": [{"field": "events.events[0].userData", "reason": "X"}],
    }
    outcome = read(got(200, body), Redaction(), validate_only=False)
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert outcome.request_id == "request-1"
    assert outcome.message is None
    assert outcome.response == body


@pytest.mark.parametrize(
    "body", [None, {}, [], "text", {"requestId": ""}, {"requestId": 5}, {"requestId": "é"}]
)
def test_a_success_without_a_request_id_may_or_may_not_be_one(body: Any) -> None:
    outcome = read(got(200, body), Redaction(), validate_only=False)
    assert (outcome.kind, outcome.code) == (OutcomeKind.AMBIGUOUS, "UNREADABLE")


def test_in_test_mode_no_verdict_will_come() -> None:
    outcome = read(got(200, {}), Redaction(), validate_only=True)
    assert outcome.kind is OutcomeKind.DELIVERED
    assert outcome.message == "Test mode: Google Ads checked the request and recorded nothing."
