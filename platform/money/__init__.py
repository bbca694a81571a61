"""Money and periods: the value types that every other part counts in."""

from money.amount import CurrencyMismatch, Money
from money.period import Period, month_of, parse_month

__all__ = ["CurrencyMismatch", "Money", "Period", "month_of", "parse_month"]
