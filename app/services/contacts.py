"""E-mail addresses and phone numbers as they are compared."""

import re

import phonenumbers

_POSSIBLE = phonenumbers.ValidationResult.IS_POSSIBLE
_FROM_ABROAD = re.compile(r"\s*\(?00(?=[^0-9]*[1-9])")
_TRUNK_ZERO = re.compile(r"(\+[^(]*)\(0\)")


def email_key(email: str) -> str:
    """The form in which e-mail addresses are compared."""
    return email.strip().lower()


def phone_e164(phone: str, country_code: str) -> str | None:
    """The number as E.164, read as if dialled in `country_code` (ISO 3166-1); None: no possible number.

    00 stands for + everywhere, also where people dial something else. A (0) behind the country's code is left
    out, also of numbers that have none; in Italy it is part of the number. Extensions are left out. A number
    that can only be dialled within its town is none: its area is not known.
    """
    from_abroad = _FROM_ABROAD.sub("+", phone, count=1)
    readings = (from_abroad, _TRUNK_ZERO.sub(r"\1", from_abroad, count=1), phone)
    return next((found for reading in readings if (found := _e164(reading, country_code))), None)


def _e164(phone: str, country_code: str) -> str | None:
    try:
        number = phonenumbers.parse(phone, country_code)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != _POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_region(country_code: str) -> bool:
    """Whether this is a country or territory with phone numbers of its own (ISO 3166-1, upper case)."""
    return country_code in phonenumbers.SUPPORTED_REGIONS
