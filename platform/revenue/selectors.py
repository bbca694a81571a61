"""Reads about the platform's own figures."""

from datetime import date, datetime

from django.conf import settings

from money import Period, last_months
from revenue.models import MonthlyReport, PlatformRevenue


def month_in(currency: str, *, month: date) -> PlatformRevenue:
    """Return a month's figures in one currency, all zero if nothing was sold or paid; `month` is its first day."""
    found = PlatformRevenue.objects.filter(month=month, currency=currency).first()
    return found or PlatformRevenue(month=month, currency=currency)


def history(*, months: int, now: datetime) -> list[PlatformRevenue]:
    """Return the figures of the last months by currency, the current month first, with zeros for empty months.

    The currencies are the platform's own, and those in which anything was sold or paid in these months.
    """
    days = last_months(now, months)
    rows = PlatformRevenue.objects.filter(month__range=(days[-1], days[0]))
    found = {(row.month, row.currency): row for row in rows}
    currencies = sorted({settings.DEFAULT_CURRENCY, *(currency for _, currency in found)})
    return [
        found.get((day, currency)) or PlatformRevenue(month=day, currency=currency)
        for day in days
        for currency in currencies
    ]


def latest_rows(count: int) -> list[PlatformRevenue]:
    """Return the rows of the latest months that have any, newest first, by currency."""
    return list(PlatformRevenue.objects.order_by("-month", "currency")[:count])


def report_of(month: Period) -> MonthlyReport | None:
    """Return the month's report if it has been made; reading never makes it."""
    return MonthlyReport.objects.filter(month=month.start).first()
