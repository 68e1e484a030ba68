from typing import Any

import pytest

from app.connectors.base import OutcomeKind
from app.connectors.http import Answer
from app.connectors.linkedin.outcomes import CATALOGUE, read
from app.connectors.redaction import Redaction

LINES = {
    "INVALID_ACCESS_TOKEN": OutcomeKind.AUTHENTICATION,
    "REVOKED_ACCESS_TOKEN": OutcomeKind.AUTHENTICATION,
    "EXPIRED_ACCESS_TOKEN": OutcomeKind.AUTHENTICATION,
    "EMPTY_ACCESS_TOKEN": OutcomeKind.AUTHENTICATION,
    "ACCESS_DENIED": OutcomeKind.CONFIGURATION,
    "VERSION_MISSING": OutcomeKind.CONFIGURATION,
    "NO_AD_ACCOUNTS": OutcomeKind.CONFIGURATION,
    "INVALID_CONVERSION": OutcomeKind.CONFIGURATION,
    "WRONG_CONVERSION_METHOD": OutcomeKind.CONFIGURATION,
    "INVALID_TIME": OutcomeKind.REJECTED,
    "TOO_MANY_REQUESTS": OutcomeKind.RETRY,
    "NONEXISTENT_VERSION": OutcomeKind.API_SUNSET,
    "HTTP_426": OutcomeKind.API_SUNSET,
}
TIME = "Conversion time should be within 90 days and not exceed current time, indices [{}] (0-indexed)."
METHOD = (
    "Incorrect conversions information provided. Conversion's method should be CONVERSIONS_API, "
    "indices [{}] (0-indexed)"
)
MISSING = "field is required but not found and has no default value"


def got(status: int, body: Any, *, is_html: bool = False) -> Answer:
    return Answer(status=status, body=body, is_json=not is_html, is_html=is_html, retry_after_s=None)


def said(status: int, message: Any, **more: Any) -> Answer:
    return got(status, {"status": status, "message": message, **more})


@pytest.mark.parametrize(("code", "kind"), LINES.items())
def test_every_line_of_the_catalogue(code: str, kind: OutcomeKind) -> None:
    status = 426 if kind is OutcomeKind.API_SUNSET else 400
    outcome = read(said(status, "Words", code=code), Redaction(), count=1)
    assert (outcome.kind, outcome.code, outcome.known) == (kind, code, True)
    assert outcome.message
    assert outcome.message.endswith("LinkedIn says: Words.")


def test_the_catalogue_has_no_line_but_these() -> None:
    assert set(CATALOGUE) == set(LINES)


def test_a_version_that_has_ended_says_what_to_set() -> None:
    outcome = read(said(426, "Requested version 20250701 is not active", code="NEW"), Redaction(), count=3)
    assert (outcome.kind, outcome.events) == (OutcomeKind.API_SUNSET, {})
    assert outcome.message
    assert "LEADWIRE_LINKEDIN_API_VERSION" in outcome.message


@pytest.mark.parametrize(
    ("number", "code"), [(65600, "INVALID_ACCESS_TOKEN"), (65601, "REVOKED_ACCESS_TOKEN")]
)
def test_a_number_alone_names_what_is_wrong_with_a_token(number: int, code: str) -> None:
    outcome = read(said(401, "No", serviceErrorCode=number), Redaction(), count=1)
    assert (outcome.kind, outcome.code) == (OutcomeKind.AUTHENTICATION, code)


@pytest.mark.parametrize(("status", "code"), [(401, "HTTP_401"), (403, "HTTP_403"), (418, "HTTP_418")])
def test_without_a_code_that_is_known_the_status_decides(status: int, code: str) -> None:
    outcome = read(said(status, "No", code="SOMETHING_NEW", serviceErrorCode=7), Redaction(), count=1)
    assert outcome.code == code


def test_an_unknown_rule_is_a_matter_of_the_mapping() -> None:
    outcome = read(said(403, "No ad accounts found"), Redaction(), count=1)
    assert (outcome.kind, outcome.code) == (OutcomeKind.CONFIGURATION, "NO_AD_ACCOUNTS")


# ---- taken ----


def test_created_means_delivered() -> None:
    outcome = read(got(200, {"elements": [{"status": 201}, {"status": 200}]}), Redaction(), count=2)
    assert (outcome.kind, outcome.code, outcome.message, outcome.events) == (
        OutcomeKind.DELIVERED,
        None,
        None,
        {},
    )


def test_an_element_that_was_refused_is_named_and_the_others_are_delivered() -> None:
    refused = {"status": 422, "error": {"status": 422, "message": "ERROR :: /user :: no"}}
    busy = {"status": 429}
    outcome = read(got(200, {"elements": [{"status": 201}, refused, busy]}), Redaction(), count=3)
    assert outcome.kind is OutcomeKind.DELIVERED
    assert {index: one.kind for index, one in outcome.events.items()} == {
        1: OutcomeKind.REJECTED,
        2: OutcomeKind.RETRY,
    }
    assert outcome.events[1].http_status == 200
    assert outcome.events[1].code == "HTTP_422"
    assert outcome.events[1].response == {"status": 422, "message": "ERROR :: /user :: no"}


