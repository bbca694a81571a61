"""Currencies: those in use, those that ended, and those that nobody knows."""

import pycountry
import pytest

from money import currencies

ENDED = ["ANG", "BGN", "HRK", "SLL", "STD", "ZWL"]


@pytest.mark.parametrize("code", ENDED)
def test_a_currency_that_ended_is_known_and_takes_no_new_money(code: str) -> None:
    assert currencies.is_known(code)
    assert not currencies.is_current(code)
    assert currencies.exponent(code) == 2


@pytest.mark.parametrize("code", ["usd", "", "ZZZ", "XXX", "XAU", "XTS"])
def test_what_nobody_is_paid_in_is_neither_known_nor_current(code: str) -> None:
    assert not currencies.is_known(code)
    assert not currencies.is_current(code)


def test_a_currency_is_in_use_or_has_ended() -> None:
    assert not currencies.CURRENT & currencies.RETIRED.keys()
    listed = {currency.alpha_3 for currency in pycountry.currencies}
    # One that pycountry still lists may have ended by our own list; then ours counts.
    assert listed - currencies.CURRENT == currencies.NOT_MONEY | (listed & currencies.RETIRED.keys())


def test_the_exponents_of_currencies_that_ended_are_known_one_by_one() -> None:
    without_decimals = {code for code, one in currencies.RETIRED.items() if one.exponent == 0}
    assert {"BEF", "BYR", "ESP", "ITL", "MGF", "PTE", "TRL"} <= without_decimals
    assert {one.exponent for one in currencies.RETIRED.values()} == {0, 2}


def test_stripe_counts_these_without_decimals_and_these_with_three() -> None:
    """Source: https://docs.stripe.com/currencies#zero-decimal"""
    without = {
        *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
        *("PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"),
    }
    with_three = {"BHD", "JOD", "KWD", "OMR", "TND"}
    exponents = {code: currencies.exponent(code) for code in currencies.CURRENT}
    assert {code for code, exponent in exponents.items() if exponent == 0} == without
    assert {code for code, exponent in exponents.items() if exponent == 3} == with_three
    assert set(exponents.values()) == {0, 2, 3}
