from typing import Any

import pytest

from app.connectors.base import OutcomeKind
from app.connectors.http import Answer
from app.connectors.meta.outcomes import CATALOGUE, read
from app.connectors.redaction import Redaction

LINES: list[tuple[int, int | None, OutcomeKind]] = [
    *((code, None, OutcomeKind.RETRY) for code in (1, 2, 4, 17, 341, 613, 80003, 5000, 21009)),
    *(
        (100, subcode, OutcomeKind.REJECTED)
        for subcode in (2804003, 2804001, 2804007, 2804009, 2804016, 2804017)
    ),
    (100, 2804019, OutcomeKind.REJECTED),
    (100, 2804048, OutcomeKind.REJECTED),
    (100, None, OutcomeKind.REJECTED),
    (105, None, OutcomeKind.REJECTED),
    *((100, subcode, OutcomeKind.CONFIGURATION) for subcode in (33, 34, 38)),
    *((code, None, OutcomeKind.CONFIGURATION) for code in (3, 10, 200, 368)),
    *((code, None, OutcomeKind.AUTHENTICATION) for code in (102, 190)),
    (2635, None, OutcomeKind.API_SUNSET),
]


def got(status: int, body: Any, *, is_html: bool = False) -> Answer:
    return Answer(status=status, body=body, is_json=not is_html, is_html=is_html, retry_after_s=None)


def refused(code: Any, subcode: Any = None, **more: Any) -> Answer:
    error = {"message": "(#1) Words", "type": "OAuthException", "code": code, "fbtrace_id": "AbC", **more}
    if subcode is not None:
        error["error_subcode"] = subcode
    return got(400, {"error": error})


@pytest.mark.parametrize(("code", "subcode", "kind"), LINES)
def test_every_line_of_the_catalogue(code: int, subcode: int | None, kind: OutcomeKind) -> None:
    outcome = read(refused(code, subcode), Redaction())
    assert outcome.kind is kind
    assert outcome.known
    assert outcome.code == (str(code) if subcode is None else f"{code}/{subcode}")
    assert outcome.request_id == "AbC"
    assert outcome.message
    assert outcome.message.endswith("Meta says: (#1) Words.")


def test_the_catalogue_has_no_line_but_these() -> None:
    assert set(CATALOGUE) == {(code, subcode) for code, subcode, _ in LINES}


@pytest.mark.parametrize("subcode", [460, 463, 467])
def test_any_subcode_of_a_dead_token_holds_the_integration(subcode: int) -> None:
    assert read(refused(190, subcode), Redaction()).kind is OutcomeKind.AUTHENTICATION


def test_a_new_subcode_of_a_known_code_is_judged_by_the_code() -> None:
    outcome = read(refused(100, 999), Redaction())
    assert (outcome.kind, outcome.code, outcome.known) == (OutcomeKind.REJECTED, "100/999", True)


def test_a_code_nobody_knows_is_tried_a_few_times() -> None:
    outcome = read(refused(424242), Redaction())
    assert (outcome.kind, outcome.known) == (OutcomeKind.RETRY, False)


def test_what_meta_calls_transient_is_tried_again() -> None:
    outcome = read(refused(100, is_transient=True), Redaction())
    assert (outcome.kind, outcome.known) == (OutcomeKind.RETRY, True)


def test_a_code_written_as_text_is_understood() -> None:
    assert read(refused("190"), Redaction()).kind is OutcomeKind.AUTHENTICATION


def test_the_words_for_people_are_preferred() -> None:
    outcome = read(refused(100, error_user_msg="The timestamp is too old"), Redaction())
    assert outcome.message
    assert "Meta says: The timestamp is too old" in outcome.message


@pytest.mark.parametrize("code", [None, True, 1.5, [], "x", "9" * 30])
def test_without_a_code_the_status_decides(code: Any) -> None:
    assert read(refused(code), Redaction()).code == "HTTP_400"


def test_events_received_means_delivered() -> None:
    outcome = read(got(200, {"events_received": 1, "fbtrace_id": "AbC"}), Redaction())
    assert (outcome.kind, outcome.request_id, outcome.message) == (OutcomeKind.DELIVERED, "AbC", None)


def test_no_event_received_is_not_delivered() -> None:
    outcome = read(got(200, {"events_received": 0}), Redaction())
    assert (outcome.kind, outcome.code, outcome.known) == (OutcomeKind.RETRY, "NOTHING_RECEIVED", False)


@pytest.mark.parametrize("body", [None, {}, [], {"events_received": "1"}])
def test_a_success_that_says_nothing_may_or_may_not_be_one(body: Any) -> None:
    assert read(got(200, body), Redaction()).kind is OutcomeKind.AMBIGUOUS


def test_a_page_is_not_metas_answer() -> None:
    assert read(got(200, None, is_html=True), Redaction()).kind is OutcomeKind.RETRY


def test_an_error_decides_whatever_the_status() -> None:
    assert (
        read(got(200, {"error": {"code": 190}, "events_received": 1}), Redaction()).kind
        is OutcomeKind.AUTHENTICATION
    )
