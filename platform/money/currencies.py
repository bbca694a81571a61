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


class _AtStripe(NamedTuple):
    """How Stripe treats a currency: its decimal places, and what amounts must be multiples of, in minor units.

    `payout_step` is for bank payouts, and `amount_step` for all amounts.
    """

    exponent: int = 2
    amount_step: int = 1
    payout_step: int = 1


def _rows(name: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _retired() -> dict[str, Retired]:
    return {
        row["code"]: Retired(int(row["exponent"]), date.fromisoformat(row["ended"]))
        for row in _rows("retired.csv")
    }


def _stripe() -> dict[str, _AtStripe]:
    return {
        row["code"]: _AtStripe(*(int(row[name]) for name in _AtStripe._fields)) for row in _rows("stripe.csv")
    }


# Retired since 2000; pycountry drops them. Source: ISO 4217, table A.3 (historic denominations)
RETIRED = _retired()

# Currencies that Stripe doesn't treat like most; each row has its source, and when it was read.
_STRIPE = _stripe()
# What every amount at Stripe, such as a transfer, must be a multiple of, in minor units; 1 if not listed.
AMOUNT_STEPS = {code: row.amount_step for code, row in _STRIPE.items() if row.amount_step > 1}
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
    return amount - amount % payout_step(code)


def payout_step(code: str) -> int:
    """Return what a bank payout must be a multiple of, in minor units; the rest stays in the Stripe balance."""
    return _at_stripe(code).payout_step


def exponent(code: str) -> int:
    """Return the number of decimal places between the currency's unit and Stripe's minor unit."""
    return RETIRED[code].exponent if code in RETIRED else _at_stripe(code).exponent


def _at_stripe(code: str) -> _AtStripe:
    return _STRIPE.get(code, _AtStripe())
