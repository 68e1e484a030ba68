from typing import Any

import pytest

from app.connectors.base import Outcome, OutcomeKind
from app.connectors.http import Answer
from app.connectors.microsoft_ads.outcomes import CATALOGUE
from app.connectors.microsoft_ads.reading import read, wants_new_token
from app.connectors.redaction import Redaction

KINDS: dict[OutcomeKind, tuple[int, ...]] = {
    OutcomeKind.AUTHENTICATION: (105, 108, 109, 120, 122, 123, 124, 125),
    OutcomeKind.API_SUNSET: (205, 303),
    OutcomeKind.CONFIGURATION: (106, 116, 208, 5605, 5606, 5613),
    OutcomeKind.REJECTED: (
        *(100, 113, 201, 203, 204, 206, 5600, 5601, 5602, 5603, 5604, 5607, 5608, 5609, 5610, 5611),
        *(5614, 5616, 5617, *range(5618, 5628)),
    ),
    OutcomeKind.RETRY: (0, 117, 202, 5612, 5615),
}
LINES = [(code, kind) for kind, codes in KINDS.items() for code in codes]


def got(status: int, body: Any, *, is_html: bool = False) -> Answer:
    return Answer(status=status, body=body, is_json=not is_html, is_html=is_html, retry_after_s=None)


def error(code: Any, index: Any = None, **more: Any) -> dict[str, Any]:
    return {"Code": code, "ErrorCode": "Name", "Message": "Words.", "Index": index, **more}


def partial(*errors: Any) -> Answer:
    return got(200, {"PartialErrors": list(errors)})


def judged(answer: Answer, count: int = 1) -> Outcome:
    return read(answer, Redaction(), count=count)


def test_the_catalogue_has_no_line_but_these() -> None:
    assert set(CATALOGUE) == {code for code, _ in LINES}


@pytest.mark.parametrize(("code", "kind"), LINES)
def test_every_line_of_the_catalogue_decides_for_its_conversion(code: int, kind: OutcomeKind) -> None:
    outcome = judged(partial(error(code, 0)))
    assert (outcome.kind, outcome.code, outcome.known) == (kind, str(code), True)
    assert outcome.message
    assert outcome.message.endswith("Microsoft Ads says: Words.")
    assert "{" not in outcome.message


@pytest.mark.parametrize(("code", "kind"), LINES)
@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
@pytest.mark.parametrize("model", ["Errors", "OperationErrors", "BatchErrors"])
def test_a_code_decides_for_the_request_whatever_the_status(
    code: int, kind: OutcomeKind, status: int, model: str
) -> None:
    outcome = judged(got(status, {"TrackingId": "track-1", model: [error(code)]}))
    assert (outcome.kind, outcome.code, outcome.request_id) == (kind, str(code), "track-1")


@pytest.mark.parametrize("body", [{"PartialErrors": []}, {"PartialErrors": None}, {}])
def test_no_errors_means_delivered(body: Any) -> None:
    outcome = judged(got(200, body))
    assert (outcome.kind, outcome.code, outcome.message) == (OutcomeKind.DELIVERED, None, None)


def test_a_goal_that_is_too_new_is_tried_again_after_two_hours() -> None:
    assert judged(partial(error(5615, 0))).retry_after_s == 7200


def test_too_many_calls_are_tried_again_after_a_minute() -> None:
    assert judged(got(429, {"Errors": [error(117)]})).retry_after_s == 60


def test_a_number_nobody_knows_is_tried_a_few_times() -> None:
    outcome = judged(partial(error(9999, 0)))
    assert (outcome.kind, outcome.code, outcome.known) == (OutcomeKind.RETRY, "9999", False)


def test_a_number_that_is_known_says_more_than_one_that_is_not() -> None:
    assert judged(partial(error(9999, 0), error(5609, 0))).code == "5609"


def test_of_several_errors_the_gravest_decides() -> None:
    assert judged(partial(error(5612, 0), error(5610, 0), error(5606, 0), error(5604, 0))).code == "5606"


@pytest.mark.parametrize(
    ("status", "kind"), [(401, OutcomeKind.AUTHENTICATION), (403, OutcomeKind.CONFIGURATION)]
)
def test_behind_an_unknown_number_the_status_speaks_of_access(status: int, kind: OutcomeKind) -> None:
    assert judged(got(status, {"Errors": [error(9999)]})).kind is kind


def test_a_code_as_text_is_understood_and_nonsense_is_not_kept() -> None:
    assert judged(partial(error("5606", 0))).code == "5606"
    assert judged(partial(error({"a": 1}, 0))).code == "UNKNOWN"


def test_only_the_named_conversions_of_a_batch_are_refused() -> None:
    outcome = judged(partial(error(5606, 1), error(5609, 3)), count=4)
    assert outcome.kind is OutcomeKind.DELIVERED
    assert {index: one.code for index, one in outcome.events.items()} == {1: "5606", 3: "5609"}
    assert outcome.events[1].kind is OutcomeKind.CONFIGURATION


def test_a_goal_that_takes_no_adjustments_still_takes_conversions_so_its_mapping_is_not_held() -> None:
    outcome = judged(partial(error(5627, 0)))
    assert (outcome.kind, outcome.known) == (OutcomeKind.REJECTED, True)


@pytest.mark.parametrize("index", [None, -1, 4, "x", 0.5, True])
def test_an_error_that_names_no_conversion_is_about_all_of_them(index: Any) -> None:
    outcome = judged(partial(error(5610, index)), count=4)
    assert (outcome.kind, outcome.code, outcome.events) == (OutcomeKind.REJECTED, "5610", {})


def test_batch_errors_let_the_others_be_sent_again() -> None:
    outcome = judged(got(400, {"BatchErrors": [error(5604, 2)], "OperationErrors": []}), count=3)
    assert outcome.kind is OutcomeKind.REJECTED
    assert set(outcome.events) == {2}


def test_an_error_of_the_operation_is_about_all() -> None:
    body = {"BatchErrors": [error(5604, 2)], "OperationErrors": [error(106)]}
    outcome = judged(got(400, body), count=3)
    assert (outcome.kind, outcome.events) == (OutcomeKind.CONFIGURATION, {})


@pytest.mark.parametrize("body", [None, [], "text", {"PartialErrors": 5}, {"PartialErrors": {"Code": 1}}])
def test_a_success_that_cannot_be_read_is_ambiguous(body: Any) -> None:
    outcome = judged(got(200, body))
    assert (outcome.kind, outcome.code) == (OutcomeKind.AMBIGUOUS, "UNREADABLE")


def test_a_page_is_an_outage() -> None:
    assert judged(got(200, None, is_html=True)).kind is OutcomeKind.RETRY


def test_items_that_are_no_objects_are_nothing() -> None:
    assert judged(partial(None, 5, "x")).kind is OutcomeKind.DELIVERED


@pytest.mark.parametrize(
    ("answer", "wants"),
    [
        (got(401, None), True),
        (got(500, {"Errors": [error(109)]}), True),
        (got(400, {"OperationErrors": [error(106)]}), False),
        (got(200, {"PartialErrors": []}), False),
        (got(200, []), False),
    ],
)
def test_when_another_token_may_help(answer: Answer, wants: bool) -> None:
    assert wants_new_token(answer) is wants
