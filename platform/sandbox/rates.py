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
# Source: European Central Bank, reference rates of 2026-10-30; those that it doesn't have follow from a peg or are
# invented.
PER_EURO = {
    "aed": "4.1029",
    "all": "96.5",
    "amd": "427",
    "aoa": "1024",
    "ars": "1610",
    "aud": "1.5904",
    "azn": "1.8992",
    "bam": "1.95583",
    "bdt": "136.5",
    "bhd": "0.42",
    "bnd": "1.4282",
    "bob": "7.72",
    "brl": "6.0692",
    "bsd": "1.1172",
    "btn": "106.084",
    "bwp": "15.1",
    "cad": "1.5606",
    "chf": "0.9194",
    "clp": "1052",
    "cop": "4310",
    "crc": "561",
    "czk": "24.353",
    "dkk": "7.4735",
    "dop": "71.2",
    "dzd": "145.4",
    "egp": "53.1",
    "etb": "171",
    "eur": "1",
    "gbp": "0.8338",
    "ghs": "12.2",
    "gmd": "81.5",
    "gtq": "8.56",
    "gyd": "233.7",
    "hkd": "8.7652",
    "huf": "366.33",
    "idr": "18630",
    "ils": "3.66",
    "inr": "106.084",
    "isk": "136",
    "jmd": "179.4",
    "jod": "0.79",
    "jpy": "175.68",
    "kes": "144.4",
    "krw": "1491.76",
    "kwd": "0.34",
    "kzt": "590",
    "lak": "24250",
    "lkr": "340",
    "mad": "10.31",
    "mdl": "19.1",
    "mga": "5020",
    "mkd": "61.6",
    "mnt": "4010",
    "mop": "9.0282",
    "mur": "51.3",
    "mxn": "21.1237",
    "myr": "4.5325",
    "mzn": "71.4",
    "nad": "18.6455",
    "ngn": "1625",
    "nok": "10.312",
    "nzd": "1.9823",
    "omr": "0.43",
    "pen": "3.78",
    "php": "71.143",
    "pkr": "314",
    "pln": "4.4038",
    "pyg": "7920",
    "qar": "4.0666",
    "ron": "5.3447",
    "rsd": "117.2",
    "rwf": "1624",
    "sar": "4.1895",
    "sek": "10.978",
    "sgd": "1.4282",
    "thb": "37.683",
    "tnd": "3.36",
    "try": "47.2",
    "ttd": "7.58",
    "twd": "36",
    "tzs": "2750",
    "ugx": "4000",
    "usd": "1.1172",
    "uyu": "44.6",
    "uzs": "13450",
    "vnd": "29450",
    "xaf": "655.957",
    "xcd": "3.0164",
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
