"""Token buckets: what is left in one, when there is more, and that many of them take little memory."""

import pytest

from app.services.token_buckets import TokenBuckets


class Time:
    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def time() -> Time:
    return Time()


def test_a_bucket_holds_a_minutes_worth(time: Time) -> None:
    buckets = TokenBuckets(6, monotonic=time)

    seen = []
    for _ in range(6):
        seen.append(buckets.standing("a").left)
        buckets.spend("a")

    assert seen == [6, 5, 4, 3, 2, 1]
    assert buckets.standing("a") == (0, 10)


def test_it_fills_up_evenly_and_no_further_than_full(time: Time) -> None:
    buckets = TokenBuckets(6, monotonic=time)
    buckets.spend("a", 6)

    time.now_s += 9
    assert buckets.standing("a") == (0, 1)
    time.now_s += 1
    assert buckets.standing("a") == (1, 10)
    time.now_s += 25
    assert buckets.standing("a") == (3, 5)
    time.now_s += 3_600
    assert buckets.standing("a").left == 6


def test_what_was_spent_beyond_it_is_made_up_for_first(time: Time) -> None:
    buckets = TokenBuckets(6, monotonic=time)

    buckets.spend("a", 9)

    assert buckets.standing("a") == (0, 40)
    time.now_s += 40
    assert buckets.standing("a").left == 1


@pytest.mark.parametrize("per_minute", [1, 7, 60, 999, 60_000])
def test_fractions_of_a_second_cost_no_unit(time: Time, per_minute: int) -> None:
    buckets = TokenBuckets(per_minute, monotonic=time)

    for spent in range(per_minute):
        assert buckets.standing("a").left == per_minute - spent
        buckets.spend("a")

    assert buckets.standing("a").left == 0


def test_each_has_its_own(time: Time) -> None:
    buckets = TokenBuckets(1, monotonic=time)

    buckets.spend("a")

    assert (buckets.standing("a").left, buckets.standing("b").left) == (0, 1)


def test_looking_takes_no_memory(time: Time) -> None:
    buckets = TokenBuckets(6, monotonic=time)

    for whose in range(1_000):
        buckets.standing(whose)

    assert len(buckets) == 0


def test_those_that_are_full_again_are_forgotten_while_others_are_spent_from(time: Time) -> None:
    buckets = TokenBuckets(60, monotonic=time)
    for whose in range(1_000):
        buckets.spend(whose)
    time.now_s += 2

    for _ in range(500):
        buckets.spend("busy")

    assert len(buckets) == 1


def test_of_too_many_the_one_that_was_left_alone_for_longest_is_forgiven(time: Time) -> None:
    buckets = TokenBuckets(6, monotonic=time, most=100)
    buckets.spend("first", 6)
    buckets.spend("busy", 5)

    for whose in range(98):
        buckets.spend(whose, 6)
    buckets.spend("busy")
    buckets.spend("one more", 6)

    assert len(buckets) == 100
    assert buckets.standing("first").left == 6
    assert buckets.standing("busy").left == 0


def test_memory_is_bounded_whoever_comes(time: Time) -> None:
    buckets = TokenBuckets(6, monotonic=time, most=100)

    sizes = []
    for whose in range(10_000):
        buckets.spend(whose)
        sizes.append(len(buckets))

    assert max(sizes) == 100
