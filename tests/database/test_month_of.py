"""`month_of` in SQL returns the month in UTC, as in Python."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from hypothesis import example, given, settings
from hypothesis import strategies as st

from database import sql
from money import month_of

pytestmark = pytest.mark.django_db


@settings(max_examples=50)
@example(datetime(2025, 8, 31, 23, 59, 59, 999999, UTC), "Pacific/Auckland")
@example(datetime(2025, 9, 1, tzinfo=UTC), "America/Los_Angeles")
@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(["UTC", "Pacific/Auckland", "America/Los_Angeles"]),
)
def test_the_month_of_a_time_is_in_utc_whatever_the_sessions_time_zone(moment: datetime, zone: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('TimeZone', %s, true)", [zone])
        cursor.execute("SELECT month_of(%s)", [moment])
        assert cursor.fetchone() == (month_of(moment).start,)


def test_the_planner_inlines_the_function() -> None:
    explained = sql.rows("EXPLAIN (VERBOSE, COSTS OFF) SELECT month_of(at) FROM payout_events")
    plan = "\n".join(row["QUERY PLAN"] for row in explained)
    assert "date_trunc" in plan
    assert "month_of" not in plan
