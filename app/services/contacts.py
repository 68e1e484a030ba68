"""E-mail addresses and phone numbers as they are compared."""

import re

import phonenumbers

_POSSIBLE = phonenumbers.ValidationResult.IS_POSSIBLE
_FROM_ABROAD = re.compile(r"\s*\(?00(?=[^0-9]*[1-9])")


def email_key(email: str) -> str:
    """The form in which e-mail addresses are compared."""
    return email.strip().lower()


def phone_e164(phone: str, country_code: str) -> str | None:
    """The number as E.164, read as if dialled in `country_code` (ISO 3166-1); None: no possible number.

    00 stands for + everywhere, also where people dial something else. Extensions are left out. A number that
    can only be dialled within its town is none: its area is not known.
    """
    from_abroad = _FROM_ABROAD.sub("+", phone, count=1)
    return _e164(from_abroad, country_code) or _e164(phone, country_code)


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
