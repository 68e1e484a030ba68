"""How fast one lane may send."""

import math
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.worker.pace import LONGEST_REST, Pace
from tests.worker.scripted import START


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_without_a_limit_everything_may_be_sent() -> None:
    pace = Pace(None)
    pace.spend(10_000, START)
    assert pace.allowance(START) == math.inf
    assert pace.ready_at(START) == START


def test_a_second_s_worth_may_be_sent_at_once() -> None:
    pace = Pace(300)
    assert pace.allowance(START) == 5
    pace.spend(5, START)
    assert pace.allowance(START) == 0
    assert pace.ready_at(START) == after(0.2)
    assert pace.allowance(after(0.2)) == 1


def test_a_slow_limit_allows_one_at_a_time() -> None:
    pace = Pace(2)
    pace.spend(1, START)
    assert pace.allowance(after(29)) == 0
    assert pace.ready_at(after(29)) == after(30)
    assert pace.allowance(after(30)) == 1


def test_what_was_not_used_is_not_saved_up() -> None:
    pace = Pace(300)
    pace.spend(5, START)
    assert pace.allowance(after(3600)) == 5


def test_a_clock_that_is_set_back_stops_no_lane() -> None:
    pace = Pace(60)
    pace.spend(1, START)
    assert pace.ready_at(after(-3600)) <= after(-3599)


def test_a_platform_that_asks_for_a_pause_gets_it() -> None:
    pace = Pace(None)
    pace.rest(START, 30)
    pace.rest(START, 10)
    assert (pace.allowance(after(29)), pace.ready_at(after(29))) == (0, after(30))
    assert pace.allowance(after(30)) == math.inf


def test_no_pause_lasts_longer_than_a_quarter_of_an_hour() -> None:
    pace = Pace(60)
    pace.rest(START, 86_400)
    assert pace.ready_at(START) == START + LONGEST_REST


@given(st.integers(1, 6000), st.lists(st.floats(0, 10), max_size=50))
def test_no_minute_has_more_than_the_limit_and_one_burst(limit: int, pauses_s: list[float]) -> None:
    pace, now, sent = Pace(limit), START, 0
    for pause_s in pauses_s:
        allowed = int(pace.allowance(now))
        pace.spend(allowed, now)
        sent += allowed
        assert sent <= limit * ((now - START).total_seconds() / 60) + max(1, limit // 60) + 0.001
        now += timedelta(seconds=pause_s)


@given(st.integers(1, 6000), st.integers(0, 30))
def test_when_it_is_ready_something_may_be_sent(limit: int, times: int) -> None:
    pace, now = Pace(limit), START
    for _ in range(times):
        pace.spend(int(pace.allowance(now)), now)
        now = pace.ready_at(now)
        assert pace.allowance(now) >= 1


def test_what_is_known_of_a_pace_makes_it_anew() -> None:
    pace = Pace(300)
    pace.spend(5, START)
    pace.rest(START, 60)
    again = Pace(300, full_at=pace.full_at, rests_until=pace.rests_until)
    assert again.ready_at(START) == pace.ready_at(START) == after(60)


def test_a_time_that_another_clock_put_far_away_stops_no_lane() -> None:
    pace = Pace(300, full_at=after(86_400), rests_until=after(86_400))
    assert pace.ready_at(START) == START + LONGEST_REST
