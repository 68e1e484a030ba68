"""What JSON from outside may be stored."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.texts import MAX_JSON_DEPTH, json_problem

PATH = ("formData",)
FINITE_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("ab"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
)


def nested(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


@given(FINITE_JSON)
def test_ordinary_json_is_taken(value: Any) -> None:
    assert json_problem(PATH, value, 1_000) is None


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")], ids=str)
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [1, x], lambda x: {"a": {"b": [x]}}])
def test_a_number_that_json_cannot_write_is_refused_wherever_it_is(number: float, wrap: Any) -> None:
    problem = json_problem(PATH, wrap(number), 10)

    assert problem is not None
    assert (problem.path, "number" in problem.message) == (PATH, True)


def test_json_may_be_nested_as_deep_as_the_limit_says_and_no_deeper() -> None:
    assert json_problem(PATH, nested(MAX_JSON_DEPTH), 10) is None

    problem = json_problem(PATH, nested(MAX_JSON_DEPTH + 1), 10)

    assert problem is not None
    assert str(MAX_JSON_DEPTH) in problem.message


def test_depth_beyond_what_the_interpreter_can_recurse_is_refused_like_any_other() -> None:
    assert json_problem(PATH, nested(100_000), 10) is not None


@pytest.mark.parametrize("text", ["x" * 11, "\x00", "\ud800"], ids=["long", "nul", "surrogate"])
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: {x: 1}, lambda x: {"a": x}])
def test_a_text_that_cannot_be_kept_is_refused_as_a_value_and_as_a_key(text: str, wrap: Any) -> None:
    assert json_problem(PATH, wrap(text), 10) is not None
