"""What an attempt's outcome makes of its delivery."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.base import OutcomeKind
from app.ids import new_id
from app.repositories.outcomes import OutcomeChange
from app.services.resending import safe_until
from app.tables.jobs import DeliveryRow
from app.values import OPEN_STATES, DeliveryKind, DeliveryState, Platform
from app.worker.consequences import WORKER_DIED, Circumstances, consequence
from tests.worker.scripted import START, outcome

S = DeliveryState
K = OutcomeKind
FOR_EVER = timedelta.max
TWO_DAYS = timedelta(days=2)
NOT_AT_ALL = timedelta(0)


def delivery(**columns: Any) -> DeliveryRow:
    return DeliveryRow(
        **{
            "id": new_id(),
            "project_id": new_id(),
            "job_id": new_id(),
            "lead_id": 1,
            "label_id": new_id(),
            "integration_id": new_id(),
            "platform": Platform.META,
            "kind": DeliveryKind.SEND,
            "state": S.SENDING,
            "platform_event_id": "lw-1",
            "event_at": START,
            "currency": "EUR",
            "target": "Won",
            "consent": {},
            "attempts": 1,
            "sending_since": START,
            "first_attempt_at": START,
            "expires_at": START + timedelta(days=7),
            "created_at": START,
            **columns,
        }
    )


def change(
    row: DeliveryRow,
    kind: OutcomeKind,
    *,
    safe_for: timedelta = FOR_EVER,
    taken_back: bool = False,
    jitter: float = 0.5,
    after: timedelta = timedelta(0),
    is_test: bool = False,
    **fields: Any,
) -> OutcomeChange:
    given = Circumstances(
        now=START + after,
        resend_safe_for=safe_for,
        taken_back=taken_back,
        jitter=lambda: jitter,
        is_test=is_test,
    )
    return consequence(row, outcome(kind, **fields), given)


@pytest.mark.parametrize(
    ("kind", "state", "finished"),
    [(K.DELIVERED, S.DELIVERED, True), (K.ACCEPTED, S.ACCEPTED, False), (K.REJECTED, S.REJECTED, True)],
)
def test_a_verdict_stands(kind: OutcomeKind, state: DeliveryState, finished: bool) -> None:
    result = change(delivery(), kind)
    assert (result.state, result.next_attempt_at) == (state, None)
    assert result.finished_at == (START if finished else None)


def test_what_went_well_keeps_no_error() -> None:
    assert (change(delivery(), K.DELIVERED, code="DUPLICATE").error_code) is None
    assert change(delivery(), K.REJECTED, code="BAD").error_code == "BAD"


def test_what_was_delivered_as_a_test_is_marked() -> None:
    assert change(delivery(), K.DELIVERED, is_test=True).only_tested
    assert not change(delivery(), K.DELIVERED).only_tested
    assert not change(delivery(), K.REJECTED, is_test=True).only_tested


def test_what_may_have_arrived_before_it_was_a_test_is_not_marked_as_one() -> None:
    assert not change(delivery(uncertain_since=START), K.DELIVERED, is_test=True).only_tested


def test_a_retry_waits_its_back_off() -> None:
    result = change(delivery(), K.RETRY)
    assert (result.state, result.next_attempt_at) == (S.SCHEDULED, START + timedelta(seconds=30))
    assert (result.error_code, result.error_message) == ("E", "It failed.")
    assert result.finished_at is None


def test_a_platform_s_waiting_time_is_a_lower_bound() -> None:
    assert change(delivery(), K.RETRY, retry_after_s=10.0).next_attempt_at == START + timedelta(seconds=30)
    assert change(delivery(), K.RETRY, retry_after_s=90.0).next_attempt_at == START + timedelta(seconds=90)


def test_a_wait_beyond_the_window_is_the_end() -> None:
    row = delivery(expires_at=START + timedelta(hours=1))
    assert change(row, K.RETRY, retry_after_s=3600.0).state is S.EXPIRED


def test_a_back_off_is_shortened_to_use_the_rest_of_the_window() -> None:
    row = delivery(attempts=12, expires_at=START + timedelta(hours=1))
    assert change(row, K.RETRY).next_attempt_at == START + timedelta(minutes=30)


def test_a_thousand_attempts_are_enough() -> None:
    assert change(delivery(attempts=999), K.RETRY).state is S.SCHEDULED
    assert change(delivery(attempts=1000), K.RETRY).state is S.FAILED


def test_eight_unknown_errors_are_enough() -> None:
    seventh = change(delivery(unknown_errors=6), K.RETRY, known=False)
    assert (seventh.state, seventh.unknown_errors) == (S.SCHEDULED, 7)
    assert change(delivery(unknown_errors=7), K.RETRY, known=False).state is S.FAILED
    assert change(delivery(unknown_errors=7), K.RETRY).state is S.SCHEDULED


def test_an_ambiguous_attempt_is_repeated_while_the_platform_recognises_it() -> None:
    result = change(delivery(), K.AMBIGUOUS, safe_for=TWO_DAYS)
    assert (result.state, result.uncertain_since) == (S.SCHEDULED, START)


def test_an_ambiguous_attempt_is_not_repeated_where_it_would_count_twice() -> None:
    result = change(delivery(), K.AMBIGUOUS, safe_for=NOT_AT_ALL)
    assert (result.state, result.finished_at, result.error_code) == (S.UNCONFIRMED, START, "E")


def test_the_safe_time_counts_from_the_first_copy_that_may_have_arrived() -> None:
    row = delivery(uncertain_since=START - TWO_DAYS + timedelta(seconds=1), attempts=9)
    assert change(row, K.AMBIGUOUS, safe_for=TWO_DAYS).state is S.UNCONFIRMED
    row = delivery(first_attempt_at=START - 2 * TWO_DAYS, attempts=9)
    assert change(row, K.AMBIGUOUS, safe_for=TWO_DAYS).state is S.SCHEDULED


def test_a_plain_retry_after_an_ambiguous_attempt_keeps_to_the_safe_time() -> None:
    row = delivery(uncertain_since=START - timedelta(days=1), attempts=12)
    last = change(row, K.RETRY, safe_for=TWO_DAYS, jitter=0.99)
    assert last.state is S.SCHEDULED
    assert change(row, K.RETRY, safe_for=TWO_DAYS, retry_after_s=90_000.0).state is S.UNCONFIRMED
    assert change(delivery(), K.RETRY, safe_for=NOT_AT_ALL).state is S.SCHEDULED


def test_the_attempt_of_a_dead_worker_is_repeated_at_once() -> None:
    row = delivery(attempts=12)
    assert change(row, K.AMBIGUOUS, code=WORKER_DIED).next_attempt_at == START
    assert change(row, K.AMBIGUOUS, code=WORKER_DIED, safe_for=NOT_AT_ALL).state is S.UNCONFIRMED
    late = change(row, K.AMBIGUOUS, code=WORKER_DIED, after=timedelta(days=8))
    assert late.state is S.EXPIRED


@pytest.mark.parametrize(
    ("row", "kind", "given", "why"),
    [
        (delivery(), K.AMBIGUOUS, {"safe_for": NOT_AT_ALL}, "It is not sent again by itself."),
        (
            delivery(uncertain_since=START),
            K.RETRY,
            {"safe_for": NOT_AT_ALL},
            "An earlier attempt may have arrived. It is not sent again by itself.",
        ),
        (
            delivery(expires_at=START + timedelta(hours=1)),
            K.RETRY,
            {"retry_after_s": 3600.0},
            "The platform's time window closes before it can be tried again.",
        ),
        (delivery(attempts=1000), K.RETRY, {}, "It failed too often to be tried again by itself."),
    ],
)
def test_what_is_not_tried_again_says_why(
    row: DeliveryRow, kind: OutcomeKind, given: dict[str, Any], why: str
) -> None:
    assert change(row, kind, **given).error_message == f"It failed. {why}"


@pytest.mark.parametrize("kind", [K.RETRY, K.AUTHENTICATION, K.CONFIGURATION])
def test_what_was_taken_back_is_not_tried_again(kind: OutcomeKind) -> None:
    assert change(delivery(), kind, taken_back=True).state is S.CANCELED


def test_what_was_taken_back_and_may_have_arrived_is_unconfirmed() -> None:
    assert change(delivery(), K.AMBIGUOUS, taken_back=True).state is S.UNCONFIRMED
    assert change(delivery(uncertain_since=START), K.RETRY, taken_back=True).state is S.UNCONFIRMED


def test_what_was_taken_back_and_arrived_is_delivered() -> None:
    assert change(delivery(), K.DELIVERED, taken_back=True).state is S.DELIVERED


@pytest.mark.parametrize("kind", [K.AUTHENTICATION, K.CONFIGURATION])
def test_what_its_lane_may_hold_is_due_at_once(kind: OutcomeKind) -> None:
    result = change(delivery(attempts=9), kind)
    assert (result.state, result.next_attempt_at) == (S.SCHEDULED, START)


def test_nothing_is_unsafe_before_a_copy_may_have_arrived() -> None:
    assert safe_until(None, NOT_AT_ALL) > START + timedelta(days=100_000)
    assert safe_until(START, FOR_EVER) > START + timedelta(days=100_000)
    assert safe_until(START, TWO_DAYS) == START + TWO_DAYS


@given(
    kind=st.sampled_from(list(K)),
    attempts=st.integers(1, 1100),
    jitter=st.floats(0, 1, exclude_max=True),
    known=st.booleans(),
    safe_for=st.sampled_from([NOT_AT_ALL, TWO_DAYS, FOR_EVER]),
    uncertain_for=st.none() | st.timedeltas(timedelta(0), timedelta(days=5)),
    left=st.timedeltas(timedelta(0), timedelta(days=90)),
    retry_after_s=st.none() | st.floats(0, 86_400),
)
def test_what_is_scheduled_is_in_the_window_and_safe(  # noqa: PLR0917 - one case
    kind: OutcomeKind,
    attempts: int,
    jitter: float,
    known: bool,
    safe_for: timedelta,
    uncertain_for: timedelta | None,
    left: timedelta,
    retry_after_s: float | None,
) -> None:
    uncertain_since = None if uncertain_for is None else START - uncertain_for
    row = delivery(attempts=attempts, expires_at=START + left, uncertain_since=uncertain_since)
    result = change(row, kind, safe_for=safe_for, jitter=jitter, known=known, retry_after_s=retry_after_s)
    assert (result.state in OPEN_STATES) is (result.finished_at is None)
    assert (result.state is S.SCHEDULED) is (result.next_attempt_at is not None)
    if result.next_attempt_at is not None:
        assert START <= result.next_attempt_at < START + left
        assert result.next_attempt_at < safe_until(result.uncertain_since, safe_for)
