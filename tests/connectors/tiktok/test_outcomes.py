from typing import Any

import pytest

from app.connectors.base import Outcome, OutcomeKind
from app.connectors.http import Answer
from app.connectors.redaction import Redaction
from app.connectors.tiktok.outcomes import CATALOGUE, MAINTENANCE_PAUSE_S, read

KINDS: dict[OutcomeKind, tuple[int, ...]] = {
    OutcomeKind.RETRY: (40016, 40100, 40132, 40133, 40202, 40700, 50000, 50002, 51021, 51305, 60001),
    OutcomeKind.REJECTED: (40000, 40002, 40011),
    OutcomeKind.CONFIGURATION: (40001, 40007, 40118, 40119, 40124, 40125, 40300, 40301, 41000),
    OutcomeKind.AUTHENTICATION: (40101, 40102, 40104, 40105, 40106, 40113),
    OutcomeKind.API_SUNSET: (40006, 40008, 40010, 40051, 41001),
}
LINES = [(code, kind) for kind, codes in KINDS.items() for code in codes]
IDS = ["a", "b", "c"]


def got(status: int, body: Any, *, is_html: bool = False) -> Answer:
    return Answer(status=status, body=body, is_json=not is_html, is_html=is_html, retry_after_s=None)


def said(code: Any, message: Any = "Words.", *, status: int = 200, data: Any = None) -> Answer:
    return got(status, {"code": code, "message": message, "request_id": "202611230001", "data": data or {}})


def judged(answer: Answer, ids: list[str] | None = None) -> Outcome:
    return read(answer, Redaction(), ["a"] if ids is None else ids)


def partial(*failed: Any) -> Answer:
    return said(20001, "Partially successful.", data={"failed_events": list(failed)})


@pytest.mark.parametrize(("code", "kind"), LINES)
def test_every_line_of_the_catalogue(code: int, kind: OutcomeKind) -> None:
    outcome = judged(said(code))
    assert (outcome.kind, outcome.code) == (kind, str(code))
    assert outcome.request_id == "202611230001"
    assert outcome.message
    assert outcome.message.endswith("TikTok says: Words.")
    assert "{" not in outcome.message


def test_the_catalogue_has_no_line_but_these() -> None:
    assert set(CATALOGUE) == {code for code, _ in LINES}


def test_zero_means_delivered() -> None:
    outcome = judged(said(0, "OK"))
    assert (outcome.kind, outcome.code, outcome.message) == (OutcomeKind.DELIVERED, None, None)
    assert outcome.request_id == "202611230001"


@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_the_code_decides_whatever_the_status(status: int) -> None:
    assert judged(said(40100, status=status)).kind is OutcomeKind.RETRY
    assert judged(said(0, "OK", status=status)).kind is OutcomeKind.DELIVERED


def test_in_maintenance_the_pause_is_ours() -> None:
    assert judged(said(60001)).retry_after_s == MAINTENANCE_PAUSE_S
    assert judged(said(50000)).retry_after_s is None


def test_a_failure_while_processing_may_be_the_events_own_and_is_not_tried_for_ever() -> None:
    assert not judged(said(50002)).known
    assert judged(said(50000)).known


@pytest.mark.parametrize("code", [49999, 1, -1, 10**30])
def test_a_code_nobody_knows_is_tried_a_few_times(code: int) -> None:
    outcome = judged(said(code))
    assert (outcome.kind, outcome.known) == (OutcomeKind.RETRY, False)


def test_a_code_written_as_text_is_understood() -> None:
    assert judged(said("40105")).kind is OutcomeKind.AUTHENTICATION


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Invalid value for event_source_id: not a valid string.", OutcomeKind.CONFIGURATION),
        ("event_source: Must be one of: app, web.", OutcomeKind.CONFIGURATION),
        ("data.0.lead.lead_event_source: Missing data for required field.", OutcomeKind.REJECTED),
        ("data.0.event_source: unknown field.", OutcomeKind.REJECTED),
        ("Invalid value for event_id: not a valid string.", OutcomeKind.REJECTED),
        (None, OutcomeKind.REJECTED),
        (["event_source_id"], OutcomeKind.REJECTED),
    ],
)
def test_a_wrong_event_source_holds_the_mapping_and_rejects_no_conversion(
    message: Any, kind: OutcomeKind
) -> None:
    assert judged(said(40002, message)).kind is kind


