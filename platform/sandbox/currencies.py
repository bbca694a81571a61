"""Currencies whose amounts Stripe represents differently, or that banks accept only in some amounts.

Source: https://docs.stripe.com/currencies#zero-decimal and https://docs.stripe.com/currencies#special-cases
"""

_ZERO_DECIMAL = frozenset({"jpy"})
# Represented with two decimals, which are always 00.
_WHOLE_ONLY = frozenset({"isk"})
# A balance may have two decimals; only whole units of it can be paid out.
_PAID_OUT_WHOLE = frozenset({"huf", "isk", "twd"})

# In units; one unit if not listed.
# Source: https://docs.stripe.com/connect/cross-border-payouts/special-requirements
_LEAST_ABROAD = {"aud": 0, "mxn": 10, "php": 20}


def minor_units(currency: str) -> int:
    """Return how many minor units a unit has in Stripe's API."""
    return 1 if currency in _ZERO_DECIMAL else 100


def smallest_amount(currency: str) -> int:
    """Return what every amount must be a multiple of."""
    return minor_units(currency) if currency in _WHOLE_ONLY else 1


def smallest_payout(currency: str) -> int:
    """Return what every bank payout's amount must be a multiple of."""
    return minor_units(currency) if currency in _PAID_OUT_WHOLE else 1


def least_payout_abroad(currency: str) -> int:
    """Return the minimum payout from an account outside the platform's country."""
    return _LEAST_ABROAD.get(currency, 1) * minor_units(currency)
