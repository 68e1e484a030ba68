import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.ga4 import normalise
from app.connectors.hashing import Rule


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" Jane Doe@Example.COM", "janedoe@example.com"),
        ("jane.doe+x@gmail.com", "janedoe@gmail.com"),
        ("jane.doe+x@example.com", "jane.doe+x@example.com"),
        (".+x@googlemail.com", None),
        ("\ufeffjane@example.com\u200b", "jane@example.com"),
        ("nobody", None),
    ],
)
def test_email(value: str, expected: str | None) -> None:
    assert normalise.email(value) == expected


@pytest.mark.parametrize(("value", "expected"), [(" +442079460018", "+442079460018"), ("442079460018", None)])
def test_phone(value: str, expected: str | None) -> None:
    assert normalise.phone(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1234567890.1795100000", "1234567890.1795100000"),
        (" GA1.1.1234567890.1795100000 ", "1234567890.1795100000"),
        ("GA1.2-2.1.1", "GA1.2-2.1.1"),
        ("own-id", "own-id"),
        ("  ", None),
    ],
)
def test_client_id(value: str, expected: str | None) -> None:
    assert normalise.client_id(value) == expected


@pytest.mark.parametrize("rule", [normalise.email, normalise.phone, normalise.client_id])
@given(value=st.text() | st.emails() | st.from_regex(r"(GA1\.1\. ?)*[0-9]+\.[0-9]+"))
def test_a_normalised_value_stays_as_it_is(rule: Rule, value: str) -> None:
    once = rule(value)
    assert once is None or (once != "" and rule(once) == once)
