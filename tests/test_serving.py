"""How a serving process treats its memory."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from app.serving import _settle_memory


class Node:
    """Garbage that only the collector can take away."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def collector() -> Iterator[tuple[int, int, int]]:
    """The collector as it was; left so again."""
    before = gc.get_threshold()
    yield before
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_was_made_at_the_start_is_passed_over_and_the_rest_looked_at_less_often(
    collector: tuple[int, int, int],
) -> None:
    kept = [Node() for _ in range(10)]
    assert gc.is_tracked(kept)

    _settle_memory()

    assert not any(seen is kept for seen in gc.get_objects())
    assert gc.get_freeze_count() > 1_000
    assert gc.get_threshold()[0] > collector[0]


def test_what_is_garbage_by_then_does_not_stay_for_ever() -> None:
    garbage = weakref.ref(Node())

    _settle_memory()

    assert garbage() is None


def test_garbage_of_later_is_still_taken_away() -> None:
    _settle_memory()
    garbage = weakref.ref(Node())

    gc.collect()

    assert gc.isenabled()
    assert garbage() is None
