"""Currencies whose amounts Stripe represents differently, or that banks accept only in some amounts.

Source: https://docs.stripe.com/currencies#zero-decimal, https://docs.stripe.com/currencies#three-decimal and
https://docs.stripe.com/currencies#special-cases
"""

from sandbox.errors import InvalidRequest

_ZERO_DECIMAL = frozenset({"clp", "jpy", "krw", "mga", "pyg", "rwf", "vnd", "xaf", "xof"})
# The last of their digits is always 0.
_THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
# Represented with two decimals, which are always 00.
_WHOLE_ONLY = frozenset({"isk", "ugx"})
# A balance may have two decimals; only whole units of it can be paid out.
_PAID_OUT_WHOLE = frozenset({"huf", "twd"})

# In units; one unit if not listed.
# Source: https://docs.stripe.com/connect/cross-border-payouts/special-requirements
_LEAST_ABROAD = {
    "aud": 0,
    "krw": 40_000,
    "mxn": 10,
    "myr": 133,
    "php": 20,
    "thb": 600,
    "twd": 800,
    "zar": 100,
}


def minor_units(currency: str) -> int:
    """Return how many minor units a unit has in Stripe's API."""
    if currency in _ZERO_DECIMAL:
        return 1
    return 1000 if currency in _THREE_DECIMAL else 100


def smallest_amount(currency: str) -> int:
    """Return what every amount must be a multiple of."""
    if currency in _WHOLE_ONLY:
        return minor_units(currency)
    return 10 if currency in _THREE_DECIMAL else 1


def smallest_payout(currency: str) -> int:
    """Return what every bank payout's amount must be a multiple of."""
    return minor_units(currency) if currency in _PAID_OUT_WHOLE else smallest_amount(currency)


def least_payout_abroad(currency: str) -> int:
    """Return the minimum payout from an account outside the platform's country."""
    return _LEAST_ABROAD.get(currency, 1) * minor_units(currency)


def check_divisible(amount: int, currency: str, *, by: int) -> None:
    """Refuse an amount that its currency can't have."""
    if amount % by:
        raise InvalidRequest(
            f"Invalid amount: amounts in {currency} must be evenly divisible by {by}.", param="amount"
        )
