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
# ISO 4217 codes that are no money one can be paid in: metals, funds, testing, "no currency".
NOT_MONEY = frozenset(
    ["XAG", "XAU", "XPD", "XPT", "XBA", "XBB", "XBC", "XBD", "XDR", "XSU", "XTS", "XUA", "XXX"]
)
KNOWN = frozenset(currency.alpha_3 for currency in pycountry.currencies) - NOT_MONEY


def is_known(code: str) -> bool:
    return code in KNOWN


def exponent(code: str) -> int:
    """Count the decimal places between the minor unit, as Stripe counts it, and the currency's own unit."""
    if code in ZERO_DECIMAL:
        return 0
    return 3 if code in THREE_DECIMAL else 2
