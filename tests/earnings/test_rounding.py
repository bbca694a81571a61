"""The rounding rule: the platform fee, as `creator_earnings` derives it from gross and rate."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.django_db

GROSS = st.integers(-(10**17), 10**17) | st.integers(-20, 20)
SALES = st.lists(st.tuples(GROSS, st.integers(0, 10_000)), min_size=1, max_size=300)

# The same columns as in creator_earnings, in a table without foreign keys.
GENERATED = """
DROP TABLE IF EXISTS rounding;
CREATE TEMPORARY TABLE rounding (LIKE creator_earnings INCLUDING GENERATED);
ALTER TABLE rounding ADD place int, ALTER id DROP NOT NULL, ALTER creator_id DROP NOT NULL,
    ALTER period_start DROP NOT NULL, ALTER period_end DROP NOT NULL, ALTER currency DROP NOT NULL,
    ALTER previous_platform_fee DROP NOT NULL, ALTER refunds DROP NOT NULL, ALTER transactions DROP NOT NULL,
    ALTER api_calls DROP NOT NULL, ALTER description DROP NOT NULL, ALTER created_at DROP NOT NULL,
    ALTER updated_at DROP NOT NULL
"""


def divided(sales: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return fee and net of sales, given as gross and rate in basis points."""
    with connection.cursor() as cursor:
        cursor.execute(GENERATED)
        cursor.execute(
            "INSERT INTO rounding (place, gross, commission_bps)"
            " SELECT * FROM unnest(%s::int[], %s::bigint[], %s::int[])",
            [list(range(len(sales))), [gross for gross, _ in sales], [bps for _, bps in sales]],
        )
        cursor.execute("SELECT platform_fee, net FROM rounding ORDER BY place")
        return [(fee, net) for fee, net in cursor.fetchall()]


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
def test_a_fee_rounds_halves_away_from_zero(gross: int, bps: int, fee: int) -> None:
    assert divided([(gross, bps)]) == [(fee, gross - fee)]


@given(SALES)
@settings(max_examples=20)
def test_every_amount_rounds_halves_away_from_zero(sales: list[tuple[int, int]]) -> None:
    fees = [int((Decimal(gross) * bps / 10_000).quantize(Decimal(1), ROUND_HALF_UP)) for gross, bps in sales]
    assert divided(sales) == [(fee, gross - fee) for fee, (gross, _) in zip(fees, sales, strict=True)]


@given(SALES)
@settings(max_examples=20)
def test_the_fee_of_a_refund_is_the_fee_of_its_sale(sales: list[tuple[int, int]]) -> None:
    back = divided([(-gross, bps) for gross, bps in sales])
    assert [(-fee, -net) for fee, net in back] == divided(sales)
