"""JSON as it is written for answers and for the database."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.json_text import to_json

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(value=JSON_VALUES)
def test_what_is_written_is_read_as_it_was(value: Any) -> None:
    assert json.loads(to_json(value)) == value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"b": [1, None], "a": True}, '{"b":[1,null],"a":true}'),
        ("ä\u2028😀\x00", '"ä\u2028😀\\u0000"'),
        (2**63, "9223372036854775808"),
        (-(2**64), "-18446744073709551616"),
        ({"ä": [2**200]}, f'{{"ä":[{2**200}]}}'),
        (1.0, "1.0"),
    ],
    ids=["spaces and order", "not ASCII", "64 bits", "more", "far more", "a float stays one"],
)
def test_it_is_written_in_utf_8_without_spaces(value: Any, written: str) -> None:
    assert to_json(value) == written.encode()


def test_what_is_as_deep_as_a_form_may_be_is_written() -> None:
    value: Any = "core"
    for _ in range(300):
        value = [value]

    assert json.loads(to_json(value)) == value


@pytest.mark.parametrize("value", ["\ud800", {"\udfff": 1}, [2**70, "\ud800"]], ids=["text", "key", "beside"])
def test_half_a_surrogate_pair_is_no_json(value: Any) -> None:
    with pytest.raises(UnicodeEncodeError):
        to_json(value)


@pytest.mark.parametrize(
    "value", [{1, 2}, object(), {"x": [b"bytes"]}, {("a",): 1}], ids=["set", "object", "bytes", "key"]
)
def test_what_json_has_no_form_for_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        to_json(value)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_no_number_is_written_that_json_does_not_have(number: float) -> None:
    assert to_json([number]) == b"[null]"
