import hashlib
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.hashing import Rule, hashed
from app.connectors.linkedin import normalise

RULES = [normalise.email, normalise.click_id, normalise.name, normalise.country]
every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
HASH = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" Jane.Doe+x@Gmail.COM\n", "jane.doe+x@gmail.com"),
        ("\ufeffjane@example.com\u200b", "jane@example.com"),
        ("nobody", None),
        ("@example.com", None),
        ("jane@", None),
        ("", None),
    ],
)
def test_email(value: str, expected: str | None) -> None:
    assert normalise.email(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"),
        (" AbC-dEf ", "AbC-dEf"),
        ("two words", None),
        ("schlüssel", None),
        ("x" * 513, None),
        ("  ", None),
    ],
)
def test_click_id(value: str, expected: str | None) -> None:
    assert normalise.click_id(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  Mary \t Ann ", "Mary Ann"),
        ("O'Neil-Smith Jr.", "O'Neil-Smith Jr."),
        ("Łukasz", "Łukasz"),
        ("정", "정"),
        ("Al\x00ex", "Alex"),
        ("\ufeffAlex\u200b", "Alex"),
        ("Rene\u0301", "Ren\u00e9"),
        ("Rene\u200b\u0301", "Ren\u00e9"),
        (
            "\u0631\u0636\u0627\u200c\u0632\u0627\u062f\u0647",
            "\u0631\u0636\u0627\u200c\u0632\u0627\u062f\u0647",
        ),
        ("Al\ud800ex", "Alex"),
        ("!?", None),
        ("", None),
        (HASH, None),
        (f" {HASH.upper()} ", None),
    ],
)
def test_a_name_goes_in_clear_on_one_line(value: str, expected: str | None) -> None:
    assert normalise.name(value) == expected


@pytest.mark.parametrize(("value", "expected"), [(" nl", "NL"), ("NLD", None), ("ß", "SS"), ("", None)])
def test_country(value: str, expected: str | None) -> None:
    assert normalise.country(value) == expected


@every_rule
@given(value=st.text())
def test_a_rule_never_raises_and_is_idempotent(rule: Rule, value: str) -> None:
    once = rule(value)
    assert once is None or rule(once) == once


@given(value=st.text(st.characters(), max_size=20))
def test_a_name_is_a_line_that_can_be_written(value: str) -> None:
    found = normalise.name(value)
    if found is not None:
        found.encode()
        assert found == " ".join(found.split())
        assert not [c for c in found if unicodedata.category(c) in {"Cc", "Cs"}]


@given(value=st.text(max_size=20) | st.emails())
def test_an_email_is_hashed_or_left_out(value: str) -> None:
    found = hashed(value, normalise.email)
    assert found is None or re.fullmatch(r"[0-9a-f]{64}", found)
    assert (
        found is None or normalise.email(value) is not None or re.fullmatch(r"[0-9a-fA-F]{64}", value.strip())
    )


@given(digest=st.binary(max_size=20).map(lambda value: hashlib.sha256(value).hexdigest()))
def test_a_hash_that_comes_in_passes_through(digest: str) -> None:
    assert hashed(f" {digest.upper()} ", normalise.email) == digest


@given(value=st.text(st.sampled_from(" \t\n\x00\ud800"), max_size=10))
@every_rule
def test_where_nothing_is_left_nothing_is_sent(rule: Rule, value: str) -> None:
    assert rule(value) is None
    assert hashed(value, rule) is None
