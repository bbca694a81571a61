"""The SQL functions for records: their part in gross, and the earning that they belong to."""

import pytest

from database import sql
from earnings.models import RecordKind

pytestmark = pytest.mark.django_db


def plan_of(query: str) -> str:
    return "\n".join(row["QUERY PLAN"] for row in sql.rows(f"EXPLAIN (VERBOSE, COSTS OFF) {query}"))


def test_refunds_and_chargebacks_reduce_gross_and_reversals_add_to_it() -> None:
    statement = "SELECT kind, gross_of(kind, 5) AS gross FROM unnest(%(kinds)s::text[]) AS kind"
    assert {row["kind"]: row["gross"] for row in sql.rows(statement, {"kinds": list(RecordKind)})} == {
        RecordKind.CHARGE: 5,
        RecordKind.REFUND: -5,
        RecordKind.REFUND_REVERSAL: 5,
        RecordKind.CHARGEBACK: -5,
        RecordKind.CHARGEBACK_REVERSAL: 5,
    }


def test_the_planner_puts_the_part_in_gross_in_place_of_the_call() -> None:
    plan = plan_of("SELECT gross_of(kind, amount) FROM billing_records")
    assert "CASE WHEN" in plan
    assert "gross_of" not in plan


def test_the_planner_joins_a_rows_records_as_if_they_were_spelt_out() -> None:
    plan = plan_of(
        "SELECT record.id FROM creator_earnings AS earning CROSS JOIN LATERAL records_behind("
        "1, creator_id, api_id, currency, commission_bps, period_start, period_end) AS record"
    )
    assert "on public.billing_records" in plan
    assert "records_behind" not in plan
