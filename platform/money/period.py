"""Half-open periods of days, UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from money.moments import midnight

MONTHS_IN_YEAR = 12
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The days from `start` up to, but not including, `end`; UTC."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(f"a period must end after it starts: {self.start} to {self.end}")

    @property
    def starts_at(self) -> datetime:
        """The first moment of the period."""
        return midnight(self.start)

    @property
    def ends_at(self) -> datetime:
        """The first moment after the period."""
        return midnight(self.end)

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment.astimezone(UTC).date() < self.end

    def __str__(self) -> str:
        """Format a calendar month as `2026-10`, and any other period as its two dates."""
        if self == month_of(self.start):
            return format_month(self.start)
        return f"{self.start} to {self.end}"

    def previous_month(self) -> Period:
        """Return the month before the one in which this period starts."""
        year, month = self.start.year, self.start.month
        if month == 1:
            return month_of(date(year - 1, MONTHS_IN_YEAR, 1))
        return month_of(date(year, month - 1, 1))


def month_of(day: date) -> Period:
    """Return the calendar month of a day, or of a moment in UTC."""
    if isinstance(day, datetime):
        day = day.astimezone(UTC).date()
    start = day.replace(day=1)
    if start.month == MONTHS_IN_YEAR:
        return Period(start, date(start.year + 1, 1, 1))
    return Period(start, start.replace(month=start.month + 1))


def last_months(day: date, count: int) -> list[date]:
    """Return the first days of the month of a day and of those before it, latest first."""
    months = [month_of(day)]
    while len(months) < count:
        months.append(months[-1].previous_month())
    return [month.start for month in months]


def format_month(day: date) -> str:
    """Format the month of a day as `YYYY-MM`; `%Y` doesn't pad the year on every platform."""
    return day.isoformat()[: len("2026-10")]


def parse_month(text: str) -> Period:
    """Parse `YYYY-MM`.

    Raises: ValueError for anything else.
    """
    if _MONTH.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a month like 2026-10")
    return month_of(date.fromisoformat(f"{text}-01"))
