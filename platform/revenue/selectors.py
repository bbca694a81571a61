"""Reads of the platform's own figures."""

from datetime import date

from revenue.models import PlatformRevenue


def month_of_currency(month: date, currency: str) -> PlatformRevenue:
    """Return a month's figures in one currency: all zero where nothing was sold or paid in it."""
    found = PlatformRevenue.objects.filter(month=month, currency=currency).first()
    return found or PlatformRevenue(month=month, currency=currency)


def latest_months(count: int) -> list[PlatformRevenue]:
    """Return the last rows, newest first, per currency."""
    return list(PlatformRevenue.objects.order_by("-month", "currency")[:count])
