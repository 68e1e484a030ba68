from typing import Any

import pytest

from app.connectors.base import Body, OutcomeKind
from app.connectors.batching import send_together
from app.connectors.http import Answer
from app.connectors.meta.outcomes import read
from app.connectors.redaction import Redaction
from tests.connectors.cases import A_YEAR_AGO, CASES
from tests.connectors.leads import EVENT_AT, lead
from tests.connectors.sandboxed import Sandboxed, sandboxed

[CASE] = [case for case in CASES if case.name == "meta_crm"]


def bodies(stage: Sandboxed, bad: set[int], count: int = 8) -> list[Body]:
    return [
        stage.connector.build(
            lead(),
            CASE.conversion(event_id=f"lw-{number}", event_at=A_YEAR_AGO if number in bad else EVENT_AT),
            stage.connection.settings,
            test_mode=False,
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("bad", [{0}, {7}, {1, 2, 6}, set(range(8))])
async def test_bad_events_that_meta_does_not_name_are_found_by_halves(bad: set[int]) -> None:
    async with sandboxed(CASE) as stage:
        await stage.order(fail="UNNAMED", times=1000)
        sent = await send_together(stage.connector, stage.connection, bodies(stage, bad))
        book = await stage.book()
    assert {index for index, one in enumerate(sent.outcomes) if one.kind is OutcomeKind.REJECTED} == bad
    assert {one.kind for index, one in enumerate(sent.outcomes) if index not in bad} <= {
        OutcomeKind.DELIVERED
    }
    assert book["conversions"] == 8 - len(bad)
    assert sent.requests == book["received"] <= 15


async def test_when_fewer_events_are_counted_than_sent_all_are_uncertain_and_safe_to_send_again() -> None:
    async with sandboxed(CASE) as stage:
        await stage.order(fail="FEWER_RECEIVED", times=1)
        first = await send_together(stage.connector, stage.connection, bodies(stage, set()))
        second = await send_together(stage.connector, stage.connection, bodies(stage, set()))
        book = await stage.book()
    assert {(one.kind, one.code) for one in first.outcomes} == {(OutcomeKind.AMBIGUOUS, "FEWER_RECEIVED")}
    assert {one.kind for one in second.outcomes} == {OutcomeKind.DELIVERED}
    assert (first.requests, book["conversions"]) == (1, 8)


def refused(text: Any, *, code: int = 100, count: int = 4) -> dict[int, OutcomeKind]:
    error = {"message": "Invalid parameter", "code": code, "error_subcode": 2804019, "error_user_msg": text}
    answer = Answer(status=400, body={"error": error}, is_json=True, is_html=False, retry_after_s=None)
    return {index: one.kind for index, one in read(answer, Redaction(), count=count).events.items()}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Unexpected key \"x\" on param \"$['data'][2]['custom_data']\".", {2}),
        ("Unexpected key on param $[‘data’][2][‘custom_data’][‘contents’][1]", {2}),
        ("data[1].event_time and data[3].event_time are too old", {1, 3}),
        ("Param $['data'][4] is wrong", set()),
        ("Param custom_data[1] is wrong", set()),
        ("Param data is wrong", set()),
        ("data[12345] is wrong", set()),
        (None, set()),
        (["data[1]"], set()),
    ],
)
def test_the_events_that_are_named_are_known(text: Any, named: set[int]) -> None:
    assert refused(text) == dict.fromkeys(named, OutcomeKind.REJECTED)


def test_the_place_in_a_request_is_not_told_to_people() -> None:
    error = {"message": "m", "code": 100, "error_user_msg": "The parameter $['data'][3]['event_time'] is bad"}
    answer = Answer(status=400, body={"error": error}, is_json=True, is_html=False, retry_after_s=None)
    message = read(answer, Redaction(), count=5).events[3].message
    assert message
    assert message.endswith("The parameter $['data'][0]['event_time'] is bad.")


@pytest.mark.parametrize("code", [190, 2635, 2, 424242])
def test_only_a_refusal_of_content_is_laid_on_single_events(code: int) -> None:
    answer = Answer(
        status=400,
        body={"error": {"code": code, "message": "data[1] is wrong"}},
        is_json=True,
        is_html=False,
        retry_after_s=None,
    )
    assert read(answer, Redaction(), count=4).events == {}


async def test_a_dataset_that_is_not_there_is_found_out_by_one_request() -> None:
    async with sandboxed(CASE, dataset_id="1234567890404") as stage:
        sent = await send_together(stage.connector, stage.connection, bodies(stage, {3}))
    assert {one.kind for one in sent.outcomes} == {OutcomeKind.CONFIGURATION}
    assert sent.requests == 1


def test_the_only_event_of_a_request_is_not_spoken_of_apart() -> None:
    assert refused("data[0] is wrong", count=1) == {}
