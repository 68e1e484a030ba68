import json
import warnings
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from google.protobuf import json_format

from app.connectors.base import OutcomeKind, Verdict
from app.connectors.google_ads.api import FACTS
from app.connectors.google_ads.connector import GoogleAdsConnector
from app.connectors.google_ads.outcomes import CATALOGUE
from app.connectors.google_ads.verdicts import judge
from app.connectors.http import MAX_ANSWER_BYTES, Answer
from app.connectors.redaction import Redaction
from app.sandbox.cases import Condemn
from app.sandbox.google_ads.catalogue import CASES as FAILURES
from app.values import DeliveryKind
from tests.connectors.cases import CASES, QUICK
from tests.connectors.http_server import HttpServer, Reply, answer, hang_up
from tests.connectors.leads import lead
from tests.connectors.sandboxed import Sandboxed, sandboxed
from tests.connectors.test_sending_contract import FUZZ

with warnings.catch_warnings():
    # Google's generated code warns of what newer releases of Python will do.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", FutureWarning)
    from google.ads.datamanager_v1 import RetrieveRequestStatusResponse
    from google.ads.datamanager_v1.types.processing_errors import ProcessingErrorReason

[CASE] = [case for case in CASES if case.name == "google_ads"]
CONDEMNED = [name for name, case in FAILURES.items() if isinstance(case.behaviour, Condemn)]
STATUSES = {
    "PARTIAL_SUCCESS": (OutcomeKind.REJECTED, "INVALID_GCLID"),
    "PARTIAL_SUCCESS_UNEXPLAINED": (OutcomeKind.DELIVERED, None),
    "FAILED_UNEXPLAINED": (OutcomeKind.REJECTED, "FAILED"),
    "FAILED_UNSPECIFIED": (OutcomeKind.REJECTED, "UNSPECIFIED"),
    "SUCCESS_WITH_WARNINGS": (OutcomeKind.DELIVERED, None),
}
NOT_OURS = """
INVALID_CUSTOM_VARIABLE CUSTOM_VARIABLE_NOT_ENABLED INVALID_MERCHANT_ID INSUFFICIENT_MATCHED_TRANSACTIONS
INSUFFICIENT_TRANSACTIONS DECRYPTION_ERROR DEK_DECRYPTION_ERROR INVALID_WIP INVALID_KEK WIP_AUTH_FAILED
KEK_PERMISSION_DENIED AWS_AUTH_FAILED USER_IDENTIFIER_DECRYPTION_ERROR MATCH_ID_NOT_FOUND
USER_ID_NOT_FOUND_FOR_MATCH_ID USER_ID_NOT_FOUND_FOR_DCLID INVALID_MOBILE_ID_FORMAT EVENT_ID_DECODE_ERROR
USER_ID_NOT_FOUND_FOR_IMPRESSION_ID UNSPECIFIED
"""
"""Reasons that need something we never send: custom variables, encryption, store sales, other ids."""


@pytest.fixture
async def stage() -> AsyncIterator[Sandboxed]:
    async with sandboxed(CASE) as played:
        yield played


async def accepted(stage: Sandboxed) -> str:
    body = stage.connector.build(lead(), CASE.conversion(), stage.connection.settings, test_mode=False)
    outcome = await stage.connector.send(stage.connection, body)
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert outcome.request_id
    return outcome.request_id


async def asked(stage: Sandboxed, request_id: str) -> Verdict:
    """The verdict, after the vendor's own message has taken the answer strictly."""
    assert isinstance(stage.connector, GoogleAdsConnector)
    found = await stage.connector.verdict(stage.connection, request_id, DeliveryKind.SEND)
    said = (await stage.book())["otherCalls"][0]
    if said["status"] == 200 and said["response"]:
        json_format.ParseDict(said["response"], RetrieveRequestStatusResponse.pb()())
    return found


def test_google_is_asked_until_nobody_waits_for_it_any_more() -> None:
    assert FACTS.verdict_after[0] == timedelta(minutes=30)
    assert timedelta(hours=24) in FACTS.verdict_after
    assert FACTS.verdict_after[-1] == timedelta(days=3)
    assert list(FACTS.verdict_after) == sorted(set(FACTS.verdict_after))


async def test_before_it_is_ripe_there_is_no_verdict(stage: Sandboxed) -> None:
    found = await asked(stage, await accepted(stage))
    assert not found.is_final
    assert found.outcome.kind is OutcomeKind.ACCEPTED


async def test_success_is_delivered(stage: Sandboxed) -> None:
    request_id = await accepted(stage)
    await stage.order(verdictAfterS=0)
    found = await asked(stage, request_id)
    assert found.is_final
    assert (found.outcome.kind, found.outcome.code) == (OutcomeKind.DELIVERED, None)
    assert (found.outcome.message, found.outcome.request_id) == (None, request_id)


