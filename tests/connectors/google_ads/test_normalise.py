import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.google_ads import normalise
from app.connectors.hashing import Rule


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("alexz@example.com", "alexz@example.com"),
        (" Alex Z@Example.COM ", "alexz@example.com"),
        ("cloudy.sanfrancisco+shopping@gmail.com", "cloudysanfrancisco@gmail.com"),
        ("a.b+c+d@GoogleMail.com", "ab@googlemail.com"),
        ("user.name+NYC@Example.com", "user.name+nyc@example.com"),
        ("a.b@gmail.example.com", "a.b@gmail.example.com"),
        ("\ufeffjane\u200b.doe@gmail.com", "janedoe@gmail.com"),
        ("+all@gmail.com", None),
        ("...@gmail.com", None),
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
        ("+18005550100", "+18005550100"),
        (" +18005550100\n", "+18005550100"),
        ("18005550100", None),
        ("+0123456789", None),
        ("+1 800 5550100", None),
        ("+١٢٣٤٥٦٧٨", None),
        ("", None),
    ],
)
def test_phone(value: str, expected: str | None) -> None:
    assert normalise.phone(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" Mary ", "mary"),
        ("Mrs. Mary", "mary"),
        ("Dr Mr. Mary Ann", "mary ann"),
        ("Mrs.", None),
        ("Drew", "drew"),
        ("Zoë-Élise", "zoë-élise"),
        (" ", None),
    ],
)
def test_given_name(value: str, expected: str | None) -> None:
    assert normalise.given_name(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Smith-Jones", "smith-jones"),
        ("Smith, Jr.", "smith"),
        ("Smith Jr PhD", "smith"),
        ("King III", "king"),
        ("V", "v"),
        ("Levi", "levi"),
        ("", None),
    ],
)
def test_family_name(value: str, expected: str | None) -> None:
    assert normalise.family_name(value) == expected


@pytest.mark.parametrize(("value", "expected"), [(" nl ", "NL"), ("NLD", None), ("Ñ1", None), ("", None)])
def test_region_code(value: str, expected: str | None) -> None:
    assert normalise.region_code(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(" 1011 AB ", "1011 AB"), ("  ", None), ("0aF" * 21 + "0", None)]
)
def test_postal_code(value: str, expected: str | None) -> None:
    assert normalise.postal_code(value) == expected


ALL = [
    normalise.email,
    normalise.phone,
    normalise.given_name,
    normalise.family_name,
    normalise.region_code,
    normalise.postal_code,
]


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.__name__)
@given(
    value=st.text()
    | st.from_regex(r"(mr|dr)\. \w+[ ,]+(jr|ii)\.?")
    | st.emails()
    | st.from_regex(r"[\w.+]+@gmail\.com")
)
def test_a_normalised_value_stays_as_it_is(rule: Rule, value: str) -> None:
    once = rule(value)
    assert once is None or (once != "" and rule(once) == once)


@given(st.text() | st.emails())
def test_an_email_has_two_parts_in_lower_case_without_space(value: str) -> None:
    email = normalise.email(value)
    assert email is None or (re.fullmatch(r"\S+@[^\s@]+", email) and email == email.lower())
