"""The smallest amounts that Stripe pays to banks outside the platform's country."""

import csv
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from money.currencies import exponent


class BankMinimum(NamedTuple):
    """The smallest bank payout to a country in a currency, in minor units."""

    country: str
    currency: str
    amount: int


def _table() -> tuple[BankMinimum, ...]:
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as lines:
        return tuple(
            BankMinimum(row["country"], row["currency"], int(row["units"]) * 10 ** exponent(row["currency"]))
            for row in csv.DictReader(lines)
        )


# Those above one unit; each row has its source, and when it was read.
_ABOVE_ONE_UNIT = _table()


def bank_minimums() -> list[BankMinimum]:
    """Return the minimums that apply to our bank payouts; none if Stripe makes them by its own schedule."""
    if settings.BANK_PAYOUTS_BY_STRIPE:
        return []
    return [minimum for minimum in _ABOVE_ONE_UNIT if minimum.country != settings.PLATFORM_COUNTRY]
