import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.hashing import hashed, is_hash


def as_is(value: str) -> str:
    return value


def test_the_hash_of_an_address_is_the_vendors_own() -> None:
    digest = hashed("alexz@example.com", as_is)
    assert digest is not None
    assert digest.startswith("509e93")
    assert digest.endswith("fd8a")


def test_a_hash_is_passed_through_in_lower_case() -> None:
    digest = hashed("alexz@example.com", as_is)
    assert digest is not None
    assert hashed(f" {digest.upper()} ", as_is) == digest


@pytest.mark.parametrize("value", [None, "", "-", "nothing is left", "\ud800", "a\ud800"])
def test_nothing_is_never_hashed(value: str | None) -> None:
    assert hashed(value, lambda text: None if text == "nothing is left" else text) is None


@pytest.mark.parametrize("value", ["0" * 63, "0" * 65, "g" * 64, "", "0" * 64 + "\n"])
def test_only_64_hexadecimal_digits_are_a_hash(value: str) -> None:
    assert not is_hash(value)


@given(st.text())
def test_the_answer_is_a_hash_or_nothing(value: str) -> None:
    digest = hashed(value, as_is)
    assert digest is None or (is_hash(digest) and digest == digest.lower())
    assert hashed(digest, as_is) == digest


def test_the_same_name_typed_on_another_system_hashes_the_same() -> None:
    composed, decomposed = "val\u00e9ry", "vale\u0301ry"
    assert hashed(decomposed, as_is) == hashed(composed, as_is)
