"""Conversion into an account's settlement currency, at rates that only tests change.

Source: https://docs.stripe.com/connect/currencies#converting-balances
"""

from decimal import ROUND_HALF_UP
from decimal import Decimal as Exact

from sandbox.context import Context
from sandbox.countries import CURRENCIES
from sandbox.currencies import minor_units, smallest_amount
from sandbox.errors import JsonObject
from sandbox.parameters import Decimal, Hash
from sandbox.router import Route

# What one euro is worth in each currency.
# Source: European Central Bank, reference rates of 2026-10-30; AED by its peg to USD, XOF by its peg to EUR, and
# BHD, JOD, KWD, OMR, TND, TWD and UGX invented.
PER_EURO = {
    "aed": "4.1029",
    "aud": "1.5904",
    "bhd": "0.42",
    "brl": "6.0692",
    "cad": "1.5606",
    "chf": "0.9194",
    "czk": "24.353",
    "dkk": "7.4735",
    "eur": "1",
    "gbp": "0.8338",
    "hkd": "8.7652",
    "huf": "366.33",
    "inr": "106.084",
    "isk": "136",
    "jod": "0.79",
    "jpy": "175.68",
    "krw": "1491.76",
    "kwd": "0.34",
    "mxn": "21.1237",
    "myr": "4.5325",
    "nok": "10.312",
    "nzd": "1.9823",
    "omr": "0.43",
    "php": "71.143",
    "pln": "4.4038",
    "ron": "5.3447",
    "sek": "10.978",
    "sgd": "1.4282",
    "thb": "37.683",
    "tnd": "3.36",
    "twd": "36",
    "ugx": "4000",
    "usd": "1.1172",
    "xof": "655.957",
    "zar": "18.6455",
}

_RATE_DIGITS = Exact("0.000001")
# What converting a reversal back costs on top of the rate; invented, Stripe's own is not published.
SPREAD = Exact("0.015")


def convert(
    context: Context, amount: int, *, source: str, target: str, spread: Exact = Exact(0)
) -> tuple[int, float]:
    """Return the amount in the target's minor units, rounded half up, and the rate: target minor units per source minor
    unit, with the spread added.

    Source: https://docs.stripe.com/api/balance_transactions/object#balance_transaction_object-exchange_rate
    """
    middle = _minor_units_per_euro(context, target) / _minor_units_per_euro(context, source)
    rate = (middle * (1 + spread)).quantize(_RATE_DIGITS)
    smallest = smallest_amount(target)
    converted = (amount * rate / smallest).to_integral_value(ROUND_HALF_UP) * smallest
    return int(converted), float(rate)


def _minor_units_per_euro(context: Context, currency: str) -> Exact:
    return _per_euro(context, currency) * minor_units(currency)


def _per_euro(context: Context, currency: str) -> Exact:
    rows = context.tx.execute("select per_euro from rates where currency = ?", (currency,))
    return Exact(rows[0]["per_euro"] if rows else PER_EURO[currency])


def change(context: Context, params: JsonObject) -> JsonObject:
    """Set what one euro is worth in some currencies, for what is converted from now on."""
    for currency, per_euro in params["per_euro"].items():
        context.tx.execute("insert or replace into rates values (?, ?)", (currency, str(per_euro)))
    return {"per_euro": {currency: float(_per_euro(context, currency)) for currency in CURRENCIES}}


ROUTES = (
    Route(
        "POST",
        "/_sandbox/rates",
        change,
        {"per_euro": Hash({currency: Decimal(more_than=0) for currency in CURRENCIES}, required=True)},
    ),
)
