"""Minor units to the decimal numbers that ad platforms take."""

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
