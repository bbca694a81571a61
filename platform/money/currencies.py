"""Facts about currencies: of those in use, and of those that ended, as books keep them for ever."""

import csv
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pycountry


class Retired(NamedTuple):
    """A currency that is no money any more: its decimal places, and its last day as legal tender."""

    exponent: int
    ended: date


def _retired() -> dict[str, Retired]:
    with (Path(__file__).parent / "retired.csv").open(encoding="utf-8", newline="") as lines:
        return {
            row["code"]: Retired(int(row["exponent"]), date.fromisoformat(row["ended"]))
            for row in csv.DictReader(lines)
        }


# Those that ended since 2000: pycountry drops them. Source: ISO 4217, table A.3 (historic denominations)
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
# A Stripe balance in these has two decimals, but only whole units of it go to a bank.
# Source: https://docs.stripe.com/currencies#special-cases
PAID_OUT_WHOLE = frozenset(["HUF", "ISK", "TWD"])
# ISO 4217 codes that are no money one can be paid in: metals, funds, testing, "no currency".
NOT_MONEY = frozenset(
    ["XAG", "XAU", "XPD", "XPT", "XBA", "XBB", "XBC", "XBD", "XDR", "XSU", "XTS", "XUA", "XXX"]
)
CURRENT = frozenset(currency.alpha_3 for currency in pycountry.currencies) - NOT_MONEY - RETIRED.keys()


def is_current(code: str) -> bool:
    """Tell whether new money may be in this currency; what is in the books already may be in any."""
    return code in CURRENT


def is_known(code: str) -> bool:
    """Tell whether its decimal places are known: it is in use, or was."""
    return code in CURRENT or code in RETIRED


def payable_part(amount: int, code: str) -> int:
    """Take from a Stripe balance, in minor units, what of it can go to a bank."""
    return amount - amount % 100 if code in PAID_OUT_WHOLE else amount


def exponent(code: str) -> int:
    """Count the decimal places between the minor unit, as Stripe counts it, and the currency's own unit."""
    if code in RETIRED:
        return RETIRED[code].exponent
    if code in ZERO_DECIMAL:
        return 0
    return 3 if code in THREE_DECIMAL else 2
