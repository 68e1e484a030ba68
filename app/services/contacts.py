"""E-mail addresses and phone numbers as they are compared."""

import phonenumbers


def email_key(email: str) -> str:
    """The form in which e-mail addresses are compared."""
    return email.strip().lower()


def phone_e164(phone: str, country_code: str) -> str | None:
    """The number as E.164, read as if dialled in `country_code` (ISO 3166-1); None: no possible number."""
    try:
        number = phonenumbers.parse(phone, country_code)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_region(country_code: str) -> bool:
    """Whether this is a country or territory with phone numbers of its own (ISO 3166-1, upper case)."""
    return country_code in phonenumbers.SUPPORTED_REGIONS
