"""E-mail addresses and phone numbers as they are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.contacts import email_key, is_region, phone_e164


@pytest.mark.parametrize(
    ("phone", "country", "e164"),
    [
        ("020 123 4567", "NL", "+31201234567"),
        ("0031 20 1234567", "NL", "+31201234567"),
        ("+44 (0)20 7946 0018", "NL", "+442079460018"),
        ("+45 (0)12 34 56 78", "NL", "+4512345678"),
        ("0045 (0) 12345678", "NL", "+4512345678"),
        ("+39 (0)6 1234 5678", "NL", "+390612345678"),
        ("+44 7700 900123 ext. 5", "NL", "+447700900123"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("٠٢٠١٢٣٤٥٦٧", "NL", "+31201234567"),
        ("0044 20 7946 0018", "US", "+442079460018"),
        ("(00) 44-20-7946-0018", "JP", "+442079460018"),
        ("44 20 7946 0018", "GB", "+442079460018"),
        ("tel:+442079460018", "NL", "+442079460018"),
        ("+39 06 1234 5678", "NL", "+390612345678"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("020 7946 0018 x5", "GB", "+442079460018"),
        ("555-0132", "US", None),
        ("7946 0018", "GB", None),
        ("00", "GB", None),
        ("0000000000000", "US", None),
        ("12", "NL", None),
        ("hello", "NL", None),
        ("", "NL", None),
        ("+999 1234", "NL", None),
        ("1" * 300, "NL", None),
    ],
)
def test_a_phone_is_read_as_dialled_in_the_country(phone: str, country: str, e164: str | None) -> None:
    assert phone_e164(phone, country) == e164


@given(st.text(max_size=300), st.sampled_from(["NL", "US", "GB", "IT", "ZZ", ""]))
def test_any_text_is_a_number_in_e164_or_none_and_e164_stays_as_it_is(text: str, country: str) -> None:
    e164 = phone_e164(text, country)

    if e164 is not None:
        assert e164.startswith("+")
        assert e164[1:].isascii()
        assert e164[1:].isdigit()
        assert phone_e164(e164, "NL") == e164


@given(st.text(max_size=100))
def test_the_key_of_an_email_is_its_own_key(text: str) -> None:
    assert email_key(email_key(text)) == email_key(text)


@pytest.mark.parametrize(
    ("code", "known"), [("NL", True), ("XX", False), ("nl", False), ("", False), ("001", False)]
)
def test_a_region_is_a_country_with_phone_numbers(code: str, known: bool) -> None:
    assert is_region(code) is known
