"""Money: whole minor units of one currency."""

from decimal import Decimal

import pytest

from money import CurrencyMismatch, Money


def test_money_of_one_currency_adds_subtracts_and_negates() -> None:
    assert Money(150, "USD") + Money(-50, "USD") == Money(100, "USD")
    assert Money(150, "USD") - Money(200, "USD") == Money(-50, "USD")
    assert -Money(5, "EUR") == Money(-5, "EUR")


def test_money_of_one_currency_is_ordered() -> None:
    assert Money(1, "USD") < Money(2, "USD") <= Money(2, "USD")
    assert Money(3, "USD") > Money(2, "USD") >= Money(2, "USD")


@pytest.mark.parametrize(
    "combine",
    [
        lambda left, right: left + right,
        lambda left, right: left - right,
        lambda left, right: left < right,
        lambda left, right: left <= right,
        lambda left, right: left > right,
        lambda left, right: left >= right,
    ],
)
def test_two_currencies_cannot_be_combined(combine: object) -> None:
    assert callable(combine)
    with pytest.raises(CurrencyMismatch, match=r"USD and EUR|EUR and USD"):
        combine(Money(1, "USD"), Money(1, "EUR"))


def test_equal_amounts_of_two_currencies_are_not_equal() -> None:
    assert Money(1, "USD") != Money(1, "EUR")


@pytest.mark.parametrize("amount", [1.0, "1", None, True])
def test_an_amount_is_a_whole_number(amount: object) -> None:
    with pytest.raises(TypeError, match="whole number"):
        Money(amount, "USD")  # type: ignore[arg-type]


@pytest.mark.parametrize("currency", [1, None, b"USD"])
def test_a_currency_is_a_code(currency: object) -> None:
    with pytest.raises(TypeError, match="a code"):
        Money(1, currency)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amount", "currency", "read"),
    [
        (0, "USD", "$0.00"),
        (5, "USD", "$0.05"),
        (123_450, "USD", "$1,234.50"),
        (-300, "EUR", "-€3.00"),
        (1_200, "JPY", "¥1,200"),
        (-1, "KRW", "-₩1"),
        (1_234_567, "KWD", "KWD1,234.567"),
        (100, "ISK", "ISK1.00"),
        (123_456, "BGN", "BGN1,234.56"),
        (-123_456, "HRK", "-HRK1,234.56"),
        (123_456, "STD", "STD1,234.56"),
        (123_456, "BYR", "BYR123,456"),
        (123_456, "QQQ", "123,456 minor units of QQQ"),
        (-1, "usd", "-1 minor units of usd"),
        (1, "XAU", "1 minor units of XAU"),
        (1, "", "1 minor units of an unknown currency"),
        (10**17 + 1, "USD", "$1,000,000,000,000,000.01"),
    ],
)
def test_money_is_formatted_with_the_decimals_of_its_currency(amount: int, currency: str, read: str) -> None:
    assert str(Money(amount, currency)).replace("\xa0", "") == read


def test_an_amount_is_read_in_the_currencys_own_unit() -> None:
    assert Money.of(Decimal("125.00"), "USD") == Money(125_00, "USD")
    assert Money.of(Decimal(125), "JPY") == Money(125, "JPY")
    with pytest.raises(ValueError, match="USD has 2 decimal places"):
        Money.of(Decimal("1.005"), "USD")
