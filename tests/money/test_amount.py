"""Money: whole minor units of one currency."""

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from money import CurrencyMismatch, Money

AMOUNTS = st.integers(-(10**17), 10**17)


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
def test_two_currencies_never_meet(combine: object) -> None:
    assert callable(combine)
    with pytest.raises(CurrencyMismatch, match=r"USD and EUR|EUR and USD"):
        combine(Money(1, "USD"), Money(1, "EUR"))


def test_equal_amounts_of_two_currencies_are_not_equal() -> None:
    assert Money(1, "USD") != Money(1, "EUR")


@pytest.mark.parametrize("amount", [1.0, "1", None, True])
def test_an_amount_is_a_whole_number(amount: object) -> None:
    with pytest.raises(TypeError, match="whole numbers"):
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
def test_money_reads_with_the_decimals_of_its_currency(amount: int, currency: str, read: str) -> None:
    assert str(Money(amount, currency)).replace("\xa0", "") == read


@pytest.mark.parametrize(
    ("gross", "bps", "fee"),
    [
        (1, 2_000, 0),
        (2, 2_000, 0),
        (3, 2_000, 1),
        (5, 1_000, 1),
        (-5, 1_000, -1),
        (4, 1_000, 0),
        (-4, 1_000, 0),
        (15, 1_000, 2),
        (-15, 1_000, -2),
        (12_345, 0, 0),
        (12_345, 10_000, 12_345),
    ],
)
def test_commission_rounds_halves_away_from_zero(gross: int, bps: int, fee: int) -> None:
    assert Money(gross, "USD").commission(bps) == Money(fee, "USD")


@given(gross=AMOUNTS, bps=st.integers(0, 10_000))
def test_commission_of_what_is_taken_back_is_what_was_taken(gross: int, bps: int) -> None:
    assert Money(-gross, "USD").commission(bps) == -Money(gross, "USD").commission(bps)


@pytest.mark.django_db
@given(st.lists(st.tuples(AMOUNTS | st.integers(-20, 20), st.integers(0, 10_000)), min_size=1, max_size=300))
@settings(max_examples=20, deadline=None)
def test_the_database_rounds_as_money_does(pairs: list[tuple[int, int]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(GENERATED)
        cursor.execute(
            "INSERT INTO rounding (place, gross, commission_bps)"
            " SELECT * FROM unnest(%s::int[], %s::bigint[], %s::int[])",
            [list(range(len(pairs))), [gross for gross, _ in pairs], [bps for _, bps in pairs]],
        )
        cursor.execute("SELECT platform_fee, net FROM rounding ORDER BY place")
        said = cursor.fetchall()
    ours = [Money(gross, "USD").commission(bps).amount for gross, bps in pairs]
    assert said == [(fee, gross - fee) for fee, (gross, _) in zip(ours, pairs, strict=True)]


# The very columns of creator_earnings, in a table that needs no creators.
GENERATED = """
DROP TABLE IF EXISTS rounding;
CREATE TEMPORARY TABLE rounding (LIKE creator_earnings INCLUDING GENERATED);
ALTER TABLE rounding ADD place int, ALTER id DROP NOT NULL, ALTER creator_id DROP NOT NULL,
    ALTER period_start DROP NOT NULL, ALTER period_end DROP NOT NULL, ALTER currency DROP NOT NULL,
    ALTER previous_platform_fee DROP NOT NULL, ALTER refunds DROP NOT NULL, ALTER transactions DROP NOT NULL,
    ALTER api_calls DROP NOT NULL, ALTER description DROP NOT NULL, ALTER created_at DROP NOT NULL,
    ALTER updated_at DROP NOT NULL
"""
