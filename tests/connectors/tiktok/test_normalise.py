import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.hashing import Rule, hashed
from app.connectors.tiktok import normalise


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" Jane.Doe+x@Gmail.COM ", "jane.doe+x@gmail.com"),
        ("nobody", None),
        ("@example.com", None),
        ("", None),
    ],
)
def test_email(value: str, expected: str | None) -> None:
    assert normalise.email(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("+442079460018", "+442079460018"),
        (" 442079460018 ", "+442079460018"),
        ("+123456789012345", "+123456789012345"),
        ("+1234567890123456", None),
        ("02079460018", None),
        ("+", None),
        ("call me", None),
    ],
)
def test_phone_keeps_its_plus_sign_and_all_its_digits(value: str, expected: str | None) -> None:
    assert normalise.phone(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("O'Neil-Smith Jr.", "oneilsmithjr"),
        ("  Mary Ann ", "maryann"),
        ("Łukasz", "łukasz"),
        ("عمر", "عمر"),
        ("!?", None),
        ("\x00\t", None),
    ],
)
def test_name(value: str, expected: str | None) -> None:
    assert normalise.name(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("SW1A 1AA", "sw1a1aa"), ("94035-1234", "94035-1234"), (" 1011\u00a0AB\n", "1011ab"), (" \t", None)],
)
def test_postal_code(value: str, expected: str | None) -> None:
    assert normalise.postal_code(value) == expected


@pytest.mark.parametrize(("value", "expected"), [(" CRM 42\t", "crm 42"), (" ", None)])
def test_external_id(value: str, expected: str | None) -> None:
    assert normalise.external_id(value) == expected


RULES: list[Rule] = [
    normalise.email,
    normalise.phone,
    normalise.name,
    normalise.postal_code,
    normalise.external_id,
]
TEXTS = st.text() | st.emails() | st.sampled_from(["New York", "ΟΔΟΣ", "ΟΣ Α", "İstanbul", "straße", "ǅ"])


@pytest.mark.parametrize("rule", RULES)
@given(value=TEXTS)
def test_a_normalised_value_stays_as_it_is(rule: Rule, value: str) -> None:
    once = rule(value)
    assert once is None or (once != "" and rule(once) == once)


@pytest.mark.parametrize("rule", RULES)
@given(value=TEXTS)
def test_what_is_hashed_is_a_hash_or_nothing(rule: Rule, value: str) -> None:
    digest = hashed(value, rule)
    assert digest is None or (len(digest) == 64 and set(digest) <= set("0123456789abcdef"))
    assert digest != hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize("rule", RULES)
@given(value=st.from_regex(r"[0-9a-fA-F]{64}", fullmatch=True))
def test_what_came_hashed_is_passed_on(rule: Rule, value: str) -> None:
    assert hashed(f" {value} ", rule) == value.lower()


@given(st.text())
def test_a_name_has_neither_space_nor_punctuation(value: str) -> None:
    name = normalise.name(value) or ""
    assert not [c for c in name if unicodedata.category(c)[0] in "PZ" or c.isspace()]


@given(st.text())
def test_a_postal_code_has_no_space(value: str) -> None:
    assert not [c for c in normalise.postal_code(value) or "" if c.isspace()]


def test_a_phone_is_hashed_with_its_plus_sign() -> None:
    digest = hashlib.sha256(b"+442079460018").hexdigest()
    assert hashed("+442079460018", normalise.phone) == digest
