import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.hashing import Rule, hashed
from app.connectors.microsoft_ads import normalise


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("alexz@example.com", "alexz@example.com"),
        (" Alex.Z@Example.COM ", "alexz@example.com"),
        ("jane.doe+newsletter@example.com", "janedoe@example.com"),
        ("a.b+c+d@mail.example.com", "ab@mail.example.com"),
        ("a b@example.com", "ab@example.com"),
        ("Øre@Example.com", "øre@example.com"),
        ("+all@example.com", None),
        ("...@example.com", None),
        ("@example.com", None),
        ("nobody@", None),
        ("nobody", None),
        ("", None),
    ],
)
def test_email(value: str, expected: str | None) -> None:
    assert normalise.email(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("+442079460018", "+442079460018"),
        (" +442079460018\n", "+442079460018"),
        ("442079460018", None),
        ("+0442079460018", None),
        ("+44 20 7946 0018", None),
        ("+١٢٣٤٥٦٧٨", None),
        ("", None),
    ],
)
def test_phone(value: str, expected: str | None) -> None:
    assert normalise.phone(value) == expected


every_rule = pytest.mark.parametrize("rule", [normalise.email, normalise.phone])


@every_rule
@given(value=st.text() | st.emails() | st.from_regex(r"\+[0-9]{5,17}", fullmatch=True))
def test_normalising_twice_is_normalising_once_and_nothing_raises(rule: Rule, value: str) -> None:
    once = rule(value)
    assert once is None or (once and rule(once) == once)


@given(value=st.text() | st.emails())
def test_an_email_has_no_white_space_and_nothing_microsoft_cuts(value: str) -> None:
    address = normalise.email(value)
    if address is not None:
        assert not re.search(r"\s", address)
        assert not re.search(r"[.+]", address.rpartition("@")[0])


@given(value=st.text() | st.from_regex(r"\s*\+[0-9]{5,17}\s*", fullmatch=True))
def test_a_phone_is_e164(value: str) -> None:
    number = normalise.phone(value)
    assert number is None or re.fullmatch(r"\+[1-9][0-9]{6,14}", number)


@every_rule
def test_what_was_hashed_before_passes_through(rule: Rule) -> None:
    assert hashed(" " + "AB" * 32, rule) == "ab" * 32


def test_the_hash_is_of_the_normalised_address() -> None:
    assert hashed("Jane.Doe+x@example.com", normalise.email) == hashed("janedoe@example.com", normalise.email)
