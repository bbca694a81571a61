"""Money, periods and moments: the values that every other part counts in."""

from money.amount import LARGEST_AMOUNT, CurrencyMismatch, Money
from money.moments import last_moment, midnight, parse_time
from money.period import Period, month_of, parse_month, written_month

__all__ = [
    "LARGEST_AMOUNT",
    "CurrencyMismatch",
    "Money",
    "Period",
    "last_moment",
    "midnight",
    "month_of",
    "parse_month",
    "parse_time",
    "written_month",
]