@pytest.mark.parametrize("name", CONDEMNED)
async def test_each_reason_of_processing_ends_as_the_catalogue_says(stage: Sandboxed, name: str) -> None:
    request_id = await accepted(stage)
    await stage.order(fail=name)
    found = await asked(stage, request_id)
    code = name.removeprefix("PROCESSING_ERROR_REASON_")
    assert found.is_final
    assert (found.outcome.kind, found.outcome.code) == (CATALOGUE[code].kind, code)
    assert found.outcome.retry_after_s == CATALOGUE[code].retry_after_s
    assert found.outcome.message


@pytest.mark.parametrize("name", STATUSES)
async def test_each_other_status_is_understood(stage: Sandboxed, name: str) -> None:
    request_id = await accepted(stage)
    await stage.order(fail=name)
    found = await asked(stage, request_id)
    assert found.is_final
    assert (found.outcome.kind, found.outcome.code) == STATUSES[name]
    assert bool(found.outcome.message) == (name != "PARTIAL_SUCCESS_UNEXPLAINED")


@pytest.mark.parametrize("kind", [DeliveryKind.RESTATE, DeliveryKind.RETRACT])
@pytest.mark.parametrize("reason", ["DUPLICATE_TRANSACTION_ID", "DUPLICATE_GCLID"])
async def test_a_new_value_that_google_calls_a_copy_is_not_called_delivered(
    stage: Sandboxed, reason: str, kind: DeliveryKind
) -> None:
    request_id = await accepted(stage)
    await stage.order(fail=reason)
    assert isinstance(stage.connector, GoogleAdsConnector)
    found = await stage.connector.verdict(stage.connection, request_id, kind)
    assert (found.outcome.kind, found.outcome.code) == (OutcomeKind.REJECTED, reason)


async def test_a_status_google_does_not_know_itself_is_no_verdict(stage: Sandboxed) -> None:
    request_id = await accepted(stage)
    await stage.order(fail="STATUS_UNKNOWN")
    assert not (await asked(stage, request_id)).is_final


@pytest.mark.parametrize("name", ["INVALID_REQUEST_ID", "REQUEST_TOO_OLD"])
async def test_without_a_status_the_conversion_stays_accepted(stage: Sandboxed, name: str) -> None:
    request_id = await accepted(stage)
    await stage.order(fail=name)
    found = await asked(stage, request_id)
    assert not found.is_final
    assert (found.outcome.kind, found.outcome.code) == (OutcomeKind.ACCEPTED, name)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("UNAVAILABLE", OutcomeKind.RETRY),
        ("RATE_LIMITED", OutcomeKind.RETRY),
        ("HTML", OutcomeKind.RETRY),
        ("EMPTY", OutcomeKind.RETRY),
        ("UNAUTHENTICATED", OutcomeKind.AUTHENTICATION),
        ("PERMISSION_DENIED", OutcomeKind.CONFIGURATION),
    ],
)
async def test_a_question_that_fails_says_nothing_of_the_conversion(
    stage: Sandboxed, name: str, kind: OutcomeKind
) -> None:
    request_id = await accepted(stage)
    await stage.order(fail=name, endpoint="status", times=2)
    found = await asked(stage, request_id)
    assert not found.is_final
    assert found.outcome.kind is kind


async def test_a_dead_connection_is_found_by_the_question() -> None:
    async with sandboxed(CASE, in_force=False) as stage:
        found = await asked(stage, "request-1")
    assert not found.is_final
    assert (found.outcome.kind, found.outcome.code) == (OutcomeKind.AUTHENTICATION, "invalid_grant")


def judged(*statuses: Any, status: int = 200) -> Verdict:
    body = {"requestStatusPerDestination": list(statuses)}
    got = Answer(status=status, body=body, is_json=True, is_html=False, retry_after_s=None)
    return judge(got, Redaction(), "request-1", DeliveryKind.SEND)


def failed(*reasons: str, count: Any = "1", status: str = "FAILED") -> dict[str, Any]:
    counts = [{"recordCount": count, "reason": reason} for reason in reasons]
    return {"requestStatus": status, "errorInfo": {"errorCounts": counts}}


def test_every_reason_google_can_give_us_is_in_the_catalogue() -> None:
    names = {
        name.removeprefix("PROCESSING_ERROR_").removeprefix("REASON_")
        for name in ProcessingErrorReason.__members__
    }
    assert names - set(CATALOGUE) == set(NOT_OURS.split())


@pytest.mark.parametrize(
    "reason", ["PROCESSING_ERROR_REASON_BRAND_NEW", "PROCESSING_ERROR_REASON_INVALID_WIP"]
)
def test_a_reason_nobody_knows_is_an_end_with_its_name(reason: str) -> None:
    found = judged(failed(reason))
    assert found.is_final
    assert found.outcome.kind is OutcomeKind.REJECTED
    assert found.outcome.code == reason.removeprefix("PROCESSING_ERROR_REASON_")
    assert found.outcome.message