@pytest.mark.parametrize(
    "body", [None, [], 5, {}, {"code": None}, {"code": True}, {"code": 1.5}, {"code": "x"}]
)
def test_a_success_without_a_code_may_or_may_not_be_one(body: Any) -> None:
    outcome = judged(got(200, body))
    assert (outcome.kind, outcome.code) == (OutcomeKind.AMBIGUOUS, "UNREADABLE")


@pytest.mark.parametrize("body", [None, {}, {"code": None}])
def test_without_a_code_the_status_decides(body: Any) -> None:
    assert judged(got(400, body)).code == "HTTP_400"
    assert judged(got(503, body)).kind is OutcomeKind.RETRY


@pytest.mark.parametrize("status", [200, 404, 502])
def test_a_page_is_not_tiktoks_answer(status: int) -> None:
    assert judged(got(status, None, is_html=True)).kind is OutcomeKind.RETRY


# ---- partial success ----


def test_events_named_by_their_id_are_refused_and_the_others_delivered() -> None:
    outcome = judged(partial({"event_id": "b", "error_code": 40002, "error_msg": "Too old."}), IDS)
    assert (outcome.kind, outcome.code, set(outcome.events)) == (OutcomeKind.DELIVERED, None, {1})
    refused = outcome.events[1]
    assert (refused.kind, refused.code, refused.request_id) == (
        OutcomeKind.REJECTED,
        "40002",
        "202611230001",
    )
    assert refused.message
    assert refused.message.endswith("TikTok says: Too old.")


@pytest.mark.parametrize(
    ("own", "kind", "code"),
    [
        ({}, OutcomeKind.REJECTED, "20001"),
        ({"error_code": "x", "error_msg": ["x"]}, OutcomeKind.REJECTED, "20001"),
        ({"error_code": 99}, OutcomeKind.REJECTED, "99"),
        ({"error_code": 50000}, OutcomeKind.RETRY, "50000"),
    ],
)
def test_an_events_own_code_counts_where_it_is_known(
    own: dict[str, Any], kind: OutcomeKind, code: str
) -> None:
    refused = judged(partial({"event_id": "c", **own}), IDS).events[2]
    assert (refused.kind, refused.code) == (kind, code)


def test_of_a_single_event_the_outcome_is_its_own() -> None:
    outcome = judged(partial({"event_id": "a", "error_msg": "Too old."}))
    assert (outcome.kind, outcome.events) == (OutcomeKind.REJECTED, {})


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        {"failed_events": []},
        {"failed_events": {"event_id": "a"}},
        {"failed_events": [{"order_in_batch": 0}]},
        {"failed_events": [None]},
        {"failed_events": [{"event_id": "z"}]},
        {"failed_events": [{"event_id": "a"}, {"order_in_batch": 1}]},
        {"failed_events": [{"event_id": ["a"]}]},
    ],
)
def test_when_names_are_in_doubt_the_request_is_taken_apart(data: Any) -> None:
    outcome = judged(said(20001, data=data), IDS)
    assert (outcome.kind, outcome.known, outcome.events) == (OutcomeKind.RETRY, False, {})
    assert outcome.code == "20001"


def test_an_id_that_two_events_share_names_neither() -> None:
    assert judged(partial({"event_id": "a"}), ["a", "a"]).kind is OutcomeKind.RETRY


def test_a_single_event_that_is_not_named_may_have_been_taken() -> None:
    assert judged(said(20001)).kind is OutcomeKind.AMBIGUOUS
