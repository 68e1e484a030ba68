"""Which currencies there are, and minor units as the decimal numbers that ad platforms take."""

_NONE = (
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV"),
    *("XAF", "XOF", "XPF"),
)
_THOUSANDTHS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_EXPONENTS: dict[str, int] = {
    **dict.fromkeys(_NONE, 0),
    **dict.fromkeys(_THOUSANDTHS, 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
"""Currencies whose minor unit is not a hundredth (ISO 4217, list one, read 2026-11-23)."""

_CODES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL
GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD
KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO
NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD
SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV
WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_CURRENCIES = frozenset(_CODES.split())
"""ISO 4217, list one, read 2026-11-23, without funds, metals and test codes."""


def is_currency(code: str) -> bool:
    """Whether money is counted in it somewhere: its code, in upper case."""
    return code in _CURRENCIES


def amount(minor_units: int, currency: str) -> float:
    """The amount in major units: 1999 EUR is 19.99, 1999 JPY is 1999.0, 1999 KWD is 1.999.

    Dividing whole numbers gives the nearest float, which JSON writes with the digits one expects.
    """
    factor: int = 10 ** _EXPONENTS.get(currency.upper(), 2)
    return minor_units / factor


def decimal_text(minor_units: int, currency: str) -> str:
    """The amount in major units with all of its currency's digits: "19.90" EUR, "1999" JPY, "1.999" KWD."""
    places = _EXPONENTS.get(currency.upper(), 2)
    digits = str(minor_units).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits
