"""Currencies: current, retired and unknown ones."""

import pycountry
import pytest

from money import currencies

ENDED = ["ANG", "BGN", "HRK", "SLL", "STD", "ZWL"]


@pytest.mark.parametrize("code", ENDED)
def test_a_retired_currency_is_known_and_not_current(code: str) -> None:
    assert currencies.is_known(code)
    assert not currencies.is_current(code)
    assert currencies.exponent(code) == 2


@pytest.mark.parametrize("code", ["usd", "", "ZZZ", "XXX", "XAU", "XTS"])
def test_a_code_that_is_not_money_is_neither_known_nor_current(code: str) -> None:
    assert not currencies.is_known(code)
    assert not currencies.is_current(code)


def test_a_currency_is_current_or_retired() -> None:
    assert not currencies.CURRENT & currencies.RETIRED.keys()
    listed = {currency.alpha_3 for currency in pycountry.currencies}
    # Our own list of retired currencies wins over pycountry's list.
    assert listed - currencies.CURRENT == currencies.NOT_MONEY | (listed & currencies.RETIRED.keys())


def test_each_retired_currency_has_its_exponent() -> None:
    without_decimals = {code for code, one in currencies.RETIRED.items() if one.exponent == 0}
    assert {"BEF", "BYR", "ESP", "ITL", "MGF", "PTE", "TRL"} <= without_decimals
    assert {one.exponent for one in currencies.RETIRED.values()} == {0, 2}


def test_stripe_counts_these_without_decimals_and_these_with_three() -> None:
    """Source: https://docs.stripe.com/currencies#zero-decimal"""
    without = {
        *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
        *("PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"),
    }
    with_three = {"BHD", "JOD", "KWD", "OMR", "TND"}
    exponents = {code: currencies.exponent(code) for code in currencies.CURRENT}
    assert {code for code, exponent in exponents.items() if exponent == 0} == without
    assert {code for code, exponent in exponents.items() if exponent == 3} == with_three
    assert set(exponents.values()) == {0, 2, 3}


def test_of_some_currencies_stripe_takes_only_multiples() -> None:
    """Source: https://docs.stripe.com/currencies#special-cases"""
    whole = {"ISK": 100, "UGX": 100}
    tens = dict.fromkeys(["BHD", "JOD", "KWD", "OMR", "TND"], 10)
    assert whole | tens == currencies.AMOUNT_STEPS
    steps = {code: currencies.payout_step(code) for code in currencies.CURRENT}
    assert {code: step for code, step in steps.items() if step > 1} == {
        **whole,
        **tens,
        "HUF": 100,
        "TWD": 100,
    }


@pytest.mark.parametrize(
    ("amount", "currency", "payable"),
    [(5_50, "UGX", 5_00), (5_50, "USD", 5_50), (1_239, "KWD", 1_230), (99, "HUF", 0), (550, "JPY", 550)],
)
def test_a_bank_takes_whole_steps(amount: int, currency: str, payable: int) -> None:
    assert currencies.payable_part(amount, currency) == payable
