"""Periods: half-open ranges of days in UTC."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from money import Period, format_month, last_moment, midnight, month_of, parse_month

AUCKLAND = timezone(timedelta(hours=13))


def test_february_of_a_leap_year_has_its_29th() -> None:
    february = month_of(date(2024, 2, 29))
    assert february == Period(date(2024, 2, 1), date(2024, 3, 1))
    assert datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC) in february
    assert month_of(date(2023, 2, 28)).end == date(2023, 3, 1)


def test_december_ends_where_the_next_year_begins() -> None:
    assert month_of(date(2023, 12, 31)) == Period(date(2023, 12, 1), date(2024, 1, 1))
    assert month_of(date(2024, 1, 1)).previous_month() == month_of(date(2023, 12, 1))


def test_a_period_includes_its_start_and_excludes_its_end() -> None:
    january = month_of(date(2024, 1, 10))
    assert datetime(2024, 1, 1, tzinfo=UTC) in january
    assert datetime(2024, 2, 1, tzinfo=UTC) not in january
    assert datetime(2023, 12, 31, 23, 59, 59, 999999, tzinfo=UTC) not in january


def test_a_period_starts_and_ends_at_midnight() -> None:
    january = month_of(date(2024, 1, 10))
    assert january.starts_at == datetime(2024, 1, 1, tzinfo=UTC)
    assert january.ends_at == datetime(2024, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize("day", [date.min, date(2024, 2, 29), date.max])
def test_a_day_lasts_from_midnight_to_its_last_moment(day: date) -> None:
    assert midnight(day).date() == day == last_moment(day).date()
    assert last_moment(day) - midnight(day) == timedelta(days=1, microseconds=-1)


def test_a_moment_belongs_to_its_month_in_utc() -> None:
    new_year_in_auckland = datetime(2024, 1, 1, 0, 30, tzinfo=AUCKLAND)
    assert month_of(new_year_in_auckland) == parse_month("2023-12")
    assert new_year_in_auckland in parse_month("2023-12")


@given(st.dates(date(2, 1, 1), date(9998, 12, 31)))
def test_months_follow_each_other_without_gap_or_overlap(day: date) -> None:
    month = month_of(day)
    assert month.start <= day < month.end
    assert month.previous_month().end == month.start
    assert parse_month(str(month)) == month


def test_a_period_that_is_not_a_month_is_formatted_as_its_dates() -> None:
    assert str(Period(date(2024, 1, 1), date(2024, 1, 15))) == "2024-01-01 to 2024-01-15"


@pytest.mark.parametrize("end", [date(2024, 1, 1), date(2023, 12, 31)])
def test_a_period_is_never_empty(end: date) -> None:
    with pytest.raises(ValueError, match="must end after it starts"):
        Period(date(2024, 1, 1), end)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024",
        "2024-1",
        "2024-13",
        "2024-00",
        "24-01",
        "2024-01-01",
        "0000-01",
        "2024/01",
        "-024-01",
        "\u0662\u0660\u0662\u0664-\u0660\u0661",
    ],
)
def test_a_month_is_written_with_four_digits_and_two(text: str) -> None:
    with pytest.raises(ValueError, match=r"month|year"):
        parse_month(text)


@given(day=st.dates(max_value=date(9999, 11, 30)))
def test_a_formatted_month_parses_to_the_same_month(day: date) -> None:
    assert re.fullmatch("[0-9]{4}-[0-9]{2}", format_month(day))
    assert str(month_of(day)) == format_month(day)
    assert parse_month(format_month(day)) == month_of(day)
