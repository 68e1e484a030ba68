import json
from decimal import Decimal

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.money import amount, decimal_text, is_currency


@pytest.mark.parametrize(
    ("minor_units", "currency", "expected"),
    [
        (1999, "EUR", 19.99),
        (1999, "eur", 19.99),
        (1999, "JPY", 1999),
        (1999, "KWD", 1.999),
        (1999, "CLF", 0.1999),
        (0, "USD", 0),
        (10, "USD", 0.1),
    ],
)
def test_the_currency_says_what_a_minor_unit_is(minor_units: int, currency: str, expected: float) -> None:
    assert amount(minor_units, currency) == expected


@given(st.integers(min_value=0, max_value=10**15), st.sampled_from(["EUR", "JPY", "KWD", "UYW"]))
def test_json_writes_exactly_the_digits_of_the_amount(minor_units: int, currency: str) -> None:
    places = {"EUR": 2, "JPY": 0, "KWD": 3, "UYW": 4}[currency]
    assert Decimal(json.dumps(amount(minor_units, currency))) == Decimal(minor_units).scaleb(-places)


@pytest.mark.parametrize(
    ("minor_units", "currency", "expected"),
    [
        (1990, "EUR", "19.90"),
        (5, "EUR", "0.05"),
        (0, "eur", "0.00"),
        (1999, "JPY", "1999"),
        (1999, "KWD", "1.999"),
        (7, "CLF", "0.0007"),
    ],
)
def test_a_text_has_all_digits_of_its_currency(minor_units: int, currency: str, expected: str) -> None:
    assert decimal_text(minor_units, currency) == expected


@given(st.integers(min_value=0, max_value=10**15), st.sampled_from(["EUR", "JPY", "KWD", "UYW"]))
def test_a_text_is_the_same_amount(minor_units: int, currency: str) -> None:
    assert float(decimal_text(minor_units, currency)) == amount(minor_units, currency)


def test_currencies_are_those_of_the_standard_but_for_what_nobody_pays_with() -> None:
    standard = {currency.alpha_3 for currency in pycountry.currencies}
    left_out = {code for code in standard if not is_currency(code)}
    # Metals, units of account, bonds, and codes for tests and for nothing at all.
    assert " ".join(sorted(left_out)) == "XAD XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX"


def test_a_code_in_lower_case_is_none() -> None:
    assert not is_currency("eur")
