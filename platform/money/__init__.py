"""Money and periods: the value types that every other part counts in."""

from money.amount import LARGEST_AMOUNT, CurrencyMismatch, Money
from money.period import Period, month_of, parse_month, written_month

__all__ = [
    "LARGEST_AMOUNT",
    "CurrencyMismatch",
    "Money",
    "Period",
    "month_of",
    "parse_month",
    "written_month",
]
