"""Value types that all apps share: money, periods and points in time."""

from money.amount import LARGEST_AMOUNT, CurrencyMismatch, Money
from money.moments import last_moment, midnight, parse_time
from money.period import Period, format_month, last_months, month_of, parse_month

__all__ = [
    "LARGEST_AMOUNT",
    "CurrencyMismatch",
    "Money",
    "Period",
    "format_month",
    "last_moment",
    "last_months",
    "midnight",
    "month_of",
    "parse_month",
    "parse_time",
]
