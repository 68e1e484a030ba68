"""Formats several vendors demand in the same words: SHA-256 as hex, currency codes, digits."""

import re
from typing import Any

_SHA256_HEX = re.compile(r"[0-9a-f]{64}")
_DIGITS = re.compile(r"[0-9]+")

_CODES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL
GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD
KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO
NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD
SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV
WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CODES.split())
"""ISO 4217, without funds, metals and test codes."""


def is_sha256_hex(value: Any) -> bool:
    """Whether the value is a SHA-256 in lower-case hex."""
    return isinstance(value, str) and _SHA256_HEX.fullmatch(value) is not None


def is_digits(value: Any) -> bool:
    """Whether the value is a string of ASCII digits."""
    return isinstance(value, str) and _DIGITS.fullmatch(value) is not None


def is_number(value: Any) -> bool:
    """Whether the value is a JSON number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_currency(value: Any) -> bool:
    """Whether the value is a currency code of ISO 4217, in upper case."""
    return isinstance(value, str) and value in CURRENCIES


def is_filled(value: Any) -> bool:
    """Whether the value is a string that is not blank."""
    return isinstance(value, str) and bool(value.strip())
