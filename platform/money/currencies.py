"""Facts about currencies, both current and retired: the books keep retired ones forever."""

import csv
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pycountry


class Retired(NamedTuple):
    """A retired currency: its decimal places and its last day as legal tender."""

    exponent: int
    ended: date


def _retired() -> dict[str, Retired]:
    with (Path(__file__).parent / "retired.csv").open(encoding="utf-8", newline="") as lines:
        return {
            row["code"]: Retired(int(row["exponent"]), date.fromisoformat(row["ended"]))
            for row in csv.DictReader(lines)
        }


# Retired since 2000; pycountry drops them. Source: ISO 4217, table A.3 (historic denominations)
RETIRED = _retired()

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
# A Stripe balance in these has two decimals, but only whole units can be paid out to a bank.
# Source: https://docs.stripe.com/currencies#special-cases
PAID_OUT_WHOLE = frozenset(["HUF", "ISK", "TWD"])
# ISO 4217 codes in which nobody can be paid: metals, funds, testing, "no currency".
NOT_MONEY = frozenset(
    ["XAG", "XAU", "XPD", "XPT", "XBA", "XBB", "XBC", "XBD", "XDR", "XSU", "XTS", "XUA", "XXX"]
)
CURRENT = frozenset(currency.alpha_3 for currency in pycountry.currencies) - NOT_MONEY - RETIRED.keys()


def is_current(code: str) -> bool:
    """Tell whether new amounts can be in this currency; amounts in the books can be in any."""
    return code in CURRENT


def is_known(code: str) -> bool:
    """Tell whether its decimal places are known: it is current or retired."""
    return code in CURRENT or code in RETIRED


def payable_part(amount: int, code: str) -> int:
    """Return how much of a Stripe balance, in minor units, can be paid out to a bank."""
    return amount - amount % 100 if code in PAID_OUT_WHOLE else amount


def exponent(code: str) -> int:
    """Return the number of decimal places between the currency's unit and Stripe's minor unit."""
    if code in RETIRED:
        return RETIRED[code].exponent
    if code in ZERO_DECIMAL:
        return 0
    return 3 if code in THREE_DECIMAL else 2
