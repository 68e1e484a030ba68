"""Every case of the Google Ads catalogue, with the answer the vendor documents for it."""

import pytest

from app.sandbox.cases import Condemn
from app.sandbox.google_ads.catalogue import CASES
from app.sandbox.transport_cases import TRANSPORT_CASES
from tests.sandbox.stage import BEARER, book, google_request, ingest, script

SERVICE = {
    "UNAVAILABLE": (503, "UNAVAILABLE", "UNAVAILABLE"),
    "DEADLINE_EXCEEDED": (504, "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"),
    "INTERNAL": (500, "INTERNAL", "INTERNAL_ERROR"),
    "UNKNOWN": (500, "UNKNOWN", "UNKNOWN"),
    "ABORTED": (409, "ABORTED", "ABORTED"),
    "RESOURCE_EXHAUSTED": (429, "RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED"),
    "RATE_LIMITED": (429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"),
    "UNAUTHENTICATED": (401, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED"),
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": (403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
    "SERVICE_DISABLED": (403, "PERMISSION_DENIED", "SERVICE_DISABLED"),
    "PERMISSION_DENIED": (403, "PERMISSION_DENIED", "PERMISSION_DENIED"),
    "NOT_FOUND": (404, "NOT_FOUND", "NOT_FOUND"),
    "INVALID_ARGUMENT": (400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
}
TOKEN = {"INVALID_GRANT": (400, "invalid_grant"), "INVALID_CLIENT": (401, "invalid_client")}
STATUS = ["INVALID_REQUEST_ID", "REQUEST_TOO_OLD"]
RESTATED = {
    "PARTIAL_SUCCESS": ("PARTIAL_SUCCESS", {"errorInfo"}),
    "PARTIAL_SUCCESS_UNEXPLAINED": ("PARTIAL_SUCCESS", set()),
    "FAILED_UNEXPLAINED": ("FAILED", set()),
    "FAILED_UNSPECIFIED": ("FAILED", {"errorInfo"}),
    "SUCCESS_WITH_WARNINGS": ("SUCCESS", {"warningInfo"}),
    "STATUS_UNKNOWN": ("REQUEST_STATUS_UNKNOWN", set()),
}
VERDICTS = [name for name, case in CASES.items() if isinstance(case.behaviour, Condemn)]
FIELDS = [
    "CONVERSION_ACTION_TOO_RECENTLY_CREATED",
    "INVALID_CONVERSION_ACTION_ID",
    "INVALID_CONVERSION_ACTION_TYPE",
    "EVENT_SOURCE_AND_DESTINATION_MISMATCH",
    "INVALID_DESTINATION",
    "DESTINATION_ACCOUNT_TYPE_MISMATCH",
    "EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED",
    "OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH",
    "NOT_ALLOWLISTED",
    "TERMS_AND_CONDITIONS_NOT_SIGNED",
    "DESTINATION_ACCOUNT_NOT_ENABLED_ENHANCED_CONVERSIONS_FOR_LEADS",
    "DESTINATION_ACCOUNT_DATA_POLICY_PROHIBITS_ENHANCED_CONVERSIONS",
    "DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED",
    "EVENT_TIME_INVALID",
    "INVALID_AD_IDENTIFIER_FOR_ACCOUNT",
    "NO_IDENTIFIERS_PROVIDED",
    "INVALID_CURRENCY_CODE",
    "INVALID_SHA256_FORMAT",
    "INVALID_HEX_ENCODING",
    "INVALID_POSTAL_CODE",
    "INVALID_REGION_CODE",
    "TOO_MANY_USER_IDENTIFIERS",
    "REQUIRED_FIELD_MISSING",
    "INVALID_ENUM_VALUE",
    "INVALID_NUMBER_FORMAT",
    "FIELD_VALUE_TOO_LONG",
    "FIELD_VALUE_TOO_SHORT",
]


def test_every_case_is_tried_here():
    tried = {
        *SERVICE,
        *TOKEN,
        *STATUS,
        *RESTATED,
        *VERDICTS,
        *FIELDS,
        *(case.name for case in TRANSPORT_CASES),
    }
    assert tried == set(CASES)


@pytest.mark.parametrize("case", SERVICE)
async def test_a_failing_service_answers_in_googles_error_model(client, case):
    http_status, status, reason = SERVICE[case]
    await script(client, "google_ads", fail=case)
    answer = await ingest(client, google_request())
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (http_status, http_status, status)
    assert error["details"][0]["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert error["details"][0]["reason"] == reason
    assert (await book(client, "google_ads"))["conversions"] == 0


async def test_only_a_rate_limit_says_when_to_come_back(client):
    for case, seconds in (("RATE_LIMITED", "7"), ("RESOURCE_EXHAUSTED", None)):
        await script(client, "google_ads", fail=case)
        assert (await ingest(client, google_request())).headers.get("retry-after") == seconds


async def test_each_answer_has_a_request_id_of_its_own(client):
    await script(client, "google_ads", fail="UNAVAILABLE", times=2)
    first, second = [(await ingest(client, google_request())).json()["error"]["details"][1] for _ in range(2)]
    assert first["requestId"] != second["requestId"]


@pytest.mark.parametrize("case", FIELDS)
async def test_a_refused_field_names_the_case_as_its_reason(client, case):
    await script(client, "google_ads", fail=case)
    answer = await ingest(client, google_request())
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["status"] == error["details"][0]["reason"] == "INVALID_ARGUMENT"
    [violation] = error["details"][-1]["fieldViolations"]
    assert violation["reason"] == case
    assert violation["field"].startswith(("destinations[0].", "events.events[0]"))


@pytest.mark.parametrize("case", VERDICTS)
async def test_a_processing_error_is_a_verdict_on_what_was_accepted(client, case):
    await script(client, "google_ads", fail=case)
    accepted = await ingest(client, google_request())
    assert accepted.status_code == 200
    answer = await client.get("/google_ads/v1/requestStatus:retrieve", params=accepted.json(), headers=BEARER)
    [status] = answer.json()["requestStatusPerDestination"]
    assert status["requestStatus"] == "FAILED"
    [count] = status["errorInfo"]["errorCounts"]
    assert count["recordCount"] == "1"
    assert count["reason"].startswith("PROCESSING_ERROR_")
    assert count["reason"].endswith(case)


@pytest.mark.parametrize("case", STATUS)
async def test_a_status_can_be_refused(client, case):
    await script(client, "google_ads", fail=case)
    accepted = await ingest(client, google_request())
    answer = await client.get("/google_ads/v1/requestStatus:retrieve", params=accepted.json(), headers=BEARER)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][-1]["fieldViolations"][0]["reason"] == case


@pytest.mark.parametrize("case", RESTATED)
async def test_a_status_can_say_something_else_once(client, case):
    await script(client, "google_ads", fail=case)
    accepted = await ingest(client, google_request())
    first, second = [
        (
            await client.get("/google_ads/v1/requestStatus:retrieve", params=accepted.json(), headers=BEARER)
        ).json()["requestStatusPerDestination"][0]
        for _ in range(2)
    ]
    name, infos = RESTATED[case]
    assert first["requestStatus"] == name
    assert set(first) - {"destination", "requestStatus", "eventsIngestionStatus"} == infos
    assert second["requestStatus"] == "PROCESSING"


async def test_an_error_stays_an_error_whatever_the_status_is_to_say(client):
    await script(client, "google_ads", fail="PARTIAL_SUCCESS")
    answer = await client.get("/google_ads/v1/requestStatus:retrieve", headers=BEARER)
    assert answer.status_code == 400


@pytest.mark.parametrize("case", TOKEN)
async def test_the_token_endpoint_can_refuse(client, case):
    await script(client, "google_ads", fail=case)
    answer = await client.post("/google_ads/token")
    assert (answer.status_code, answer.json()["error"]) == TOKEN[case]


@pytest.mark.parametrize("endpoint", ["status", "token"])
async def test_transport_cases_strike_the_other_endpoints_when_told_to(client, endpoint):
    await script(client, "google_ads", fail="HTML", endpoint=endpoint)
    method, path = {"status": ("GET", "/v1/requestStatus:retrieve"), "token": ("POST", "/token")}[endpoint]
    assert (await client.request(method, f"/google_ads{path}")).status_code == 502
