"""Facts about currencies."""

import pycountry

# Source: https://docs.stripe.com/currencies#zero-decimal
ZERO_DECIMAL = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "JPY",
        "KMF",
        "KRW",
        "MGA",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
# Source: https://docs.stripe.com/currencies#three-decimal
THREE_DECIMAL = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
# A Stripe balance in these has two decimals, but only whole units of it go to a bank.
# Source: https://docs.stripe.com/currencies#special-cases
PAID_OUT_WHOLE = frozenset(["HUF", "ISK", "TWD"])
# ISO 4217 codes that are no money one can be paid in: metals, funds, testing, "no currency".
NOT_MONEY = frozenset(
    ["XAG", "XAU", "XPD", "XPT", "XBA", "XBB", "XBC", "XBD", "XDR", "XSU", "XTS", "XUA", "XXX"]
)
KNOWN = frozenset(currency.alpha_3 for currency in pycountry.currencies) - NOT_MONEY


def is_known(code: str) -> bool:
    return code in KNOWN


def payable_part(amount: int, code: str) -> int:
    """Take from a Stripe balance, in minor units, what of it can go to a bank."""
    return amount - amount % 100 if code in PAID_OUT_WHOLE else amount


def exponent(code: str) -> int:
    """Count the decimal places between the minor unit, as Stripe counts it, and the currency's own unit."""
    if code in ZERO_DECIMAL:
        return 0
    return 3 if code in THREE_DECIMAL else 2
