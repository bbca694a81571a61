"""How Stripe writes amounts of some currencies, and what of them a bank takes.

Source: https://docs.stripe.com/currencies#zero-decimal and https://docs.stripe.com/currencies#special-cases
"""

_ZERO_DECIMAL = frozenset({"jpy"})
# Written with two decimals, which are always 00.
_WHOLE_ONLY = frozenset({"isk"})
# A balance may have two decimals; only whole units of it can be paid out.
_PAID_OUT_WHOLE = frozenset({"huf", "isk", "twd"})

# In units; where nothing is said, one unit.
# Source: https://docs.stripe.com/connect/cross-border-payouts/special-requirements
_LEAST_ABROAD = {"aud": 0, "mxn": 10, "php": 20}


def minor_units(currency: str) -> int:
    """Answer how many minor units a unit has, as Stripe counts them."""
    return 1 if currency in _ZERO_DECIMAL else 100


def smallest_amount(currency: str) -> int:
    """Answer what every amount is a multiple of."""
    return minor_units(currency) if currency in _WHOLE_ONLY else 1


def smallest_payout(currency: str) -> int:
    """Answer what every amount to a bank is a multiple of."""
    return minor_units(currency) if currency in _PAID_OUT_WHOLE else 1


def least_payout_abroad(currency: str) -> int:
    """Answer the least that is paid out from an account in another country than the platform's."""
    return _LEAST_ABROAD.get(currency, 1) * minor_units(currency)