@pytest.mark.parametrize(
    ("reasons", "code"),
    [
        (("INTERNAL_ERROR", "INVALID_GCLID"), "INVALID_GCLID"),
        (("DUPLICATE_GCLID", "TOO_RECENT_CLICK"), "TOO_RECENT_CLICK"),
        (("BRAND_NEW", "TOO_RECENT_CLICK"), "BRAND_NEW"),
    ],
)
def test_of_several_reasons_the_gravest_decides(reasons: tuple[str, ...], code: str) -> None:
    found = judged(failed(*(f"PROCESSING_ERROR_REASON_{reason}" for reason in reasons)))
    assert found.outcome.code == code


@pytest.mark.parametrize("count", ["0", 0])
def test_a_reason_that_no_record_has_is_none(count: Any) -> None:
    found = judged(failed("PROCESSING_ERROR_REASON_INVALID_GCLID", count=count, status="PARTIAL_SUCCESS"))
    assert found.outcome.kind is OutcomeKind.DELIVERED


def test_one_destination_in_processing_keeps_the_verdict_open() -> None:
    assert not judged(
        failed("PROCESSING_ERROR_REASON_INVALID_GCLID"), {"requestStatus": "PROCESSING"}
    ).is_final


def test_one_destination_that_failed_decides() -> None:
    found = judged({"requestStatus": "SUCCESS"}, failed("PROCESSING_ERROR_REASON_INVALID_GCLID"))
    assert (found.is_final, found.outcome.kind) == (True, OutcomeKind.REJECTED)


def test_the_guides_word_for_failed_is_understood() -> None:
    assert judged(failed("PROCESSING_ERROR_REASON_NO_CONSENT", status="FAILURE")).outcome.code == "NO_CONSENT"


@pytest.mark.parametrize(
    "statuses",
    [
        [],
        ["SUCCESS"],
        [None],
        [{}],
        [{"requestStatus": 1}],
        [{"requestStatus": ["SUCCESS"]}],
        [{"requestStatus": "SUCCESS"}, {}],
    ],
)
def test_what_cannot_be_read_is_no_verdict(statuses: list[Any]) -> None:
    found = judged(*statuses)
    assert not found.is_final
    assert found.outcome.kind is OutcomeKind.RETRY


@pytest.mark.parametrize(
    "info", [None, 5, [], {}, {"errorCounts": 5}, {"errorCounts": [None, 5, {"recordCount": []}]}]
)
def test_a_failure_with_unreadable_reasons_is_an_end(info: Any) -> None:
    found = judged({"requestStatus": "FAILED", "errorInfo": info})
    assert (found.is_final, found.outcome.kind) == (True, OutcomeKind.REJECTED)


@pytest.mark.parametrize("reply", FUZZ.values(), ids=FUZZ.keys())
async def test_no_answer_makes_a_question_raise(
    reply: Reply, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = CASE.connector()
    assert isinstance(connector, GoogleAdsConnector)
    connection = CASE.connection(connector, server, http)
    server.tell("", reply)
    found = await connector.verdict(connection, "request-1", DeliveryKind.SEND)
    assert not found.is_final
    kept = json.dumps([found.outcome.response, found.outcome.message, found.outcome.code], allow_nan=False)
    assert len(kept) < 2 * MAX_ANSWER_BYTES


@pytest.mark.parametrize("silent", [True, False])
async def test_a_question_without_an_answer_is_asked_again(
    silent: bool, server: HttpServer, http: httpx.AsyncClient
) -> None:
    connector = CASE.connector(timeouts=QUICK)
    assert isinstance(connector, GoogleAdsConnector)
    connection = CASE.connection(connector, server, http)
    server.tell("", server.silence if silent else hang_up)
    found = await connector.verdict(connection, "request-1", DeliveryKind.SEND)
    assert (found.is_final, found.outcome.kind) == (False, OutcomeKind.RETRY)


async def test_the_request_id_is_asked_after_as_it_is(server: HttpServer, http: httpx.AsyncClient) -> None:
    connector = CASE.connector()
    assert isinstance(connector, GoogleAdsConnector)
    connection = CASE.connection(connector, server, http)
    server.tell("", answer(200, {"requestStatusPerDestination": []}))
    await connector.verdict(connection, "a/b&c d", DeliveryKind.SEND)
    [request] = server.requests("/v1/")
    assert request.method == "GET"
    assert request.target == "/v1/requestStatus:retrieve?requestId=a%2Fb%26c+d"
    assert request.headers["authorization"].startswith("bearer ya29.")
