"""How long lanes wait between attempts."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.worker.backoff import LAST_CEILING, SHORTEST, retry_delay

WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("attempts", "average"),
    [
        (1, timedelta(seconds=30)),
        (2, timedelta(minutes=1)),
        (5, timedelta(minutes=8)),
        (9, timedelta(hours=2, minutes=8)),
        (10, timedelta(hours=3)),
        (1000, timedelta(hours=3)),
    ],
)
def test_the_wait_doubles_up_to_six_hours(attempts: int, average: timedelta) -> None:
    assert retry_delay(attempts, lambda: 0.5, within=WEEK) == average


@given(st.integers(1, 2000), st.floats(0, 1, exclude_max=True), st.timedeltas(timedelta(-1), WEEK))
def test_the_wait_keeps_its_bounds(attempts: int, jitter: float, within: timedelta) -> None:
    delay = retry_delay(attempts, lambda: jitter, within=within)
    assert SHORTEST <= delay <= LAST_CEILING
    assert delay <= max(within, SHORTEST)


def test_attempts_that_failed_together_come_back_apart() -> None:
    waits = {retry_delay(3, lambda n=n: n / 10, within=WEEK) for n in range(10)}  # type: ignore[misc]
    assert len(waits) == 10