def test_of_one_event_its_own_outcome_is_the_whole() -> None:
    outcome = read(got(200, {"elements": [{"status": 422}]}), Redaction(), count=1)
    assert (outcome.kind, outcome.events) == (OutcomeKind.REJECTED, {})


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        [],
        {"elements": {}},
        {"elements": [{"status": 201}]},
        {"elements": [{"status": 201}] * 3},
        {"elements": [{"status": 201}, {"status": "201"}]},
        {"elements": [{"status": 201}, {"status": True}]},
        {"elements": [{"status": 201}, None]},
    ],
)
def test_a_success_that_does_not_speak_of_each_event_may_or_may_not_be_one(body: Any) -> None:
    outcome = read(got(200, body), Redaction(), count=2)
    assert (outcome.kind, outcome.code) == (OutcomeKind.AMBIGUOUS, "UNREADABLE")


def test_a_page_is_not_linkedins_answer() -> None:
    assert read(got(200, None, is_html=True), Redaction(), count=1).kind is OutcomeKind.RETRY


# ---- events that are named ----


def test_lines_name_their_events_and_go_on_about_the_last_one_named() -> None:
    message = (
        f"Index: 0, ERROR :: /conversionValue/amount :: {MISSING}\nERROR :: /user/userInfo/firstName :: {MISSING}\n"
        "Index: 2, ERROR :: /conversion :: Invalid Urn format.\n"
    )
    outcome = read(said(422, message), Redaction(), count=4)
    assert outcome.kind is OutcomeKind.CONFIGURATION
    first, second = outcome.events[0], outcome.events[2]
    assert set(outcome.events) == {0, 2}
    assert (first.kind, first.code) == (OutcomeKind.REJECTED, "HTTP_422")
    assert first.message
    assert "/user/userInfo/firstName" in first.message
    assert "Urn" not in first.message
    assert first.response["message"] == (
        f"ERROR :: /conversionValue/amount :: {MISSING} ERROR :: /user/userInfo/firstName :: {MISSING}"
    )
    assert (second.kind, second.code) == (OutcomeKind.CONFIGURATION, "INVALID_CONVERSION")


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        (TIME, OutcomeKind.REJECTED, "INVALID_TIME"),
        (METHOD, OutcomeKind.CONFIGURATION, "WRONG_CONVERSION_METHOD"),
        ("Something new, indices [{}] (0-indexed)", OutcomeKind.REJECTED, "HTTP_400"),
    ],
)
def test_a_list_of_indices_names_its_events(text: str, kind: OutcomeKind, code: str) -> None:
    outcome = read(said(400, text.format("1, 3, 9")), Redaction(), count=4)
    assert {index: (one.kind, one.code) for index, one in outcome.events.items()} == {
        1: (kind, code),
        3: (kind, code),
    }


def test_where_no_event_is_named_all_are_refused_together() -> None:
    message = "ERROR :: /conversionValue/amount :: 19.9 cannot be coerced to String"
    outcome = read(said(422, message), Redaction(), count=2)
    assert (outcome.kind, outcome.code, outcome.events) == (OutcomeKind.REJECTED, "HTTP_422", {})


def test_of_a_single_event_the_named_one_is_the_whole() -> None:
    outcome = read(said(400, TIME.format("0")), Redaction(), count=1)
    assert (outcome.kind, outcome.code, outcome.events) == (OutcomeKind.REJECTED, "INVALID_TIME", {})


@pytest.mark.parametrize(
    "text", ["", "\n\n", "Index: , ERROR", "indices []", "Index: 9999999, x", "indices [,]"]
)
def test_a_text_that_names_nobody_names_nobody(text: str) -> None:
    assert read(said(422, text), Redaction(), count=2).events == {}


@pytest.mark.parametrize(
    "text",
    [
        'ERROR :: /user/userInfo/firstName :: length of "Zeta" is out of range 0...10',
        "ERROR :: /user/userInfo/firstName :: Zeta cannot be coerced to Long",
        'Index: 0, ERROR :: /user/userInfo/lastName :: "Zeta" is not an enum symbol',
    ],
)
def test_values_that_a_validator_repeats_are_not_kept(text: str) -> None:
    outcome = read(said(422, text), Redaction(), count=1)
    assert "Zeta" not in repr(outcome)
    assert "/user/userInfo/" in repr(outcome)


@pytest.mark.parametrize("message", [None, 5, ["x"], {}])
def test_without_a_text_the_status_decides(message: Any) -> None:
    outcome = read(said(422, message), Redaction(), count=2)
    assert (outcome.kind, outcome.code) == (OutcomeKind.REJECTED, "HTTP_422")


NAME = "Zeta"
REFUSED = {"status": 422, "message": f'ERROR :: /user/userInfo/lastName :: "{NAME}" is not an enum symbol'}


@pytest.mark.parametrize(
    "answer",
    [
        # What is said of one person is stored with all that shared the request.
        got(200, {"elements": [{"status": 201}, {"status": 422, "error": REFUSED}]}),
        got(200, {"elements": [{"status": 201, "entity": {"lastName": NAME}}, {"status": 201}]}),
        got(200, {"elements": [{"lastName": NAME}]}),
        got(200, [NAME]),
        got(400, {**REFUSED, "errorDetails": {"inputErrors": [{"description": f"{NAME} is no name"}]}}),
        got(400, {**REFUSED, "status": {"lastName": NAME}, "message": [NAME]}),
        got(403, {**REFUSED, "input": {"lastName": NAME}}),
        got(503, {**REFUSED, "input": {"lastName": NAME}}),
    ],
)
def test_names_that_linkedin_repeats_anywhere_are_not_kept(answer: Answer) -> None:
    assert NAME not in repr(read(answer, Redaction(), count=2))
