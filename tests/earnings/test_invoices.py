"""Invoice amounts are converted from major to minor units exactly, or not at all."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earnings.reading.invoices import amount_as_text, minor_units
from money import currencies

CODES = st.sampled_from(sorted(currencies.CURRENT))


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("10", "USD", "1000"),
        ("10.00", "USD", "1000"),
        ("10.0500000000", "USD", "1005"),
        ("0.01", "USD", "1"),
        ("-10.00", "USD", "-1000"),
        ("1500", "JPY", "1500"),
        ("1500.00", "JPY", "1500"),
        ("1.234", "KWD", "1234"),
        ("5000", "UGX", "500000"),
        ("5000", "ISK", "500000"),
        ("9999999999999.99", "USD", "999999999999999"),
    ],
)
def test_an_amount_is_written_in_minor_units(amount: str, currency: str, minor: str) -> None:
    assert amount_as_text(Decimal(amount), currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("10.005", "USD"),
        ("0.001", "USD"),
        ("1500.5", "JPY"),
        ("1.2345", "KWD"),
        ("10." + "0" * 5_000 + "1", "USD"),
        ("1" + "0" * 5_000, "USD"),
        ("NaN", "USD"),
        ("Infinity", "USD"),
        ("-Infinity", "USD"),
    ],
)
def test_an_invalid_amount_is_left_as_it_came(amount: str, currency: str) -> None:
    assert minor_units(Decimal(amount), currency) is None
    assert amount_as_text(Decimal(amount), currency) == amount


def test_a_missing_amount_is_empty() -> None:
    assert amount_as_text(None, "USD") == ""


@given(minor=st.integers(-(10**15) + 1, 10**15 - 1), currency=CODES, zeros=st.integers(0, 50))
def test_every_whole_number_of_minor_units_round_trips(minor: int, currency: str, zeros: int) -> None:
    places = currencies.exponent(currency)
    sign, digits = "-" if minor < 0 else "", f"{abs(minor):0{places + 1}}"
    whole, fraction = digits[: len(digits) - places], digits[len(digits) - places :]
    assert minor_units(Decimal(f"{sign}{whole}.{fraction}{'0' * zeros}"), currency) == minor


@given(amount=st.decimals(-(10**14), 10**14, allow_nan=False), currency=CODES)
def test_no_amount_is_ever_rounded(amount: Decimal, currency: str) -> None:
    exact = Fraction(amount) * 10 ** currencies.exponent(currency)
    assert minor_units(amount, currency) == (exact if exact.denominator == 1 else None)
